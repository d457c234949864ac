/** Managed and inline policies of users, groups and roles: the same operations for each. */
import { required, type Schema } from '../fields.ts'
import { type Operation, type OperationTable, reads, writes } from '../operation.ts'
import { Refusal } from '../refusal.ts'
import type { Account, Group, Role, User } from './account-data.ts'
import { groupNamed, keepQuota, roleNamed, userNamed } from './account-state.ts'
import * as is from './names.ts'
import { page, rest } from './pages.ts'
import { mustBeWellFormed, sizeOf } from './policy-document.ts'
import { attachable, policyWithArn } from './policy-lookup.ts'

type Holder = User | Group | Role
interface Kind {
  readonly noun: 'User' | 'Group' | 'Role'
  readonly nameField: 'UserName' | 'GroupName' | 'RoleName'
  readonly name: typeof is.userName | typeof is.roleName
  readonly named: (account: Account, name: string) => Holder
  readonly policiesQuota: `attachedPoliciesPer${Kind['noun']}`
  readonly sizeQuota: `${Lowercase<Kind['noun']>}PolicySize`
}

export const attachmentOperations: OperationTable = {
  ...operationsOf({
    noun: 'User',
    nameField: 'UserName',
    name: is.userName,
    named: userNamed,
    policiesQuota: 'attachedPoliciesPerUser',
    sizeQuota: 'userPolicySize',
  }),
  ...operationsOf({
    noun: 'Group',
    nameField: 'GroupName',
    name: is.groupName,
    named: groupNamed,
    policiesQuota: 'attachedPoliciesPerGroup',
    sizeQuota: 'groupPolicySize',
  }),
  ...operationsOf({
    noun: 'Role',
    nameField: 'RoleName',
    name: is.roleName,
    named: roleNamed,
    policiesQuota: 'attachedPoliciesPerRole',
    sizeQuota: 'rolePolicySize',
  }),
}

function operationsOf(kind: Kind): Record<string, Operation> {
  const { noun, nameField } = kind
  const holder = (account: Account, params: object) =>
    kind.named(account, (params as Record<string, string>)[nameField] ?? '')
  // The name is left out of the type: its field differs, and only `holder` reads it.
  const withName = <S extends Schema>(schema: S): S => ({ [nameField]: required(kind.name), ...schema })
  return {
    [`Attach${noun}Policy`]: writes(withName({ PolicyArn: required(is.arn) }), (account, params) => {
      const { PolicyArn: arn } = params
      const owner = holder(account, params)
      attachable(account, arn)
      if (owner.attachedPolicies.includes(arn)) return
      keepQuota(`PoliciesPer${noun}`, owner.attachedPolicies.length, account.quotas[kind.policiesQuota])
      owner.attachedPolicies = [...owner.attachedPolicies, arn]
    }),
    [`Detach${noun}Policy`]: writes(withName({ PolicyArn: required(is.arn) }), (account, params) => {
      const { PolicyArn: arn } = params
      const owner = holder(account, params)
      if (!owner.attachedPolicies.includes(arn)) {
        policyWithArn(account, arn)
        throw new Refusal('NoSuchEntity', `Policy ${arn} was not found.`)
      }
      owner.attachedPolicies = owner.attachedPolicies.filter((other) => other !== arn)
    }),
    [`ListAttached${noun}Policies`]: reads(
      withName({ PathPrefix: is.policyPath, ...is.paging }),
      (account, params) => {
        const { PathPrefix: prefix = '/' } = params
        const policies = holder(account, params)
          .attachedPolicies.map((arn) => policyWithArn(account, arn))
          .filter(({ path }) => path.startsWith(prefix))
        const found = page(policies, ({ arn }) => arn, params)
        const attached = found.items.map(({ policyName, arn }) => ({
          PolicyName: policyName,
          PolicyArn: arn,
        }))
        return { AttachedPolicies: attached, ...rest(found) }
      },
    ),
    [`Put${noun}Policy`]: writes(
      withName({ PolicyName: required(is.policyName), PolicyDocument: required(is.policyDocument) }),
      (account, params) => {
        const { PolicyName: policyName, PolicyDocument: document } = params
        const { inlinePolicies } = holder(account, params)
        mustBeWellFormed(document)
        const others = [...inlinePolicies].filter(([name]) => name !== policyName)
        const size = others.reduce((sum, [, other]) => sum + sizeOf(other), sizeOf(document))
        const quota = account.quotas[kind.sizeQuota]
        if (size > quota) {
          const name = (params as unknown as Record<string, string>)[nameField]
          const whom = `${noun.toLowerCase()} ${name}`
          throw new Refusal('LimitExceeded', `Maximum policy size of ${quota} bytes exceeded for ${whom}`)
        }
        inlinePolicies.set(policyName, document)
      },
    ),
    [`Get${noun}Policy`]: reads(withName({ PolicyName: required(is.policyName) }), (account, params) => {
      const { PolicyName: policyName } = params
      const owner = holder(account, params)
      return {
        [nameField]: nameOf(owner),
        PolicyName: policyName,
        PolicyDocument: encodeURIComponent(inlinePolicy(noun, owner, policyName)),
      }
    }),
    [`List${noun}Policies`]: reads(withName(is.paging), (account, params) => {
      const found = page(holder(account, params).inlinePolicies.keys(), (name) => name, params)
      return { PolicyNames: found.items, ...rest(found) }
    }),
    [`Delete${noun}Policy`]: writes(withName({ PolicyName: required(is.policyName) }), (account, params) => {
      const owner = holder(account, params)
      inlinePolicy(noun, owner, params.PolicyName)
      owner.inlinePolicies.delete(params.PolicyName)
    }),
  }
}

const nameOf = (owner: Holder) =>
  'userName' in owner ? owner.userName : 'groupName' in owner ? owner.groupName : owner.roleName

function inlinePolicy(noun: Kind['noun'], owner: Holder, policyName: string): string {
  const document = owner.inlinePolicies.get(policyName)
  if (document !== undefined) return document
  const what = `The ${noun.toLowerCase()} policy with name ${policyName}`
  throw new Refusal('NoSuchEntity', `${what} cannot be found.`)
}
