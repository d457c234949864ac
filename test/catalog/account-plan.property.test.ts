/** Plans for any account at all: names that fit, names that almost fit, and names that are nobody's business. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  type DesiredAccount,
  desiredAccount,
  type ObservedAccount,
  type ObservedGroup,
} from '../../src/catalog/account.ts'
import { planAccount } from '../../src/catalog/account-plan.ts'
import { arnsOf } from '../../src/catalog/made.ts'
import { canonicalPolicy } from '../../src/catalog/policy-document.ts'
import {
  applyAll,
  applyStep,
  customPolicy,
  DENY_ALL,
  group,
  OTHER_POLICY,
  PLACE,
  READ_ONLY,
} from './account-model.ts'
import { boundary, catalog, policy, SOUND_POLICY } from './samples.ts'

const FOREIGN_PATHS = ['/', '/muster/sub/', '/Muster/']
const POLICY_NAMES = [
  'muster-baseline',
  'muster-a',
  'muster-b',
  'muster-boundary-c',
  'Muster-A',
  'muster-old',
  'theirs',
]
const GROUP_NAMES = ['muster-baseline', 'muster-quarantine', 'one', 'two', 'old']
const AWS_ARNS = [
  READ_ONLY,
  DENY_ALL,
  ...Array.from({ length: 9 }, (_, n) => `arn:aws:iam::aws:policy/Some${n}`),
]
const DOCUMENTS = [SOUND_POLICY, OTHER_POLICY, undefined, 'not a policy']

/** Names of ours are mostly where they belong, or hardly an account would be without conflicts. */
const pathFor = (names: readonly string[]) =>
  fc.oneof(
    { weight: 12, arbitrary: fc.record({ name: fc.constantFrom(...names), path: fc.constant('/muster/') }) },
    {
      weight: 1,
      arbitrary: fc.record({ name: fc.constantFrom(...names), path: fc.constantFrom(...FOREIGN_PATHS) }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ name: fc.constant('theirs'), path: fc.constantFrom(...FOREIGN_PATHS) }),
    },
  )

const lower = (named: { policyName: string } | { groupName: string }) =>
  ('policyName' in named ? named.policyName : named.groupName).toLowerCase()

const anyPolicy = fc
  .record({
    place: pathFor(POLICY_NAMES),
    extraAttachments: fc.nat(1),
    boundaryCount: fc.nat(1),
    documents: fc.array(fc.constantFrom(...DOCUMENTS), { minLength: 1, maxLength: 5 }),
    inForce: fc.nat(4),
  })
  .map(({ place, extraAttachments, boundaryCount, documents, inForce }) =>
    customPolicy(place.name, {
      path: place.path,
      attachmentCount: extraAttachments,
      boundaryCount,
      versions: documents.map((document, n) => ({
        versionId: `v${n + 1}`,
        isDefault: n === inForce % documents.length,
        createdAt: new Date(1000 * n),
        document,
      })),
    }),
  )

const anyAccount: fc.Arbitrary<ObservedAccount> = fc
  .uniqueArray(anyPolicy, { selector: lower, maxLength: 7 })
  .chain((policies) => {
    const arns = [...policies.map(({ arn }) => arn), ...AWS_ARNS]
    const anyGroup = fc
      .record({
        place: pathFor(GROUP_NAMES),
        attachedPolicyArns: fc.uniqueArray(fc.constantFrom(...arns), { maxLength: 10 }),
        inlinePolicyNames: fc.uniqueArray(fc.constantFrom('x', 'y'), { maxLength: 2 }),
        members: fc.constantFrom<ObservedGroup['members']>(0, 0, 2, 'unknown'),
      })
      .map(({ place, ...more }) => group(place.name, { ...more, path: place.path }))
    return fc.uniqueArray(anyGroup, { selector: lower, maxLength: 7 }).map((groups) => ({
      groups,
      policies: policies.map((p) => ({
        ...p,
        attachmentCount:
          p.attachmentCount + groups.filter((g) => g.attachedPolicyArns.includes(p.arn)).length,
      })),
    }))
  })

