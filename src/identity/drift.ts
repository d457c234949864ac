/**
 * What of a user is not as Muster left it though Muster did not do it. Pure.
 *
 * Judged by the identity's record and not by what is wanted now: a role that HR changed is no drift. And only where
 * the last run ended with nothing left to do: what a run that died may have left is no drift either.
 */
import { unlessAhead } from '../clock.ts'
import { type Difference, mayBeLag, readLagMs, type Told } from '../drift/drift.ts'
import type { DriftDetail, DriftKind } from '../drift/kinds.ts'
import { judgeCredentials, keyFacts, settlesAt } from './credential-rules.ts'
import type { LoadedIdentity } from './ledger-model.ts'
import type { Desired, Observed, ObservedUser, Registration } from './model.ts'
import { roleUnknown } from './plan-blocked.ts'
import { credentialContext } from './plan-input.ts'
import { isDeny } from './plan-reading.ts'
import type { RotationRules } from './rotation.ts'
import { isSameName } from './user-name.ts'

export interface DriftInput {
  readonly identity: LoadedIdentity
  readonly want: Desired
  readonly observed: Observed
  readonly registration: Registration
  readonly partition: string
  readonly rotation: RotationRules
  readonly now: Date
  /** What Muster itself did to this user within the last minute. */
  readonly lately: Parameters<typeof mayBeLag>[1]
  /** What AWS's events say that others did to this user meanwhile. */
  readonly told: readonly Told[]
}

/** What is known of the user, and wanted. */
export type UserInput = Omit<DriftInput, 'lately' | 'told'>

/** Everything that differs and that no call of our own explains, a lagging read included. */
export function driftsOf(input: DriftInput): readonly Difference[] {
  const steps = [...input.lately, ...firstDenyOf(input)]
  return suspectsOf(input).filter((difference) => !mayBeLag(difference, steps, input.told))
}

/** The same while nobody has asked yet whether a read may only lag behind. */
export function suspectsOf(input: UserInput): readonly Difference[] {
  const { identity, observed } = input
  if (identity.settledAs === null || identity.awsUserId === null) return []
  const found =
    observed.kind === 'present'
      ? ofUser(observed.user, input)
      : observed.kind === 'unknown'
        ? []
        : [differing('user-deleted', {}, null, input)]
  return found.filter((difference) => !mayBeOwnDeny(difference, input))
}

/**
 * The first call of a lock is made unread, by whichever process is free, and may come through after the change that
 * asked for it was taken back: it is on record only then.
 */
function mayBeOwnDeny({ kind, detail }: Difference, input: UserInput): boolean {
  const { identity, want, registration, now } = input
  const isDeny =
    (kind === 'group-added' && detail.groupName === registration.quarantineGroup) ||
    (kind === 'boundary-changed' && String(detail.after).endsWith(':aws:policy/AWSDenyAll'))
  const changedAt = unlessAhead(identity.employee.changedAt, now)
  const isFresh = changedAt !== null && now.getTime() - changedAt.getTime() < readLagMs
  return isDeny && (identity.settledAs === 'locked' || want.kind !== 'active' || isFresh)
}

/** A lock's first call may have been made by another process, which leaves no step on record. */
function firstDenyOf({ identity, registration, now }: UserInput): DriftInput['lately'] {
  const lockedAt = unlessAhead(identity.lockedAt, now)
  const isFresh = lockedAt !== null && now.getTime() - lockedAt.getTime() < readLagMs
  const GroupName = registration.quarantineGroup
  const startedAt = lockedAt?.toISOString() ?? ''
  return isFresh ? [{ do: 'AddUserToGroup', params: { GroupName }, outcome: 'done', startedAt }] : []
}

/** The same without asking whose doing it is: what of a user is not as it should stand on record. */
export function differencesOf(input: UserInput): readonly Difference[] {
  const { observed } = input
  return observed.kind === 'present' ? ofUser(observed.user, input) : []
}

function ofUser(user: ObservedUser, input: UserInput): Difference[] {
  const { identity, want } = input
  const differs = (kind: DriftKind, detail: DriftDetail = {}) => differing(kind, detail, user, input)
  const isSettledStill = (identity.settledAs === 'active') === (want.kind === 'active')
  return [
    ...groupDrifts(user, input, differs),
    ...policyDrifts(user, differs),
    ...(isSettledStill ? boundaryDrifts(user, input, differs) : []),
    ...registrationDrifts(user, input, differs),
    ...(identity.settledAs === 'locked' ? lockDrifts(user, input, differs) : []),
    ...(identity.settledAs === 'active' ? memberDrifts(user, input, differs) : []),
  ]
}

type Differs = (kind: DriftKind, detail?: DriftDetail) => Difference

function differing(
  kind: DriftKind,
  detail: DriftDetail,
  user: ObservedUser | null,
  { identity, registration, partition }: UserInput,
): Difference {
  const userName = user?.userName ?? identity.lastSeenName ?? registration.userName
  const names = new Set([userName, identity.lastSeenName ?? userName, registration.userName])
  return {
    kind,
    resource: `arn:${partition}:iam::${identity.accountId}:user${user?.path ?? registration.path}${userName}`,
    // Whoever did it may have called the user by any of its names.
    detail: { userName: registration.userName, userNames: [...names], ...detail },
  }
}

/**
 * A lock's first call joins the quarantine and may leave a group for it, unseen by this run: while one begins, only
 * groups that nobody of ours ever joined count.
 */
