/** Finding managed policies, AWS's and the account's own, and who uses them. */
import { Refusal } from '../refusal.ts'
import type { Account, ManagedPolicy } from './account-data.ts'
import { awsManagedPolicies } from './managed-policies.ts'

const policyArn = /^arn:aws[\w-]*:iam::(aws|\d{12}):policy\/.+$/

const isAwsManaged = (arn: string) => arn.startsWith('arn:aws:iam::aws:')

/** @throws Refusal `InvalidInput` for what is no policy's ARN, `NoSuchEntity` */
export function policyWithArn(account: Account, arn: string): ManagedPolicy {
  const policy = findPolicy(account, arn)
  if (policy) return policy
  if (!policyArn.test(arn)) throw new Refusal('InvalidInput', `ARN ${arn} is not valid.`)
  throw new Refusal('NoSuchEntity', `Policy ${arn} was not found.`)
}

/**
 * Makes sure that a policy can be attached or serve as a boundary.
 *
 * @throws Refusal `InvalidInput`, `NoSuchEntity`
 */
export function attachable(account: Account, arn: string, prefix = 'Policy '): void {
  if (findPolicy(account, arn)) return
  if (!policyArn.test(arn)) throw new Refusal('InvalidInput', `ARN ${arn} is not valid.`)
  throw new Refusal('NoSuchEntity', `${prefix}${arn} does not exist or is not attachable.`)
}

/** Of a customer managed policy, for changes. */
export function ownPolicyWithArn(account: Account, arn: string): ManagedPolicy {
  if (isAwsManaged(arn)) {
    throw new Refusal('AccessDenied', `The policy ${arn} is managed by AWS and cannot be changed.`)
  }
  return policyWithArn(account, arn)
}

function findPolicy(account: Account, arn: string): ManagedPolicy | undefined {
  return account.policies.get(arn) ?? awsManagedPolicies.get(arn)
}

export interface Usage {
  attachments: number
  boundaries: number
}

/** How often each policy is attached and used as a boundary; policies that are not used are absent. */
export function policyUsage(account: Account): ReadonlyMap<string, Usage> {
  const usage = new Map<string, Usage>()
  const count = (arn: string, what: keyof Usage) => {
    const found = usage.get(arn) ?? { attachments: 0, boundaries: 0 }
    found[what] += 1
    usage.set(arn, found)
  }
  for (const user of account.users.values()) {
    for (const arn of user.attachedPolicies) count(arn, 'attachments')
    if (user.permissionsBoundary !== undefined) count(user.permissionsBoundary, 'boundaries')
  }
  for (const group of account.groups.values()) {
    for (const arn of group.attachedPolicies) count(arn, 'attachments')
  }
  for (const role of account.roles.values()) {
    for (const arn of role.attachedPolicies) count(arn, 'attachments')
    if (role.permissionsBoundary !== undefined) count(role.permissionsBoundary, 'boundaries')
  }
  return usage
}
