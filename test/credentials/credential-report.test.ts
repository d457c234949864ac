import assert from 'node:assert/strict'
import { test } from 'node:test'
import { activeKeysOf, parse } from '../../src/credentials/credential-report.ts'

const csv = [
  'user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date',
  '<root_account>,arn:aws:iam::123456789012:root,2020-01-01T00:00:00+00:00,not_supported,2026-03-01T00:00:00+00:00,not_supported,true,true,N/A,N/A,false,N/A,N/A',
  'ada,arn:aws:iam::123456789012:user/ada,2026-01-01T00:00:00+00:00,true,no_information,2026-02-01T00:00:00+00:00,true,true,2026-01-02T00:00:00+00:00,N/A,true,2026-01-03T00:00:00+00:00,2026-02-03T00:00:00+00:00',
  'lovelace,ada,arn:aws:iam::123456789012:user/lovelace,ada,2026-01-01T00:00:00+00:00,false,N/A,N/A,false,false,N/A,N/A,true,2026-01-04T00:00:00+00:00,N/A',
].join('\n')
const at = (day: string) => new Date(`${day}T00:00:00Z`)
const noKey = { active: false, rotatedAt: null, usedAt: null }

test('the credential report is read, commas in user names included', () => {
  const { users } = parse(csv)
  assert.deepEqual(users, [
    {
      userName: 'ada',
      arn: 'arn:aws:iam::123456789012:user/ada',
      createdAt: at('2026-01-01'),
      hasPassword: true,
      passwordUsedAt: null,
      passwordChangedAt: at('2026-02-01'),
      hasMfa: true,
      keys: [
        { active: true, rotatedAt: at('2026-01-02'), usedAt: null },
        { active: true, rotatedAt: at('2026-01-03'), usedAt: at('2026-02-03') },
      ],
    },
    {
      userName: 'lovelace,ada',
      arn: 'arn:aws:iam::123456789012:user/lovelace,ada',
      createdAt: at('2026-01-01'),
      hasPassword: false,
      passwordUsedAt: null,
      passwordChangedAt: null,
      hasMfa: false,
      keys: [noKey, { active: true, rotatedAt: at('2026-01-04'), usedAt: null }],
    },
  ])
  assert.deepEqual(users.map(activeKeysOf), [2, 1])
})

test('root is told apart from the users, with its keys and its last sign-in', () => {
  const { root } = parse(csv)
  assert.equal(root?.arn, 'arn:aws:iam::123456789012:root')
  assert.equal(root?.hasPassword, false)
  assert.deepEqual(root?.passwordUsedAt, at('2026-03-01'))
  assert.deepEqual(root?.keys, [{ ...noKey, active: true }, noKey])
})

test('what AWS says of a third key moves no other column, and quotes are not part of a value', () => {
  const [head, root, ada, lovelace] = csv.split('\n')
  const plain = parse(csv)
  for (const more of ['', 'N/A', '1 more key, see ListAccessKeys', '"1 more key, see ""ListAccessKeys"""']) {
    const lines = [root, ada, lovelace].map((line) => `${line},${more}`)
    assert.deepEqual(parse([`${head},additional_credentials_info`, ...lines].join('\n')), plain, more)
  }
  const quoted = lovelace?.replaceAll(/(arn:\S*\/)?lovelace,ada/g, '"$&"')
  assert.deepEqual(parse([head, root, ada, quoted].join('\n')), plain)
})

test('true is true in whichever case: the guide writes TRUE, the report true', () => {
  assert.deepEqual(parse(csv.replaceAll(',true', ',TRUE').replaceAll(',false', ',FALSE')), parse(csv))
})
