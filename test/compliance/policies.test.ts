/** What policies are said to give, against an evaluator of IAM policies. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { PolicyDocument } from '../../src/catalog/catalog.ts'
import { PARTITIONS } from '../../src/catalog/partition.ts'
import { statementsOf } from '../../src/catalog/policy-document.ts'
import { escalationWays } from '../../src/catalog/rules/escalation.ts'
import { givesAllOf, isAdministrative, type WatchedService } from '../../src/compliance/policies.ts'
import { isAllowed } from '../catalog/simulation.ts'

/** Requests as far apart as can be: who may make all of them has everything. */
const anything: readonly (readonly [action: string, resource: string])[] = [
  ['iam:AttachUserPolicy', 'arn:aws:iam::123456789012:user/some/body'],
  ['iam:AttachGroupPolicy', 'arn:aws:iam::123456789012:group/g'],
  ['iam:CreatePolicyVersion', 'arn:aws:iam::123456789012:policy/p'],
  ['iam:PassRole', 'arn:aws:iam::123456789012:role/r'],
  ['s3:PutObject', 'arn:aws:s3:::bucket/key'],
  ['s3:ListAllMyBuckets', '*'],
  ['ec2:TerminateInstances', 'arn:aws:ec2:eu-west-1:123456789012:instance/i-1'],
  ['cloudtrail:StopLogging', 'arn:aws:cloudtrail:eu-west-1:123456789012:trail/t'],
]

const actions = fc.uniqueArray(
  fc.constantFrom(
    '*',

    'iam:*',
    'IAM:*',
    's3:*',
    'ec2:*',
    'kms:*',
    'cloudtrail:*',
    's3:Put*',
    'iam:Attach*',
  ),
  { minLength: 1, maxLength: 3 },
)
const resources = fc.oneof(
  { weight: 3, arbitrary: fc.constant<string | string[]>('*') },
  {
    weight: 1,
    arbitrary: fc.constantFrom<string | string[]>(
      ['arn:aws:s3:::bucket/*', '*'],
      'arn:aws:s3:::*',
      'arn:aws:iam::*:*',
      'arn:aws:iam::*:user/*',
    ),
  },
)
const allowing = fc.tuple(fc.boolean(), actions, resources).map(([except, list, resource]) => ({
  Effect: 'Allow',
  [except ? 'NotAction' : 'Action']: list.length === 1 && !except ? list[0] : list,
  Resource: resource,
}))
const documents = fc
  .array(allowing, { minLength: 1, maxLength: 3 })
  .map((Statement): PolicyDocument => ({ Version: '2012-10-17', Statement }))

async function allowsAll(document: PolicyDocument, requests: typeof anything): Promise<boolean> {
  for (const [action, resource] of requests)
    if (!(await isAllowed({ policies: [document] }, action, resource))) return false
  return true
}

test('whoever may do everything, in one statement or by several, is found to be administrator', async () => {
  let administrators = 0
  await fc.assert(
    fc.asyncProperty(documents, async (document) => {
      const may = await allowsAll(document, anything)
      if (may) administrators++
      // Together, several lists may come to all requests that are tried here and still leave most out.
      const claims = statementsOf(document).some(
        ({ actions: list, notActions, resources: on }) =>
          on.includes('*') && (notActions.length > 0 || list.some((each) => /^\*/.test(each))),
      )
      if (may && claims) assert.ok(isAdministrative([document]), JSON.stringify(document))
    }),
    { numRuns: 300 },
  )
  assert.ok(administrators > 20, `only ${administrators} of them were`)
})

test('all of a partition is everything, and its administrator policy gives everything, in every partition', () => {
  for (const partition of PARTITIONS) {
    const allowing = (Action: string, Resource: string, Condition = {}): PolicyDocument => ({
      Version: '2012-10-17',
      Statement: { Effect: 'Allow', Action, Resource, Condition },
    })
    assert.ok(isAdministrative([allowing('*', `arn:${partition}:*:*:*:*`)]), partition)
    const attaches = allowing('iam:AttachUserPolicy', '*', {
      ArnEquals: { 'iam:PolicyARN': `arn:${partition}:iam::aws:policy/AdministratorAccess` },
    })
    const grants = statementsOf(attaches).map((statement) => ({ source: null, statement }))
    assert.equal(escalationWays(grants).length, 1, partition)
  }
})

test('whoever is found to be administrator may take every right there is', async () => {
  const ownRights = anything.filter(([action]) => action.startsWith('iam:'))
  let administrators = 0
  await fc.assert(
    fc.asyncProperty(documents, async (document) => {
      if (!isAdministrative([document])) return
      administrators++
      assert.ok(await allowsAll(document, ownRights), JSON.stringify(document))
    }),
    { numRuns: 300 },
  )
  assert.ok(administrators > 20, `only ${administrators} of them were`)
})

const denying = fc.tuple(
  fc.constantFrom('cloudtrail:*', 'cloudtrail:D*', 'cloudtrail:stoplogging', 's3:*'),
  fc.constantFrom('*', 'arn:aws:cloudtrail:*:*:*'),
)

test('full access to a service is what the evaluator allows of it, all of it and everywhere', async () => {
  const service: WatchedService = 'cloudtrail'
  const requests = ['StopLogging', 'DeleteTrail', 'UpdateTrail', 'PutEventSelectors', 'DescribeTrails'].map(
    (name) =>
      [
        `cloudtrail:${name}`,
        name === 'DescribeTrails' ? '*' : 'arn:aws:cloudtrail:eu-west-1:123456789012:trail/t',
      ] as const,
  )
  let full = 0
  await fc.assert(
    fc.asyncProperty(documents, fc.option(denying, { freq: 2 }), async (allowed, denied) => {
      const document: PolicyDocument = {
        ...allowed,
        Statement: [
          ...(allowed.Statement as unknown[]),
          ...(denied === null ? [] : [{ Effect: 'Deny', Action: denied[0], Resource: denied[1] }]),
        ],
      }
      const found = givesAllOf(service, document) || isAdministrative([document])
      const may = await allowsAll(document, requests)
      if (givesAllOf(service, document)) {
        full++
        assert.ok(may, JSON.stringify(document))
      }
      if (may) assert.ok(found, JSON.stringify(document))
    }),
    { numRuns: 300 },
  )
  assert.ok(full > 20, `only ${full} of them were`)
})

test('no document that somebody may have written makes the judgement throw', () => {
  fc.assert(
    fc.property(
      fc.object({ key: fc.constantFrom('Statement', 'Effect', 'Action', 'Resource', 'Condition') }),
      (any) => {
        isAdministrative([any])
        givesAllOf('kms', any)
        escalationWays(statementsOf(any).map((statement) => ({ source: null, statement })))
      },
    ),
  )
})
