import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { actionsFor, expand } from '../../src/catalog/actions.ts'
import type { PolicyDocument } from '../../src/catalog/catalog.ts'
import { lint, lintLine, lintWith } from '../../src/catalog/lint.ts'
import { loadDraftCatalog } from '../../src/catalog/load.ts'
import { ON_ALL_OF_A_KIND, RUNS_AS_A_ROLE, SELF_SUFFICIENT } from '../../src/catalog/rules/escalation.ts'
import { allow, allowing, many } from './lint-cases.ts'
import {
  boundary,
  draft,
  policy,
  SELF_SERVICE,
  SOUND_BOUNDARY,
  statement,
  withBoundary,
  withPolicy,
} from './samples.ts'

test('the example catalog has no fault', async () => {
  const file = fileURLToPath(new URL('../../catalog/roles.yaml', import.meta.url))
  assert.deepEqual((await lint(await loadDraftCatalog(file))).map(lintLine), [])
})

test('quotas that AWS raised for an account are taken into account', async () => {
  const catalog = draft({ groups: { g: { awsManagedPolicies: many(12) } } })
  assert.deepEqual(await lint(catalog, { quotas: { policiesPerGroup: 20 } }), [])
})

test('a fault reads as one line with file, statement, rule and remedy', async () => {
  const [fault] = await lint(allowing('s3:DeleteBucket', '*'))
  assert.ok(fault)
  assert.equal(
    lintLine(fault),
    'policies/p.json: Statement[0]: allows s3:DeleteBucket on every resource, without a condition ' +
      '(write-on-everything); name the resources, or add a condition (a tag, a Region, aws:MultiFactorAuthPresent)',
  )
})

test('a boundary is judged alike, whichever partition it is written for', async () => {
  const written = (document: PolicyDocument, partition: string) =>
    withBoundary(JSON.parse(JSON.stringify(document).replaceAll('arn:aws:', `arn:${partition}:`)))
  const open = statement(...SELF_SERVICE, allow('iam:*Boundary', 'arn:aws:iam::*:user/muster/*'))
  for (const partition of ['aws', 'aws-cn', 'aws-us-gov']) {
    assert.deepEqual(await lint(written(SOUND_BOUNDARY, partition)), [])
    const faults = await lint(written(open, partition))
    assert.deepEqual(
      faults.map(({ rule }) => rule),
      ['boundary-can-be-left'],
    )
  }
})

test('two roles that share a group report its fault once', async () => {
  const groups = {
    g: { policies: [policy('p', statement(allow('iam:PutUserPolicy', 'arn:aws:iam::*:user/x')))] },
  }
  const roles = { a: { groups: ['g'] }, b: { groups: ['g'] } }
  assert.equal((await lint(draft({ groups, roles }))).length, 1)
})

test('every action that the lint looks for exists in AWS', async () => {
  const looked = [...SELF_SUFFICIENT, ...ON_ALL_OF_A_KIND, ...Object.keys(RUNS_AS_A_ROLE)]
  const table = await actionsFor(looked)
  assert.deepEqual(
    looked.filter((action) => expand(table, action).length === 0),
    [],
  )
})

// Documents that nobody would write, in all the places where a document has meaning.

const word = fc.constantFrom(
  'Allow',
  'Deny',
  '*',
  's3:*',
  'iam:PassRole',
  'arn:aws:s3:::b',
  '__proto__',
  '',
  '${aws:username}',
)
const anyElement = fc.oneof(word, fc.array(word, { maxLength: 3 }), fc.jsonValue({ maxDepth: 3 }))
const anyStatement = fc.oneof(
  fc.jsonValue(),
  fc.record(
    {
      Sid: anyElement,
      Effect: fc.oneof(fc.constantFrom('Allow', 'Deny'), anyElement),
      Action: anyElement,
      NotAction: anyElement,
      Resource: anyElement,
      NotResource: anyElement,
      Principal: anyElement,
      Condition: fc.oneof(
        anyElement,
        fc.dictionary(
          fc.constantFrom('Bool', 'StringLike', 'x'),
          fc.oneof(anyElement, fc.dictionary(fc.string(), anyElement)),
        ),
      ),
    },
    { requiredKeys: [] },
  ),
)
const anyDocument = fc.oneof(
  fc.dictionary(fc.string(), fc.jsonValue()),
  fc.record(
    {
      Version: fc.oneof(fc.constant('2012-10-17'), anyElement),
      Statement: fc.oneof(anyStatement, fc.array(anyStatement, { maxLength: 4 })),
    },
    { requiredKeys: [] },
  ),
) as fc.Arbitrary<PolicyDocument>

test('whatever JSON a policy or a boundary holds, the lint answers and does not throw', async () => {
  const table = await actionsFor(['s3:*', 'iam:*'])
  fc.assert(
    fc.property(anyDocument, anyDocument, (inGroup, asBoundary) => {
      const parts = {
        groups: { g: { policies: [policy('p', inGroup)] } },
        roles: { r: { groups: ['g'], boundary: boundary('b', asBoundary) } },
      }
      assert.ok(Array.isArray(lintWith(draft(parts), table)))
    }),
    { numRuns: 2000 },
  )
  await fc.assert(
    fc.asyncProperty(anyDocument, async (document) => {
      assert.ok(Array.isArray(await lint(withPolicy(document))))
    }),
    { numRuns: 100 },
  )
})
