/**
 * From what an account holds to what the catalog wants, as an ordered list of single IAM calls.
 *
 * The order is a security property. What denies comes first: the quarantine, then the baseline; no group that gives
 * rights is touched before both are whole. A group gets its new policies before it loses old ones. What is no longer
 * wanted goes last, and only when nobody uses it. Whatever the catalog did not bring is left alone, wherever it is.
 */
import {
  type DesiredAccount,
  type DesiredGroup,
  type DesiredPolicy,
  type ObservedAccount,
  type ObservedGroup,
  type ObservedPolicy,
  surplusGroups,
} from './account.ts'
import { BASELINE, isOwn, type PolicyDocument, QUARANTINE } from './catalog.ts'
import { canonicalPolicy } from './policy-document.ts'

export type AccountStep =
  | {
      readonly do: 'CreatePolicy'
      readonly policyName: string
      readonly path: string
      readonly document: PolicyDocument
      readonly description: string
    }
  /** The new version becomes the default one in the same call. */
  | { readonly do: 'CreatePolicyVersion'; readonly policyArn: string; readonly document: PolicyDocument }
  | { readonly do: 'DeletePolicyVersion'; readonly policyArn: string; readonly versionId: string }
  | { readonly do: 'DeletePolicy'; readonly policyArn: string }
  | { readonly do: 'CreateGroup'; readonly groupName: string; readonly path: string }
  | { readonly do: 'DeleteGroup'; readonly groupName: string }
  | { readonly do: 'AttachGroupPolicy'; readonly groupName: string; readonly policyArn: string }
  | { readonly do: 'DetachGroupPolicy'; readonly groupName: string; readonly policyArn: string }
  | { readonly do: 'DeleteGroupPolicy'; readonly groupName: string; readonly policyName: string }

/** A name that Muster needs and somebody else has; an administrator must give way, Muster never overwrites. */
export interface AccountConflict {
  readonly kind: 'group' | 'policy'
  readonly name: string
  /** What has the name. */
  readonly takenBy: string
  readonly message: string
}

/** Something of Muster's that the catalog does not know any more, and that is still in use. */
export interface Leftover {
  readonly kind: 'group' | 'policy'
  readonly arn: string
  readonly reason: string
}

export interface AccountPlan {
  readonly steps: readonly AccountStep[]
  readonly conflicts: readonly AccountConflict[]
  readonly leftovers: readonly Leftover[]
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
const VERSIONS_PER_POLICY = 5
const POLICIES_PER_GROUP = 10

/**
 * Applying the steps reaches the desired state, from any prefix of them too; then the next plan is empty.
 *
 * @param made ARNs of what the catalog brought, now or earlier: nothing else is taken away
 */
export function planAccount(
  desired: DesiredAccount,
  observed: ObservedAccount,
  made: ReadonlySet<string>,
): AccountPlan {
  const conflicts = findConflicts(desired, observed)
  const taken = new Set(conflicts.map(({ kind, name }) => `${kind} ${name}`))
  const policies = desired.policies.filter(({ policyName }) => !taken.has(`policy ${policyName}`))
  const groups = desired.groups.filter(({ groupName }) => !taken.has(`group ${groupName}`))
  const unavailable = new Set(
    desired.policies.filter((policy) => !policies.includes(policy)).map(({ arn }) => arn),
  )

  const policySteps = (policy: DesiredPolicy) => stepsForPolicy(policy, desired.path, observed)
  const groupSteps = (group: DesiredGroup) => stepsForGroup(group, desired.path, observed, unavailable)
  const own = [
    ...groups.filter(({ groupName }) => groupName === QUARANTINE).flatMap(groupSteps),
    ...policies.filter(({ policyName }) => policyName === BASELINE).flatMap(policySteps),
    ...groups.filter(({ groupName }) => groupName === BASELINE).flatMap(groupSteps),
  ]
  // Without a baseline or a quarantine of ours nobody may get anything: stop before the first group that gives.
  if (conflicts.some(({ name }) => isOwn(name))) return { steps: own, conflicts, leftovers: [] }

  const removal = planRemoval(desired, observed, made)
  return {
    steps: [
      ...own,
      ...policies.filter(({ policyName }) => !isOwn(policyName)).flatMap(policySteps),
      ...groups.filter(({ groupName }) => !isOwn(groupName)).flatMap(groupSteps),
      ...removal.steps,
    ],
    conflicts,
    leftovers: removal.leftovers,
  }
}

/** Names are unique in an account whatever the path, and regardless of case. */
function findConflicts(desired: DesiredAccount, observed: ObservedAccount): AccountConflict[] {
  const message = (kind: string, name: string, arn: string) =>
    `Muster needs the ${kind} name ${name}, which ${arn} has; rename or delete that, or rename ours in the catalog`
  const groups = desired.groups.flatMap(({ groupName, arn }): AccountConflict[] =>
    observed.groups
      .filter((group) => group.groupName.toLowerCase() === groupName.toLowerCase() && group.arn !== arn)
      .map(({ arn: takenBy }) => ({
        kind: 'group',
        name: groupName,
        takenBy,
        message: message('group', groupName, takenBy),
      })),
  )
  const policies = desired.policies.flatMap(({ policyName, arn }): AccountConflict[] =>
    observed.policies
      .filter((policy) => policy.policyName.toLowerCase() === policyName.toLowerCase() && policy.arn !== arn)
      .map(({ arn: takenBy }) => ({
        kind: 'policy',
        name: policyName,
        takenBy,
        message: message('policy', policyName, takenBy),
      })),
  )
  return [...groups, ...policies]
}

function stepsForPolicy(policy: DesiredPolicy, path: string, observed: ObservedAccount): AccountStep[] {
  const { policyName, arn: policyArn, document, description } = policy
  const found = observed.policies.find(({ arn }) => arn === policyArn)
  if (found === undefined) return [{ do: 'CreatePolicy', policyName, path, document, description }]
  const current = found.versions.find(({ isDefault }) => isDefault)
  if (current !== undefined && canonicalPolicy(current.document) === canonicalPolicy(document)) return []
  return [...pruneVersions(found), { do: 'CreatePolicyVersion', policyArn, document }]
}

/** The oldest versions that are not in force make room for a new one. */
function pruneVersions({ arn: policyArn, versions }: ObservedPolicy): AccountStep[] {
  const spare = versions
    .filter(({ isDefault }) => !isDefault)
    .sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime() || versionNumber(a) - versionNumber(b))
  return spare
    .slice(0, Math.max(0, versions.length - VERSIONS_PER_POLICY + 1))
    .map(({ versionId }) => ({ do: 'DeletePolicyVersion', policyArn, versionId }))
}