/** With any part of it on record as what the catalog brought. */
const anyScene = anyAccount.chain((observed) =>
  fc.subarray(arnsOf(observed)).map((made) => ({ observed, made: new Set(made) })),
)

const anyDesired = fc
  .record({
    one: fc.subarray(['a', 'b']),
    two: fc.subarray(['a', 'b']),
    aws: fc.subarray([READ_ONLY, ...AWS_ARNS.slice(-7)]),
    both: fc.boolean(),
  })
  .map(({ one, two, aws, both }) => {
    const docs = (names: readonly string[]) => names.map((name) => policy(name, SOUND_POLICY))
    const groups = {
      one: { policies: docs(one), awsManagedPolicies: aws },
      ...(both ? { two: { policies: docs(two) } } : {}),
    }
    return desiredAccount(catalog({ groups, roles: { r: { boundary: boundary('c') } } }), PLACE)
  })

function assertReached(desired: DesiredAccount, account: ObservedAccount, made: ReadonlySet<string>): void {
  const { steps, conflicts } = planAccount(desired, account, made)
  assert.deepEqual(steps, [])
  if (conflicts.length > 0) return
  for (const { arn, policyArns } of desired.groups) {
    const found = account.groups.find((g) => g.arn === arn)
    assert.deepEqual([...(found?.attachedPolicyArns ?? [])].sort(), [...policyArns].sort())
    assert.deepEqual(found?.inlinePolicyNames, [])
  }
  for (const { arn, document } of desired.policies) {
    const inForce = account.policies.find((p) => p.arn === arn)?.versions.find((v) => v.isDefault)
    assert.equal(canonicalPolicy(inForce?.document), canonicalPolicy(document))
  }
}

test('from any account the plan reaches what is desired, and the next plan is empty', () => {
  fc.assert(
    fc.property(anyDesired, anyScene, (desired, { observed, made }) => {
      assertReached(desired, applyAll(observed, planAccount(desired, observed, made).steps, desired), made)
    }),
    { numRuns: 500 },
  )
})

test('a plan cut off anywhere, and a fresh one after it, reach the same', () => {
  fc.assert(
    fc.property(anyDesired, anyScene, fc.nat(), (desired, { observed, made }, at) => {
      const { steps } = planAccount(desired, observed, made)
      const cut = applyAll(observed, steps.slice(0, at % (steps.length + 1)), desired)
      assertReached(desired, applyAll(cut, planAccount(desired, cut, made).steps, desired), made)
    }),
    { numRuns: 500 },
  )
})

test('nothing changes that neither the catalog names nor ever brought, nor anything outside the path', () => {
  fc.assert(
    fc.property(anyDesired, anyScene, (desired, { observed, made }) => {
      const named = new Set(arnsOf(desired))
      const isForeign = ({ path, arn }: { readonly path: string; readonly arn: string }) =>
        path !== '/muster/' || !(named.has(arn) || made.has(arn))
      const outside = (account: ObservedAccount) => ({
        groups: account.groups.filter(isForeign),
        // Its count of attachments moves when a group of ours lets go of it.
        policies: account.policies.filter(isForeign).map(({ attachmentCount: _, ...rest }) => rest),
      })
      const after = applyAll(observed, planAccount(desired, observed, made).steps, desired)
      assert.deepEqual(outside(after), outside(observed))
    }),
    { numRuns: 500 },
  )
})

test('at no moment is a policy attached to a group of the catalog before quarantine and baseline are whole', () => {
  fc.assert(
    fc.property(anyDesired, anyScene, (desired, { observed, made }) => {
      let account = observed
      for (const step of planAccount(desired, observed, made).steps) {
        if (step.do === 'AttachGroupPolicy' && !step.groupName.startsWith('muster-')) {
          const now = account
          const whole = desired.groups
            .slice(0, 2)
            .every(({ arn, policyArns }) =>
              policyArns.every((a) => now.groups.find((g) => g.arn === arn)?.attachedPolicyArns.includes(a)),
            )
          assert.ok(whole, `${step.groupName} before the groups that deny`)
        }
        account = applyStep(account, step, desired)
      }
    }),
    { numRuns: 500 },
  )
})
