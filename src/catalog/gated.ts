/** Which steps of an account's plan wait while the trail gate is shut. Pure. */
import type { AccountStep } from './account-plan.ts'
import { isOwn } from './catalog.ts'

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