/** `v12` as 12; versions made in the same second still have an order. */
function versionNumber({ versionId }: { versionId: string }): number {
  return Number(versionId.slice(1)) || 0
}

function stepsForGroup(
  group: DesiredGroup,
  path: string,
  observed: ObservedAccount,
  unavailable: ReadonlySet<string>,
): AccountStep[] {
  const { groupName } = group
  const found = observed.groups.find(({ arn }) => arn === group.arn)
  const attached = found?.attachedPolicyArns ?? []
  // A policy that cannot be had may be the one that forbids something: then the others are not attached either.
  const whole = !group.policyArns.some((arn) => unavailable.has(arn))
  const missing = whole ? group.policyArns.filter((arn) => !attached.includes(arn)) : []
  const surplus = attached.filter((arn) => !group.policyArns.includes(arn))
  // Attach first, unless strangers have filled all the places.
  const inTheWay = Math.max(0, attached.length + missing.length - POLICIES_PER_GROUP)
  const detach = (policyArn: string): AccountStep => ({ do: 'DetachGroupPolicy', groupName, policyArn })
  return [
    ...(found === undefined ? [{ do: 'CreateGroup', groupName, path } as const] : []),
    ...surplus.slice(0, inTheWay).map(detach),
    ...missing.map((policyArn): AccountStep => ({ do: 'AttachGroupPolicy', groupName, policyArn })),
    ...surplus.slice(inTheWay).map(detach),
    ...(found === undefined ? [] : inlineSteps(found)),
  ]
}

function inlineSteps({ groupName, inlinePolicyNames }: ObservedGroup): AccountStep[] {
  return inlinePolicyNames.map((policyName) => ({ do: 'DeleteGroupPolicy', groupName, policyName }))
}

function planRemoval(
  desired: DesiredAccount,
  observed: ObservedAccount,
  made: ReadonlySet<string>,
): Pick<AccountPlan, 'steps' | 'leftovers'> {
  const steps: AccountStep[] = []
  const leftovers: Leftover[] = []
  const detachments = new Map<string, number>()
  const detached = (arn: string) => detachments.set(arn, (detachments.get(arn) ?? 0) + 1)

  for (const group of surplusGroups(desired, observed, made)) {
    const { groupName, arn, members, attachedPolicyArns } = group
    if (members !== 0) {
      const reason = members === 'unknown' ? 'its members are not known' : `it has ${members} members`
      leftovers.push({ kind: 'group', arn, reason })
      continue
    }
    attachedPolicyArns.forEach(detached)
    steps.push(
      ...attachedPolicyArns.map((policyArn) => ({ do: 'DetachGroupPolicy', groupName, policyArn }) as const),
      ...inlineSteps(group),
      { do: 'DeleteGroup', groupName },
    )
  }
  for (const group of desired.groups) {
    const found = observed.groups.find(({ arn }) => arn === group.arn)
    found?.attachedPolicyArns.filter((arn) => !group.policyArns.includes(arn)).forEach(detached)
  }

  const wanted = new Set(desired.policies.map(({ policyName }) => policyName.toLowerCase()))
  // What the catalog wants is known by its ARN, too: an answer may lack the name (moto's does).
  const wantedArns = new Set(desired.policies.map(({ arn }) => arn))
  for (const policy of observed.policies) {
    const { arn, policyName, path, attachmentCount, boundaryCount } = policy
    if (!made.has(arn) || path !== desired.path) continue
    if (wantedArns.has(arn) || wanted.has(policyName.toLowerCase())) continue
    const uses = attachmentCount - (detachments.get(arn) ?? 0)
    if (uses > 0 || boundaryCount > 0) {
      const reason = `it is attached ${Math.max(0, uses)} times and the boundary of ${boundaryCount}`
      leftovers.push({ kind: 'policy', arn, reason })
    } else steps.push(...deletionOf(policy))
  }
  return { steps, leftovers }
}

/** A policy can only be deleted with no version but the one in force. */
function deletionOf({ arn: policyArn, versions }: ObservedPolicy): AccountStep[] {
  const spare = versions.filter(({ isDefault }) => !isDefault)
  return [
    ...spare.map(({ versionId }) => ({ do: 'DeletePolicyVersion', policyArn, versionId }) as const),
    { do: 'DeletePolicy', policyArn },
  ]
}
