import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AwsCallError } from '../../src/aws/errors.ts'
import { type Fact, known, unknown } from '../../src/aws/fact.ts'
import { refusalOf, uniqueStatements } from '../../src/trail/log-access.ts'
import { type PublicAccessBlock, publicBy } from '../../src/trail/log-bucket.ts'
import type { LogPlace } from '../../src/trail/log-keys.ts'
import { goodTrail } from './log-world.ts'

const place: LogPlace = {
  bucket: 'logs',
  keyPrefix: 'audit',
  organizationId: null,
  accountId: '123456789012',
  region: 'us-east-1',
}

const refused = (name: string, message = name, httpStatusCode = 403) =>
  new AwsCallError('GetObject', Object.assign(new Error(message), { name, $metadata: { httpStatusCode } }))

test('for a trail of an organization, the folders of the organization can be listed', () => {
  const trail = goodTrail({
    arn: 'arn:aws:cloudtrail:us-east-1:999999999999:trail/all',
    isOrganization: true,
    keyPrefix: 'audit',
  })
  const before = refusalOf(refused('AccessDenied'), 'aws', trail, place)
  assert.deepEqual(
    before.statementsToAdd.map(({ Action, Resource, Condition }) => [Action, Resource, Condition]),
    [
      [
        's3:ListBucket',
        'arn:aws:s3:::logs',
        { StringLike: { 's3:prefix': ['audit/AWSLogs/o-', 'audit/AWSLogs/o-*/123456789012/CloudTrail*'] } },
      ],
      ['s3:GetObject', 'arn:aws:s3:::logs/audit/AWSLogs/o-*/123456789012/*', undefined],
    ],
  )
  assert.match(
    before.reason,
    /another account’s: the policies of the bucket and of its key must allow it, too/,
  )
  const after = refusalOf(
    refused('AccessDenied'),
    'aws',
    trail,
    { ...place, organizationId: 'o-a1' },
    'a key',
  )
  assert.equal(after.statementsToAdd[1]?.Resource, 'arn:aws:s3:::logs/audit/AWSLogs/o-a1/123456789012/*')
  assert.match(after.reason, /s3:GetObject on the bucket logs for a key/)
})

test('in another partition all names are of that partition', () => {
  const kmsKeyId = 'arn:aws-cn:kms:cn-north-1:123456789012:key/k'
  const trail = goodTrail({ arn: 'arn:aws-cn:cloudtrail:cn-north-1:123456789012:trail/t', kmsKeyId })
  const { statementsToAdd } = refusalOf(refused('AccessDenied'), 'aws-cn', trail, place)
  assert.equal(statementsToAdd[0]?.Resource, 'arn:aws-cn:s3:::logs')
  assert.deepEqual(statementsToAdd[2]?.Condition, {
    StringEquals: { 'kms:ViaService': 's3.cn-north-1.amazonaws.com.cn' },
  })
})

const kmsKeyId = 'arn:aws:kms:us-east-1:123456789012:key/k'
const cases = [
  ['NoSuchBucket', 'no-bucket', 0, refused('NoSuchBucket', 'The specified bucket does not exist', 404)],
  ['a listing that is denied', 's3-denied', 3, refused('AccessDenied', 'Access Denied')],
  [
    'a key that is denied',
    'kms-denied',
    1,
    refused('AccessDenied', 'not authorized to perform: kms:Decrypt'),
  ],
  ['a key that is disabled', 'other', 0, refused('KMS.DisabledException', 'the key is disabled', 400)],
  ['a server that fails', 'other', 0, refused('InternalError', 'try again', 500)],
  ['credentials that ran out', 'other', 0, refused('ExpiredToken', 'the token has expired', 400)],
] as const

for (const [what, kind, statements, error] of cases) {
  test(`${what} is told from the others`, () => {
    const refusal = refusalOf(error, 'aws', goodTrail({ kmsKeyId }), place)
    assert.equal(refusal.kind, kind)
    assert.equal(refusal.statementsToAdd.length, statements)
  })
}

test('the key that a message names is the one to be allowed, each under a name of its own', () => {
  const other = 'arn:aws:kms:eu-west-1:999999999999:key/0b1c-2d'
  const named = refused(
    'AccessDenied',
    `not authorized to perform: kms:Decrypt on resource: ${other} because`,
  )
  const refusals = [named, refused('AccessDenied', 'not authorized to perform: kms:Decrypt'), named].map(
    (error) => refusalOf(error, 'aws', goodTrail({ kmsKeyId }), place, 'a key'),
  )
  assert.match(
    refusals[0]?.reason ?? '',
    /with the key arn:aws:kms:eu-west-1:999999999999:key\/0b1c-2d for a key/,
  )
  assert.match(refusals[0]?.reason ?? '', /it is another account’s/)
  assert.deepEqual(
    uniqueStatements(refusals).map(({ Sid, Resource }) => [Sid, Resource]),
    [
      ['DecryptTheLogFiles', other],
      ['DecryptTheLogFiles2', kmsKeyId],
    ],
  )
})

const yes = known(true)
const no = known(false)
const denied = unknown('Muster may not ask', 's3:GetBucketAcl')
const block = (ignoresLists: boolean, restrictsPolicies: boolean): Fact<PublicAccessBlock> =>
  known({ ignoresLists, restrictsPolicies })

const buckets: readonly [
  string,
  Fact<boolean>,
  Fact<boolean>,
  Fact<PublicAccessBlock>,
  boolean | undefined,
][] = [
  ['with neither door open', no, no, block(false, false), false],
  ['with a public policy', yes, no, block(false, false), true],
  ['with a public list', no, yes, block(false, false), true],
  ['whose block restricts its public policy', yes, no, block(false, true), false],
  ['whose block ignores its public list', no, yes, block(true, false), false],
  ['whose block is for the other door', yes, no, block(true, false), true],
  ['whose policy is not known', denied, no, block(false, false), undefined],
  ['whose policy is not known, and whose list is public', denied, yes, block(false, false), true],
  ['whose policy is not known, and whose block restricts it', denied, no, block(false, true), false],
  ['whose block is not known, and whose doors are shut', no, no, denied, false],
  ['whose block is not known, and whose policy is public', yes, no, denied, undefined],
]

for (const [what, policy, list, ofBucket, isPublic] of buckets) {
  test(`a bucket ${what} is ${isPublic === undefined ? 'not known to be public' : isPublic ? 'public' : 'not public'}`, () => {
    const fact = publicBy(policy, list, ofBucket)
    assert.equal(fact.known ? fact.value : undefined, isPublic)
  })
}
