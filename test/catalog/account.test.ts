import assert from 'node:assert/strict'
import { test } from 'node:test'
import { desiredAccount } from '../../src/catalog/account.ts'
import { PLACE, READ_ONLY } from './account-model.ts'
import { catalog, policy, SOUND_POLICY, statement } from './samples.ts'

test('other partitions have the AWS managed policies under their own name', () => {
  const groups = { g: { awsManagedPolicies: [READ_ONLY] } }
  const china = desiredAccount(catalog({ groups }), { ...PLACE, partition: 'aws-cn' })
  assert.deepEqual(
    china.groups.map(({ policyArns }) => policyArns),
    [
      ['arn:aws-cn:iam::aws:policy/AWSDenyAll'],
      ['arn:aws-cn:iam::123456789012:policy/muster/muster-baseline'],
      ['arn:aws-cn:iam::aws:policy/AmazonS3ReadOnlyAccess'],
    ],
  )
})

test('other partitions get every document with their own ARNs, whichever it was written for', () => {
  const written = (partition: string) =>
    policy(
      'p',
      statement({
        Effect: 'Allow',
        Action: 's3:GetObject',
        Resource: [`arn:${partition}:s3:::b/*`, '*', 'arn:*:s3:::not-arn:aws:x'],
        Condition: { ArnLike: { 'aws:SourceArn': `arn:${partition}:sns:*:*:t` } },
      }),
    )
  const found = (from: string, to: string) =>
    desiredAccount(catalog({ groups: { g: { policies: [written(from)] } } }), {
      ...PLACE,
      partition: to,
    }).policies.find(({ policyName }) => policyName === 'muster-p')?.document
  for (const to of ['aws', 'aws-cn', 'aws-us-gov'])
    for (const from of ['aws', 'aws-us-gov']) assert.deepEqual(found(from, to), written(to).document)
})

test('a policy that forbids is attached before those that allow', () => {
  const forbidding = policy('zz-forbid', statement({ Effect: 'Deny', Action: 's3:*', Resource: '*' }))
  const groups = { g: { policies: [policy('allow', SOUND_POLICY), forbidding] } }
  assert.deepEqual(
    desiredAccount(catalog({ groups }), PLACE)
      .groups.at(-1)
      ?.policyArns.map((arn) => arn.slice(-9)),
    ['zz-forbid', 'ter-allow'],
  )
})
