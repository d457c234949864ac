/** How an identity stands after a run, as far as accepted calls and reads tell. Pure. */
import type { Observed, ObservedUser } from './model.ts'
import type { Run } from './run.ts'

/** How the identity stands after the run, as far as accepted calls and reads tell. */
export interface Facts {
  readonly exists: boolean | 'unknown'
  readonly userId: string | null
  readonly userName: string | null
  readonly groups: readonly string[]
  readonly hasMfa: boolean
  readonly hasPassword: boolean
}

/** By our last accepted call; a read may lag behind it. */
export function boundaryAfter({ identity, want, observed, denied, applied }: Run): string | null {
  let boundaryArn = identity.boundaryArn
  for (const { outcome, params } of [...(denied?.steps ?? []), ...(applied?.steps ?? [])]) {
    if (typeof params.PermissionsBoundary !== 'string' || outcome === 'skipped') continue
    boundaryArn = outcome === 'done' ? params.PermissionsBoundary : ''
  }
  // Nothing on record, and the role's own is what was found: from now on that is on record.
  const isFound = boundaryArn === null && want.kind === 'active' && observed.kind === 'present'
  return isFound && observed.user.boundaryArn === want.access.boundaryArn
    ? want.access.boundaryArn
    : boundaryArn
}

/** A user that was to be made anew: what we knew before is another's id. */
export function triedToCreate({ applied }: Run): boolean {
  const [first] = applied?.steps ?? []
  return first?.do === 'CreateUser' && first.outcome !== 'skipped'
}

/** Replays what was done upon what was observed. */
export function factsAfter({ identity, observed, applied, denied }: Run): Facts {
  let exists: Facts['exists'] =
    observed.kind === 'present' ? true : observed.kind === 'unknown' ? 'unknown' : false
  let userId = observed.kind === 'present' ? observed.user.userId : null
  let userName = observed.kind === 'present' ? observed.user.userName : null
  const known =
    observed.kind === 'present' && observed.user.groups !== 'unknown' ? observed.user.groups : null
  const groups = new Set(known ?? (exists === false ? [] : identity.groups))
  const facets = credentialsOf(observed)
  const mfa = facets.mfaSerials === 'unknown' ? null : new Set(facets.mfaSerials)
  // What was not read stands as it stood.
  let hasPassword = facets.hasLoginProfile === 'unknown' ? identity.consoleAccess : facets.hasLoginProfile
  for (const step of [...(known ? [] : (denied?.steps ?? [])), ...(applied?.steps ?? [])]) {
    if (step.outcome !== 'done' && step.outcome !== 'already') continue
    const params = step.params as Record<string, string>
    switch (step.do) {
      case 'CreateUser':
        exists = true
        userId = applied?.createdUserId ?? null
        userName = params.UserName ?? null
        break
      case 'AddUserToGroup':
        groups.add(params.GroupName ?? '')
        break
      case 'RemoveUserFromGroup':
        groups.delete(params.GroupName ?? '')
        break
      case 'UpdateUser':
        userName = params.NewUserName ?? userName
        break
      case 'DeleteLoginProfile':
        hasPassword = false
        break
      case 'DeactivateMFADevice':
        mfa?.delete(params.SerialNumber ?? '')
        break
      case 'DeleteUser':
        exists = false
        break
    }
  }
  const hasMfa = mfa ? mfa.size > 0 : identity.mfaEnrolled
  return { exists, userId, userName, groups: [...groups], hasMfa, hasPassword }
}

function credentialsOf(observed: Observed): Pick<ObservedUser, 'mfaSerials' | 'hasLoginProfile'> {
  if (observed.kind === 'present') return observed.user
  if (observed.kind === 'unknown') return { mfaSerials: 'unknown', hasLoginProfile: 'unknown' }
  return { mfaSerials: [], hasLoginProfile: false }
}

/** After a run that did not get through: all that was possible before, and what it may have added. */
export function possibleAfter({ identity, applied }: Run, facts: Facts): string[] {
  const possible = new Set([...identity.possibleGroups, ...facts.groups])
  for (const step of applied?.steps ?? []) {
    const group = String(step.params.GroupName)
    if (step.do === 'AddUserToGroup' && step.outcome !== 'skipped') possible.add(group)
    if (step.do === 'RemoveUserFromGroup' && (step.outcome === 'done' || step.outcome === 'already'))
      possible.delete(group)
  }
  return [...possible]
}
