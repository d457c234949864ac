import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { smallerPolicy } from '../../src/compliance/smaller-policy.ts'
import { isAllowed, someResource } from '../catalog/simulation.ts'

const allow = (Action: unknown, more: object = {}) => ({ Effect: 'Allow', Action, Resource: '*', ...more })
const policy = (...Statement: unknown[]) => ({ Version: '2012-10-17', Statement })
const unused = (...namespaces: string[]) => new Set(namespaces)

test('actions of unused services go, and what is left of the statement stays as it was', () => {
  const condition = { Condition: { StringEquals: { 'aws:RequestedRegion': 'eu-central-1' } } }
  const before = policy(
    allow(['s3:Get*', 'CodeCommit:GitPull', 'codecommit:List*'], { Sid: 'Mixed', ...condition }),
  )
  assert.deepEqual(smallerPolicy(before, unused('codecommit')), {
    document: policy(allow(['s3:Get*'], { Sid: 'Mixed', ...condition })),
    removed: [{ statement: 'Mixed', actions: ['CodeCommit:GitPull', 'codecommit:List*'], whole: false }],
    notes: [],
  })
})

test('a statement of which nothing is left goes, and a policy of which nothing is left is not needed', () => {
  const rds = allow('rds:Describe*')
  const both = smallerPolicy(policy(allow('s3:*'), rds), unused('rds'))
  assert.deepEqual(both.document, policy(allow('s3:*')))
  assert.deepEqual(both.removed, [{ statement: 'Statement[1]', actions: ['rds:Describe*'], whole: true }])
  assert.equal(smallerPolicy({ Version: '2012-10-17', Statement: rds }, unused('rds')).document, null)
})

test('what denies is never narrowed', () => {
  const deny = { Effect: 'Deny', Action: ['rds:*', 's3:DeleteBucket'], Resource: '*' }
  const { document } = smallerPolicy(policy(allow('rds:Describe*'), deny), unused('rds'))
  assert.deepEqual(document, policy(deny))
})

test('a wildcard over services, and an allowance by exclusion, cannot be narrowed, and that is said', () => {
  const everything = policy(allow('*', { Sid: 'All' }))
  assert.deepEqual(smallerPolicy(everything, unused('rds')), {
    document: everything,
    removed: [],
    notes: ['All allows *: a wildcard over all services cannot be narrowed; list what is used instead.'],
  })
  const allBut = policy({ Sid: 'AllBut', Effect: 'Allow', NotAction: 'iam:*', Resource: '*' })
  assert.deepEqual(smallerPolicy(allBut, unused('rds')).document, allBut)
  assert.match(smallerPolicy(allBut, unused('rds')).notes[0] ?? '', /^AllBut allows all but a list/)
})

test('iam:PassRole stays although iam is unused: AWS does not track it', () => {
  const { document, notes } = smallerPolicy(
    policy(allow(['iam:PassRole', 'iam:ListRoles'], { Sid: 'Launch' })),
    unused('iam'),
  )
  assert.deepEqual(document, policy(allow(['iam:PassRole'], { Sid: 'Launch' })))
  assert.deepEqual(notes, ['Launch keeps iam:PassRole: AWS does not track whether it is used.'])
})

test('of a wildcard that covers it, iam:PassRole stays, and nothing else', () => {
  for (const wildcard of ['iam:*', 'iam:Pass*', 'IAM:*role']) {
    const { document, removed, notes } = smallerPolicy(
      policy(allow([wildcard, 'iam:GetUser', 's3:Get*'], { Sid: 'Launch' })),
      unused('iam'),
    )
    assert.deepEqual(document, policy(allow(['iam:PassRole', 's3:Get*'], { Sid: 'Launch' })))
    assert.deepEqual(removed, [{ statement: 'Launch', actions: [wildcard, 'iam:GetUser'], whole: false }])
    assert.deepEqual(notes, ['Launch keeps iam:PassRole: AWS does not track whether it is used.'])
  }
})

const actions = [
  's3:GetObject',
  's3:ListBucket',
  'ec2:RunInstances',
  'ec2:DescribeInstances',
  'iam:PassRole',
  'kms:Decrypt',
]
const services = ['s3', 'ec2', 'iam', 'kms']
const requests = await Promise.all(
  actions.map(async (action) => ({ action, resource: await someResource(action) })),
)
const anyAction = fc.constantFrom(
  ...actions,
  ...services.map((service) => `${service}:*`),
  'S3:getobject',
  'ec2:Describe*',
  '*',
)
const someActions = fc.oneof(anyAction, fc.uniqueArray(anyAction, { minLength: 1, maxLength: 4 }))
const anyStatement = fc
  .record({
    effect: fc.constantFrom('Allow', 'Allow', 'Allow', 'Deny'),
    actions: fc.record({ element: fc.constantFrom('Action', 'Action', 'NotAction'), list: someActions }),
    condition: fc.constantFrom({}, { Condition: { Bool: { 'aws:MultiFactorAuthPresent': 'true' } } }),
  })
  .map(({ effect, actions: { element, list }, condition }) => ({
    Effect: effect,
    [element]: list,
    Resource: '*',
    ...condition,
  }))

test('a proposal never allows more than the original, and for used services exactly as much', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyStatement, { minLength: 1, maxLength: 3 }),
      fc.subarray(services),
      async (statements, unusedServices) => {
        const before = policy(...statements)
        const { document } = smallerPolicy(before, new Set(unusedServices))
        for (const { action, resource } of requests) {
          const was = await isAllowed({ policies: [before] }, action, resource)
          const is = document !== null && (await isAllowed({ policies: [document] }, action, resource))
          assert.ok(was || !is, `${action} was not allowed, and is`)
          const isUsed = !unusedServices.includes(action.slice(0, action.indexOf(':')))
          if (isUsed) assert.equal(is, was, action)
        }
      },
    ),
    { numRuns: 60 },
  )
})
