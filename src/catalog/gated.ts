/** Which steps of an account's plan wait while the trail gate is shut. Pure. */
import type { DesiredAccount } from './account.ts'
import type { AccountStep } from './account-plan.ts'
import { isOwn } from './catalog.ts'
import { denyAllArn } from './own-groups.ts'
import { statementsOf } from './policy-document.ts'

export type Waits = (step: AccountStep) => boolean

/**
 * Of a catalog that is new to the account: all but what denies, and what was put on a group by hand. Everything else
 * may give its members something.
 */
export const waitsOfNewCatalog: Waits = (step) =>
  !(
    step.do === 'DeleteGroupPolicy' ||
    ('groupName' in step && isOwn(step.groupName)) ||
    ('policyName' in step && isOwn(step.policyName)) ||
    ('policyArn' in step && isOwn(step.policyArn.slice(step.policyArn.lastIndexOf('/') + 1)))
  )

/**
 * Of a repair: only to attach what gives access, although it was there before. Whoever stopped the trail may have
 * edited a policy, or given a group another: what takes that away never waits.
 */
export function waitsOfRepair(desired: DesiredAccount): Waits {
  const onlyDenies = (policyArn: string) => {
    if (policyArn === denyAllArn(desired.partition)) return true
    const statements = statementsOf(desired.policies.find(({ arn }) => arn === policyArn)?.document ?? {})
    return statements.length > 0 && statements.every(({ effect }) => effect === 'Deny')
  }
  return (step) => step.do === 'AttachGroupPolicy' && !isOwn(step.groupName) && !onlyDenies(step.policyArn)
}
