/** What of the catalog's groups and policies somebody changed by hand, from the plan that sets it right. Pure. */
import { createHash } from 'node:crypto'
import { type Difference, statusAfter } from '../drift/drift.ts'
import type { DriftKind } from '../drift/kinds.ts'
import type { RecordedStep } from '../store/schema.ts'
import type { DriftStatus } from '../store/trail-tables.ts'
import type { DesiredAccount } from './account.ts'
import type { AccountPlan, AccountStep } from './account-plan.ts'
import { canonicalJson } from './policy-document.ts'

/** Of all that the account should hold: another one means that Muster wants something else, and no drift. */
export function hashOf(desired: DesiredAccount): string {
  return createHash('sha256').update(canonicalJson(desired)).digest('hex')
}

export const catalogDriftKinds: readonly DriftKind[] = [
  'group-policy-attached',
  'group-policy-detached',
  'group-inline-policy-put',
  'group-deleted',
  'policy-edited',
  'policy-deleted',
]

/**
 * For a plan against what the account did hold before. What is cleared away because the catalog does not know it
 * any more is nobody's doing.
 */
export function catalogDifferences({ steps, conflicts }: AccountPlan, desired: DesiredAccount): Difference[] {
  const groups = new Map(desired.groups.map((group) => [group.groupName, group.arn]))
  const policies = new Map(desired.policies.map((policy) => [policy.policyName, policy.arn]))
  const isMade = new Set(steps.flatMap((step) => (step.do === 'CreateGroup' ? [step.groupName] : [])))
  const ofGroup = (kind: DriftKind, groupName: string, detail: Difference['detail'] = {}): Difference[] => {
    const resource = groups.get(groupName)
    return resource ? [{ kind, resource, detail: { groupName, ...detail } }] : []
  }
  const ofPolicy = (policyName: string): Difference[] => {
    const policyArn = policies.get(policyName) ?? policyName
    return [{ kind: 'policy-deleted', resource: policyArn, detail: { policyArn, policyName } }]
  }
  const differencesOf = (step: AccountStep): Difference[] => {
    switch (step.do) {
      case 'CreateGroup':
        return ofGroup('group-deleted', step.groupName)
      case 'AttachGroupPolicy':
        // A group that is made anew has lost them with itself.
        return isMade.has(step.groupName)
          ? []
          : ofGroup('group-policy-detached', step.groupName, { policyArn: step.policyArn })
      case 'DetachGroupPolicy':
        return ofGroup('group-policy-attached', step.groupName, { policyArn: step.policyArn })
      case 'DeleteGroupPolicy':
        return ofGroup('group-inline-policy-put', step.groupName, { policyName: step.policyName })
      case 'CreatePolicyVersion':
        return [{ kind: 'policy-edited', resource: step.policyArn, detail: { policyArn: step.policyArn } }]
      case 'CreatePolicy':
        return ofPolicy(step.policyName)
      default:
        return []
    }
  }
  // Whatever has the name by now, ours is not where it was: moved to another path, or deleted and made there anew.
  const gone = conflicts.flatMap(({ kind, name }) =>
    kind === 'group' ? ofGroup('group-deleted', name) : ofPolicy(name),
  )
  return [...steps.flatMap(differencesOf), ...gone]
}

/** How a difference stands after a run. A group that was deleted is back when all of its policies are. */
export function statusAfterRun(difference: Difference, steps: readonly RecordedStep[]): DriftStatus {
  const { kind, detail } = difference
  const lacksPolicies = steps.some(
    (step) =>
      step.do === 'AttachGroupPolicy' &&
      step.params.groupName === detail.groupName &&
      step.outcome !== 'done',
  )
  return kind === 'group-deleted' && lacksPolicies ? 'open' : statusAfter(difference, steps)
}
