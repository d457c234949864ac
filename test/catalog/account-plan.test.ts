import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  desiredAccount,
  groupArn,
  type ObservedAccount,
  type ObservedGroup,
  type ObservedPolicy,
  policyArn,
} from '../../src/catalog/account.ts'
import { type AccountStep, planAccount } from '../../src/catalog/account-plan.ts'
import { arnsOf } from '../../src/catalog/made.ts'
import { applyAll, customPolicy, EMPTY, group, OTHER_POLICY, PLACE, READ_ONLY } from './account-model.ts'
import { boundary, catalog, policy, SOUND_POLICY } from './samples.ts'

const SMALL = desiredAccount(
  catalog({
    groups: {
      engineering: { policies: [policy('engineering', SOUND_POLICY)], awsManagedPolicies: [READ_ONLY] },
    },
    roles: { engineer: { groups: ['engineering'], boundary: boundary('engineer') } },
  }),
  PLACE,
)

function brief(step: AccountStep): string {
  if ('groupName' in step) {
    const of = 'policyArn' in step ? step.policyArn : 'policyName' in step ? step.policyName : ''
    return `${step.do} ${step.groupName} ${of.split('/').at(-1)}`.trim()
  }
  const version = 'versionId' in step ? ` ${step.versionId}` : ''
  return `${step.do} ${'policyName' in step ? step.policyName : step.policyArn.split('/').at(-1)}${version}`
}

/** As if the catalog had brought all that there is. */
const planOf = (observed: ObservedAccount, made: readonly string[] = arnsOf(observed)) =>
  planAccount(SMALL, observed, new Set(made))

const plan = (...args: Parameters<typeof planOf>) => planOf(...args).steps.map(brief)

const settled = applyAll(EMPTY, planOf(EMPTY).steps, SMALL)

const changeGroup = (
  account: ObservedAccount,
  name: string,
  more: Partial<ObservedGroup>,
): ObservedAccount => ({
  ...account,
  groups: account.groups.map((g) => (g.groupName === name ? { ...g, ...more } : g)),
})

const changePolicy = (
  account: ObservedAccount,
  name: string,
  more: Partial<ObservedPolicy>,
): ObservedAccount => ({
  ...account,
  policies: account.policies.map((p) => (p.policyName === name ? { ...p, ...more } : p)),
})

test('in an empty account the quarantine comes first, then the baseline, then policies, then groups', () => {
  assert.deepEqual(plan(EMPTY), [
    'CreateGroup muster-quarantine',
    'AttachGroupPolicy muster-quarantine AWSDenyAll',
    'CreatePolicy muster-baseline',
    'CreateGroup muster-baseline',
    'AttachGroupPolicy muster-baseline muster-baseline',
    'CreatePolicy muster-boundary-engineer',
    'CreatePolicy muster-engineering',
    'CreateGroup engineering',
    'AttachGroupPolicy engineering muster-engineering',
    'AttachGroupPolicy engineering AmazonS3ReadOnlyAccess',
  ])
  assert.deepEqual(plan(settled), [])
})

test('a policy that says the same in other words is left alone', () => {
  const rewritten = {
    Statement: { Resource: ['arn:aws:s3:::b/*'], Action: ['s3:GetObject'], Effect: 'Allow' },
    Version: '2012-10-17',
  }
  const versions = [{ versionId: 'v3', isDefault: true, createdAt: new Date(1), document: rewritten }]
  assert.deepEqual(plan(changePolicy(settled, 'muster-engineering', { versions })), [])
})

test('a changed policy gets a new version, and the oldest version not in force gives way at five', () => {
  const version = (n: number, isDefault = false) => ({
    versionId: `v${n}`,
    isDefault,
    createdAt: new Date(1000),
    document: OTHER_POLICY,
  })
  const four = [version(9), version(10), version(11, true), version(12)]
  assert.deepEqual(plan(changePolicy(settled, 'muster-engineering', { versions: four })), [
    'CreatePolicyVersion muster-engineering',
  ])
  const five = [version(8, true), ...four.map((v) => ({ ...v, isDefault: false }))]
  assert.deepEqual(plan(changePolicy(settled, 'muster-engineering', { versions: five })), [
    'DeletePolicyVersion muster-engineering v9',
    'CreatePolicyVersion muster-engineering',
  ])
})

test('a policy whose document cannot be read is written anew', () => {
  const versions = [{ versionId: 'v1', isDefault: true, createdAt: new Date(1), document: undefined }]
  assert.deepEqual(plan(changePolicy(settled, 'muster-engineering', { versions })), [
    'CreatePolicyVersion muster-engineering',
  ])
})

test('what somebody attached to or wrote into a group of ours goes, after what is missing came', () => {
  const tampered = changeGroup(settled, 'engineering', {
    attachedPolicyArns: ['arn:aws:iam::aws:policy/AdministratorAccess', READ_ONLY],
    inlinePolicyNames: ['sneaky'],
  })
  assert.deepEqual(plan(tampered), [
    'AttachGroupPolicy engineering muster-engineering',
    'DetachGroupPolicy engineering AdministratorAccess',
    'DeleteGroupPolicy engineering sneaky',
  ])
})

