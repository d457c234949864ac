import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lint } from '../../../src/catalog/lint.ts'
import { policySize } from '../../../src/catalog/policy-document.ts'
import { accepts, allow, allowing, refuses } from '../lint-cases.ts'
import { SOUND_POLICY, statement, withPolicy } from '../samples.ts'

refuses([
  {
    says: 'an empty document',
    rule: 'malformed-policy',
    catalog: withPolicy(statement()),
    at: { statement: null },
  },
  {
    says: 'an unknown element',
    rule: 'malformed-policy',
    catalog: withPolicy({ ...SOUND_POLICY, Versoin: '1' }),
    at: { statement: null },
  },
  {
    says: 'an unknown element in a statement',
    rule: 'malformed-policy',
    catalog: withPolicy(statement({ ...allow('s3:GetObject'), Conditions: {} })),
  },
  {
    says: 'a statement that is no object',
    rule: 'malformed-policy',
    catalog: withPolicy(statement('Allow')),
  },
  {
    says: 'an effect in small letters',
    rule: 'malformed-policy',
    catalog: withPolicy(statement({ ...allow('s3:GetObject'), Effect: 'allow' })),
  },
  {
    says: 'no action',
    rule: 'malformed-policy',
    catalog: withPolicy(statement({ Effect: 'Allow', Resource: '*' })),
  },
  {
    says: 'no resource',
    rule: 'malformed-policy',
    catalog: withPolicy(statement({ Effect: 'Allow', Action: 's3:GetObject' })),
  },
  { says: 'an empty list of actions', rule: 'malformed-policy', catalog: allowing([]) },
  {
    says: 'a resource that is no ARN',
    rule: 'malformed-policy',
    catalog: allowing('s3:GetObject', 'my-bucket'),
  },
  {
    says: 'a Sid with a space',
    rule: 'malformed-policy',
    catalog: withPolicy(statement({ ...allow('s3:GetObject'), Sid: 'a b' })),
    at: { statement: 'a b' },
  },
  {
    says: 'one Sid twice',
    rule: 'malformed-policy',
    catalog: withPolicy(
      statement({ ...allow('s3:GetObject'), Sid: 'A' }, { ...allow('s3:GetObject'), Sid: 'A' }),
    ),
    at: { statement: 'A' },
  },
  {
    says: 'a misspelt condition operator',
    rule: 'malformed-policy',
    catalog: allowing('s3:GetObject', '*', { StringEqual: { 'aws:username': 'x' } }),
  },
  {
    says: 'a condition without a key',
    rule: 'malformed-policy',
    catalog: allowing('s3:GetObject', '*', { StringEquals: 'x' }),
  },
  {
    says: 'the old policy version, in which variables are text',
    rule: 'old-policy-version',
    catalog: withPolicy({ ...SOUND_POLICY, Version: '2008-10-17' }),
    at: { statement: null },
  },
  {
    says: 'no policy version',
    rule: 'old-policy-version',
    catalog: withPolicy({ Statement: SOUND_POLICY.Statement }),
    at: { statement: null },
  },
  {
    says: 'more than 6,144 characters',
    rule: 'policy-too-large',
    catalog: allowing('s3:GetObject', `arn:aws:s3:::${'b'.repeat(6100)}`),
    at: { statement: null },
  },
])

accepts([
  ['a sound policy', withPolicy(SOUND_POLICY)],
  [
    'a single statement and single strings',
    withPolicy({ Version: '2012-10-17', Statement: allow('s3:GetObject') }),
  ],
])

test('a policy may have 6,144 characters, white space not counted, and not one more', async () => {
  const sized = (size: number) => {
    const room = size - policySize(statement(allow('s3:GetObject', 'arn:aws:s3:::')))
    return statement(allow('s3:GetObject', `arn:aws:s3:::${'b'.repeat(room)}`))
  }
  const spacious = JSON.parse(JSON.stringify(sized(6144), null, 8))
  assert.deepEqual(await lint(withPolicy(spacious)), [])
  assert.deepEqual(
    (await lint(withPolicy(sized(6145)))).map(({ rule }) => rule),
    ['policy-too-large'],
  )
})
