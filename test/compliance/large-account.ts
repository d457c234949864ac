/** An account as large as AWS lets it be, made in the sandbox's memory: everybody has a virtual MFA device. */
import { callIam, type Sandbox } from '../../src/sandbox/index.ts'

export interface AccountSize {
  readonly users: number
  readonly groups: number
  readonly policies: number
  readonly roles: number
}

export const largest: AccountSize = { users: 5000, groups: 300, policies: 1500, roles: 1000 }

/** A policy of about 2,000 characters, as people write them. */
const policyDocument = (n: number) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: Array.from({ length: 8 }, (_, i) => ({
      Sid: `Part${i}`,
      Effect: 'Allow',
      Action: ['s3:GetObject', 's3:PutObject', 's3:ListBucket', 's3:DeleteObject'],
      Resource: [`arn:aws:s3:::bucket-${n}-${i}`, `arn:aws:s3:::bucket-${n}-${i}/*`],
      Condition: { StringEquals: { 'aws:PrincipalTag/team': `team-${n}` } },
    })),
  })

const trustPolicy = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' }],
})

export function fillAccount({ state }: Sandbox, { users, groups, policies, roles }: AccountSize): void {
  const now = new Date()
  const call = (action: string, params: Readonly<Record<string, unknown>>) => {
    const result = callIam(state, action, params, { now })
    if (!result.ok) throw new Error(`${action}: ${JSON.stringify(result)}`)
  }
  const room = state.policies.size
  for (let n = room; n < policies; n++) {
    call('CreatePolicy', { PolicyName: `policy-${n}`, PolicyDocument: policyDocument(n) })
  }
  for (let n = state.groups.size; n < groups; n++) {
    call('CreateGroup', { GroupName: `group-${n}` })
    call('AttachGroupPolicy', {
      GroupName: `group-${n}`,
      PolicyArn: `arn:aws:iam::${state.accountId}:policy/policy-${Math.max(room, n)}`,
    })
  }
  for (let n = state.roles.size; n < roles; n++) {
    const RoleName = `role-${n}`
    call('CreateRole', { RoleName, AssumeRolePolicyDocument: trustPolicy })
    call('PutRolePolicy', { RoleName, PolicyName: 'own', PolicyDocument: policyDocument(n) })
  }
  const memberOf = [...state.groups.values()].map(({ groupName }) => groupName)
  for (let n = state.users.size; n < users; n++) {
    const UserName = `user-${n}`
    call('CreateUser', { UserName, Tags: [{ Key: 'team', Value: `team-${n % 50}` }] })
    for (const i of [0, 1, 2]) {
      call('AddUserToGroup', { UserName, GroupName: memberOf[(n * 3 + i) % memberOf.length] })
    }
  }
  for (const [userKey, user] of state.users) giveDevice(state, userKey, user, now)
}

/** Without a secret of its own: nobody will sign in with it. */
function giveDevice(
  { accountId, virtualMfaDevices }: Sandbox['state'],
  userKey: string,
  user: User,
  now: Date,
) {
  const serialNumber = deviceOf(accountId, user.userName)
  const enableDate = now.toISOString()
  virtualMfaDevices.set(serialNumber, { serialNumber, seed: 'A'.repeat(64), tags: [], userKey, enableDate })
  user.mfaDevices = [{ serialNumber, enableDate }]
}

export const deviceOf = (accountId: string, userName: string) => `arn:aws:iam::${accountId}:mfa/${userName}`

type User = ReturnType<Sandbox['state']['users']['get']> & object

/** What the design allows for a scan: N users, V virtual MFA devices, G groups, P policies, T trails. */
export function callBudget({ state }: Sandbox): number {
  const pages = (count: number) => Math.ceil(count / 1000)
  const { users, virtualMfaDevices, groups, policies, trails } = state
  return (
    pages(users.size) +
    pages(virtualMfaDevices.size) +
    pages(groups.size + policies.size) +
    12 +
    2 * trails.size
  )
}
