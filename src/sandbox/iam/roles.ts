/** Roles, as far as an account has some beside its users: made, read, deleted; nobody assumes them here. */
import { required } from '../fields.ts'
import { type OperationTable, reads, writes } from '../operation.ts'
import { Refusal } from '../refusal.ts'
import type { Account, Role } from './account-data.ts'
import { keepQuota, keyOf, moment, roleArn, roleNamed } from './account-state.ts'
import { drawId } from './ids.ts'
import * as is from './names.ts'
import { page, rest } from './pages.ts'
import { attachable } from './policy-lookup.ts'
import { newTags } from './tags.ts'
import { boundaryOf } from './users.ts'

export const roleOperations: OperationTable = {
  CreateRole: writes(
    {
      RoleName: required(is.roleName),
      Path: is.path,
      AssumeRolePolicyDocument: required(is.policyDocument),
      Description: is.description,
      MaxSessionDuration: { type: 'integer', min: 3600, max: 43_200 },
      PermissionsBoundary: is.arn,
      Tags: is.tags,
    },
    (account, params, { now }) => {
      const {
        RoleName: roleName,
        AssumeRolePolicyDocument: trustPolicy,
        PermissionsBoundary: boundary,
      } = params
      if (account.roles.has(keyOf(roleName))) {
        throw new Refusal('EntityAlreadyExists', `Role with name ${roleName} already exists.`)
      }
      mustBeTrustPolicy(trustPolicy)
      keepQuota('RolesPerAccount', account.roles.size, account.quotas.roles)
      if (boundary !== undefined) attachable(account, boundary, 'Scope ARN: ')
      const role: Role = {
        roleName,
        roleId: drawId(account, 'AROA'),
        path: params.Path ?? '/',
        createDate: moment(now),
        ...(params.Description === undefined ? {} : { description: params.Description }),
        trustPolicy,
        maxSessionSeconds: params.MaxSessionDuration ?? 3600,
        tags: newTags(params.Tags),
        ...(boundary === undefined ? {} : { permissionsBoundary: boundary }),
        attachedPolicies: [],
        inlinePolicies: new Map(),
      }
      account.roles.set(keyOf(roleName), role)
      return { Role: described(account, role) }
    },
  ),
  GetRole: reads({ RoleName: required(is.roleName) }, (account, { RoleName: name }) => {
    const role = roleNamed(account, name)
    return { Role: { ...described(account, role), RoleLastUsed: {} } }
  }),
  ListRoles: reads({ PathPrefix: is.pathPrefix, ...is.paging }, (account, params) => {
    const { PathPrefix: prefix = '/' } = params
    const roles = [...account.roles.values()].filter(({ path }) => path.startsWith(prefix))
    const found = page(roles, ({ roleName }) => keyOf(roleName), params)
    return { Roles: found.items.map((role) => listed(account, role)), ...rest(found) }
  }),
  DeleteRole: writes({ RoleName: required(is.roleName) }, (account, { RoleName: name }) => {
    const role = roleNamed(account, name)
    const refuse = (remedy: string) => new Refusal('DeleteConflict', `Cannot delete entity, ${remedy}`)
    if (role.attachedPolicies.length > 0) throw refuse('must detach all policies first.')
    if (role.inlinePolicies.size > 0) throw refuse('must delete policies first.')
    account.roles.delete(keyOf(name))
  }),
}

/** A role as lists show it: without boundary and tags (API_ListRoles, Note). */
export const listed = (account: Account, role: Role) => ({
  Path: role.path,
  RoleName: role.roleName,
  RoleId: role.roleId,
  Arn: roleArn(account, role),
  CreateDate: role.createDate,
  AssumeRolePolicyDocument: encodeURIComponent(role.trustPolicy),
  Description: role.description,
  MaxSessionDuration: role.maxSessionSeconds,
})

const described = (account: Account, role: Role) => ({
  ...listed(account, role),
  PermissionsBoundary: boundaryOf(role),
  Tags: role.tags.length > 0 ? role.tags : undefined,
})

/** A trust policy names who may assume the role; more of it is not looked at. */
function mustBeTrustPolicy(document: string): void {
  const statements = statementsIn(document)
  const isTrust = (statement: unknown) =>
    typeof statement === 'object' && statement !== null && 'Principal' in statement && 'Action' in statement
  if (statements.length > 0 && statements.every(isTrust)) return
  throw new Refusal('MalformedPolicyDocument', 'This policy contains invalid Json, or names no principal.')
}

function statementsIn(document: string): readonly unknown[] {
  try {
    const { Statement: statement } = JSON.parse(document) as { Statement?: unknown }
    return Array.isArray(statement) ? statement : statement === undefined ? [] : [statement]
  } catch {
    return []
  }
}