function groupDrifts(user: ObservedUser, { identity, want, registration }: UserInput, differs: Differs) {
  if (user.groups === 'unknown') return []
  const { quarantineGroup } = registration
  const observed = user.groups
  const own = new Set([...identity.groups, ...identity.possibleGroups])
  const isDenied = identity.lockedAt !== null || want.kind !== 'active'
  const added = observed.filter((name) => !own.has(name) && !(isDenied && name === quarantineGroup))
  const left = identity.groups.filter((name) => !observed.includes(name))
  const isSteady = identity.settledAs === 'active' && want.kind === 'active'
  return [
    ...added.map((groupName) => differs('group-added', { groupName })),
    ...(isSteady ? left.map((groupName) => differs('group-removed', { groupName })) : []),
    ...(identity.settledAs === 'locked' && !observed.includes(quarantineGroup)
      ? [differs('quarantine-left', { groupName: quarantineGroup })]
      : []),
  ]
}

function policyDrifts({ attachedPolicyArns, inlinePolicyNames }: ObservedUser, differs: Differs) {
  const attached = attachedPolicyArns === 'unknown' ? [] : attachedPolicyArns
  const inline = inlinePolicyNames === 'unknown' ? [] : inlinePolicyNames
  return [
    ...attached.map((policyArn) =>
      differs(isDeny(policyArn) ? 'deny-attached' : 'policy-attached', { policyArn }),
    ),
    ...inline.map((policyName) => differs('inline-policy-put', { policyName })),
  ]
}

function boundaryDrifts({ boundaryArn: after }: ObservedUser, { identity }: UserInput, differs: Differs) {
  const before = identity.boundaryArn
  // Nothing on record, or nobody knows what our last call came to.
  if (!before || after === before) return []
  return [differs(after === null ? 'boundary-removed' : 'boundary-changed', { before, after })]
}

function registrationDrifts(user: ObservedUser, { registration }: UserInput, differs: Differs) {
  const { userName, path, tags } = registration
  const tagKeys = Object.keys(tags).filter((name) => user.tags[name] !== tags[name])
  return [
    ...(isSameName(user.userName, userName)
      ? []
      : [differs('user-renamed', { before: userName, after: user.userName })]),
    ...(user.path === path ? [] : [differs('path-changed', { before: path, after: user.path })]),
    ...(tagKeys.length === 0 ? [] : [differs('tags-changed', { tagKeys })]),
  ]
}

const credentialKinds = {
  sshKeys: 'ssh-key-added',
  certificates: 'certificate-added',
  serviceCredentials: 'service-credential-added',
} as const

/** Whoever is locked has nothing that works. A device enabled a moment ago: an enrollment may have been in between. */
function lockDrifts(user: ObservedUser, input: UserInput, differs: Differs): Difference[] {
  if (isEnrolling(input)) return []
  const active = (facet: keyof typeof credentialKinds) =>
    user[facet] === 'unknown' ? [] : user[facet].filter((credential) => credential.active)
  const facets = Object.keys(credentialKinds) as (keyof typeof credentialKinds)[]
  return [
    ...(user.hasLoginProfile === true ? [differs('password-made')] : []),
    ...keyDrifts(user, input, () => true, differs),
    ...facets.flatMap((facet) => active(facet).map(({ id }) => differs(credentialKinds[facet], { id }))),
  ]
}

/** Who may have keys and passwords may make them; drift is what Muster would not have let be. */
function memberDrifts(user: ObservedUser, input: UserInput, differs: Differs): Difference[] {
  const { identity, want, rotation, now } = input
  const access = want.kind === 'active' ? want.access : want.kind === 'blocked' ? roleUnknown : null
  if (access === null || identity.mfaReset) return []
  const verdict = judgeCredentials(user, access, credentialContext(identity, rotation, now))
  const mayNotBe = (reason: string | null) => reason === 'no_mfa' || reason === 'forbidden'
  const forbidden = new Set(verdict.keys.filter((each) => mayNotBe(each.reason)).map((each) => each.key.id))
  const serials = user.mfaSerials
  const lost =
    serials === 'unknown' || isEnrolling(input)
      ? []
      : identity.mfaSerials.filter((serial) => !serials.includes(serial))
  return [
    ...(user.hasLoginProfile === true && !identity.consoleAccess && mayNotBe(verdict.password)
      ? [differs('password-made')]
      : []),
    ...lost.map((serialNumber) => differs('mfa-removed', { serialNumber })),
    ...keyDrifts(user, input, (id) => forbidden.has(id), differs),
  ]
}

function keyDrifts(
  user: ObservedUser,
  { identity, rotation, now }: UserInput,
  mayNotBe: (id: string) => boolean,
  differs: Differs,
) {
  const onRecord = new Map(identity.accessKeys.map((record) => [record.id, record]))
  const facts = keyFacts(user, credentialContext(identity, rotation, now))
  return facts
    .filter(({ id, active }) => active && mayNotBe(id))
    .flatMap(({ id: accessKeyId }) => {
      const record = onRecord.get(accessKeyId)
      if (!record) return [differs('access-key-made', { accessKeyId })]
      // Active on record and still so: another drift has made it one that may not be.
      const wasActive = record.active && identity.settledAs === 'active'
      return wasActive ? [] : [differs('access-key-activated', { accessKeyId })]
    })
}

/** Within minutes of a device that Muster enabled, reads lag and an enrollment may still be giving something. */
function isEnrolling({ identity: { mfaEnabledAt }, now }: UserInput): boolean {
  return settlesAt({ mfaEnabledAt, resetMfa: false, now }) !== null
}