test('strangers that fill all ten places of a group make room first', () => {
  const strangers = Array.from({ length: 10 }, (_, n) => `arn:aws:iam::aws:policy/Stranger${n}`)
  const full = changeGroup(settled, 'engineering', { attachedPolicyArns: strangers })
  assert.deepEqual(plan(full).slice(0, 4), [
    'DetachGroupPolicy engineering Stranger0',
    'DetachGroupPolicy engineering Stranger1',
    'AttachGroupPolicy engineering muster-engineering',
    'AttachGroupPolicy engineering AmazonS3ReadOnlyAccess',
  ])
})

test('a group that the catalog dropped goes with its policies when it has no members', () => {
  const arn = policyArn(PLACE, 'muster-old')
  const observed = {
    groups: [...settled.groups, group('old', { attachedPolicyArns: [arn], inlinePolicyNames: ['x'] })],
    policies: [...settled.policies, customPolicy('muster-old', { attachmentCount: 1 })],
  }
  assert.deepEqual(plan(observed), [
    'DetachGroupPolicy old muster-old',
    'DeleteGroupPolicy old x',
    'DeleteGroup old',
    'DeletePolicy muster-old',
  ])
})

test('what the catalog did not bring is neither taken away nor reported, though it is under the path', () => {
  const used = policyArn(PLACE, 'muster-used')
  const observed = {
    groups: [
      ...settled.groups,
      group('handmade', { attachedPolicyArns: [used], inlinePolicyNames: ['x'] }),
      group('with-members', { members: 2 }),
    ],
    policies: [
      ...settled.policies,
      customPolicy('muster-used', { attachmentCount: 1 }),
      customPolicy('muster-unused'),
    ],
  }
  assert.deepEqual(planOf(observed, arnsOf(settled)), { steps: [], conflicts: [], leftovers: [] })
})

test('a policy of the catalog is known by its ARN: where an answer lacks its name, it is neither deleted nor reported', () => {
  const policies = settled.policies.map((one) => ({ ...one, policyName: '' }))
  assert.deepEqual(planOf({ ...settled, policies }), { steps: [], conflicts: [], leftovers: [] })
})

test('a dropped policy that somebody attached to a group of his own is kept, and is reported', () => {
  const arn = policyArn(PLACE, 'muster-old')
  const observed = {
    groups: [...settled.groups, group('handmade', { attachedPolicyArns: [arn] })],
    policies: [...settled.policies, customPolicy('muster-old', { attachmentCount: 1 })],
  }
  const { steps, leftovers } = planOf(observed, [...arnsOf(settled), arn])
  assert.deepEqual(steps, [])
  assert.deepEqual(
    leftovers.map((leftover) => leftover.arn),
    [arn],
  )
})

test('a dropped group with members keeps its policies, and is reported', () => {
  for (const members of [3, 'unknown'] as const) {
    const arn = policyArn(PLACE, 'muster-old')
    const observed = {
      groups: [...settled.groups, group('old', { attachedPolicyArns: [arn], members })],
      policies: [...settled.policies, customPolicy('muster-old', { attachmentCount: 1 })],
    }
    const { steps, leftovers } = planOf(observed)
    assert.deepEqual(steps, [])
    assert.deepEqual(
      leftovers.map((leftover) => leftover.arn),
      [groupArn(PLACE, 'old'), arn],
    )
  }
})

test('a dropped boundary that somebody still wears is kept, and is reported', () => {
  const observed = {
    ...settled,
    policies: [...settled.policies, customPolicy('muster-boundary-old', { boundaryCount: 2 })],
  }
  const { steps, leftovers } = planOf(observed)
  assert.deepEqual(steps, [])
  assert.deepEqual(leftovers, [
    {
      kind: 'policy',
      arn: policyArn(PLACE, 'muster-boundary-old'),
      reason: 'it is attached 0 times and the boundary of 2',
    },
  ])
})

test('a name taken outside the path, in any case, is a conflict and never an overwrite', () => {
  const observed = { groups: [group('Engineering', { path: '/' })], policies: [] }
  const { steps, conflicts } = planOf(observed)
  assert.deepEqual(
    conflicts.map(({ kind, name, takenBy }) => ({ kind, name, takenBy })),
    [{ kind: 'group', name: 'engineering', takenBy: 'arn:aws:iam::123456789012:group/Engineering' }],
  )
  assert.equal(steps.map(brief).filter((step) => / engineering/i.test(step)).length, 0)
  assert.ok(steps.map(brief).includes('CreatePolicy muster-engineering'))
})

test('a group whose policy cannot be made gets none of its policies', () => {
  const observed = { groups: [], policies: [customPolicy('muster-engineering', { path: '/' })] }
  assert.deepEqual(
    plan(observed).filter((step) => step.includes(' engineering')),
    ['CreateGroup engineering'],
  )
})

test("while the name of Muster's own baseline or quarantine is taken, no group that gives rights is made", () => {
  for (const observed of [
    { groups: [group('muster-baseline', { path: '/' })], policies: [] },
    { groups: [group('Muster-Quarantine', { path: '/' })], policies: [] },
    { groups: [], policies: [customPolicy('muster-baseline', { path: '/' })] },
  ]) {
    const { steps, conflicts } = planOf(observed)
    assert.equal(conflicts.length, 1)
    assert.deepEqual(
      steps.map(brief).filter((step) => step.includes('engineer')),
      [],
    )
  }
})
