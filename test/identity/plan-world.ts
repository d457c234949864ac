/** An account with one user of ours in it: what can be seen of it, plans carried out on it, and what must hold. */
import assert from 'node:assert/strict'
import { type Applied, applyPlan } from '../../src/identity/apply.ts'
import type { CredentialContext } from '../../src/identity/credential-context.ts'
import { givesCodes } from '../../src/identity/credential-rules.ts'
import type { Desired, Observed, ObservedUser, Plan, Step } from '../../src/identity/model.ts'
import { plan } from '../../src/identity/plan.ts'
import { isDeny } from '../../src/identity/plan-reading.ts'
import { usualRotation } from '../../src/identity/rotation.ts'
import {
  accountWith,
  type Believed,
  baseline,
  quarantine,
  registration,
  roleGroups,
  type Standing,
} from './any-user.ts'
import { inProcess, now, type SandboxAccount } from './iam-in-process.ts'

export const facetNames = [
  'groups',
  'attachedPolicyArns',
  'inlinePolicyNames',
  'hasLoginProfile',
  'mfaSerials',
  'accessKeys',
  'sshKeys',
  'certificates',
  'serviceCredentials',
] as const satisfies readonly (keyof ObservedUser)[]
export type FacetName = (typeof facetNames)[number]

export interface World {
  /** What IAM says of our user; the facets in `hidden` could not be read. */
  look(hidden?: readonly FacetName[]): Observed
  groups(): readonly string[]
  /** Those of them that some role of the catalog has. */
  roleGroups(): readonly string[]
  /** Everybody else in the account, as they are now. */
  bystanders(): unknown
  /** Carries a plan out; `check` runs after each call that IAM accepted, which denies what it `refuses`. */
  apply(plan: Plan, check?: (step: Step) => void, refuses?: (step: Step) => boolean): Promise<Applied>
  /** What Muster has on record after a whole run. */
  recordAfter(desired: Desired): Believed
  /** Virtual MFA devices that belong to nobody, and count against the account's quota all the same. */
  orphanedDevices(): number
  mustBe(desired: Desired): void
  mustNotActWithoutMfa(): void
}

export function openWorld(standing: Standing | null): World {
  const account = accountWith(standing)
  const named = (name: string) => account.users.get(name.toLowerCase())
  let userId = named((standing ?? registration).userName)?.userId ?? null
  const ours = () => [...account.users.values()].find((user) => user.userId === userId)
  const groups = () => (ours()?.groups ?? []).map((key) => account.groups.get(key)?.groupName ?? key)
  return {
    look: (hidden = []) => lookAt(account, userId, hidden),
    groups,
    roleGroups: () => groups().filter((group) => roleGroups.has(group)),
    bystanders: () => structuredClone([...account.users.values()].filter((user) => user.userId !== userId)),
    async apply(next, check = () => {}, refuses) {
      let broken: unknown
      const accepted = (step: Step) => {
        if (step.do === 'CreateUser') userId = named(step.UserName)?.userId ?? null
        try {
          check(step)
        } catch (error) {
          broken ??= error
        }
      }
      const inSandbox = inProcess(account, accepted, refuses)
      const stillWanted = async () => true
      const groups = { quarantineGroup: quarantine, baselineGroup: baseline }
      const options = { account: inSandbox, ...groups, stillWanted, created: stillWanted }
      const applied = await applyPlan(next, options)
      if (broken) throw broken
      return applied
    },
    recordAfter: (desired) => ({
      possibleGroups: groups(),
      groups: groups(),
      quarantined: desired.kind === 'locked' || desired.kind === 'absent',
    }),
    orphanedDevices: () => [...account.virtualMfaDevices.values()].filter((device) => !device.userKey).length,
    mustBe: (desired) => mustBe(desired, lookAt(account, userId)),
    mustNotActWithoutMfa() {
      const user = ours()
      if (!user || user.mfaDevices.length > 0) return
      assert.equal(user.loginProfile, undefined, 'a password without MFA')
      assert.ok(!user.accessKeys.some(({ status }) => status === 'Active'), 'an active key without MFA')
    },
  }
}

/** With nothing on record of keys and devices, unless a test says otherwise. */
export const credentials: CredentialContext = {
  now,
  rotation: usualRotation,
  records: [],
  resetMfa: false,
  graceUntil: null,
  mfaEnabledAt: null,
  knownDevices: [],
}

export function planned(
  desired: Desired,
  observed: Observed,
  {
    possibleGroups,
    groups,
    quarantined,
    isBeingAdopted = false,
  }: Believed & { readonly isBeingAdopted?: boolean },
  more: Partial<CredentialContext> = {},
  boundaryArn: string | null = null,
): Plan {
  return plan({
    desired,
    observed,
    registration,
    possibleGroups,
    believed: { groups, quarantined, boundaryArn, isBeingAdopted },
    credentials: { ...credentials, ...more },
  })
}

/** What Muster wrote down before the first call of a run: all it has if the run dies. */
export function recordDuring(before: Believed, { steps }: Plan): Believed {
  const joins = steps.flatMap((step) => (step.do === 'AddUserToGroup' ? [step.GroupName] : []))
  const leaves = steps.flatMap((step) => (step.do === 'RemoveUserFromGroup' ? [step.GroupName] : []))
  return {
    possibleGroups: [...new Set([...before.possibleGroups, ...joins])].filter(
      (group) => group !== quarantine,
    ),
    groups: before.groups.filter((group) => !leaves.includes(group)),
    quarantined: before.quarantined || joins.includes(quarantine),
  }
}

function lookAt(account: SandboxAccount, userId: string | null, hidden: readonly FacetName[] = []): Observed {
  const user = [...account.users.values()].find((it) => it.userId === userId)
  const holder = account.users.get(registration.userName)
  if (!user && holder) return { kind: 'foreign', userName: holder.userName, userId: holder.userId }
  if (!user) return { kind: 'absent' }
  const listed = (list: readonly { status: string; id?: string; accessKeyId?: string }[]) =>
    list.map(({ id, accessKeyId, status }) => ({ id: id ?? accessKeyId ?? '', active: status === 'Active' }))
  const seen: ObservedUser = {
    userName: user.userName,
    userId: user.userId,
    path: user.path,
    tags: Object.fromEntries(user.tags.map(({ Key, Value }) => [Key, Value])),
    boundaryArn: user.permissionsBoundary ?? null,
    groups: user.groups.map((key) => account.groups.get(key)?.groupName ?? key),
    attachedPolicyArns: user.attachedPolicies,
    inlinePolicyNames: [...user.inlinePolicies.keys()],
    hasLoginProfile: user.loginProfile !== undefined,
    passwordUsedAt: user.loginProfile ? new Date(user.loginProfile.createDate) : null,
    mfaSerials: user.mfaDevices.map(({ serialNumber }) => serialNumber),
    accessKeys: user.accessKeys.map(({ accessKeyId, status, createDate, lastUsed }) => ({
      id: accessKeyId,
      active: status === 'Active',
      createdAt: new Date(createDate),
      lastUsedAt: lastUsed ? new Date(lastUsed.date) : null,
    })),
    sshKeys: listed(user.sshPublicKeys),
    certificates: listed(user.signingCertificates),
    serviceCredentials: listed(user.serviceCredentials),
    nameTakenBy: holder === user ? null : (holder?.userName ?? null),
  }
  return { kind: 'present', user: { ...seen, ...Object.fromEntries(hidden.map((it) => [it, 'unknown'])) } }
}

/** Judged from what the account holds, not from what any plan says. */
function mustBe(desired: Desired, there: Observed): void {
  if (desired.kind === 'purged') {
    assert.notEqual(there.kind, 'present')
    return
  }
  if (there.kind !== 'present') {
    // Nobody makes a user only to lock it, and a name that is somebody else's is a conflict.
    assert.ok(desired.kind !== 'active' || there.kind === 'foreign')
    return
  }
  const { user } = there
  const attached =
    user.attachedPolicyArns === 'unknown' ? [] : user.attachedPolicyArns.filter((arn) => !isDeny(arn))
  assert.deepEqual([attached, user.inlinePolicyNames], [[], []])
  if (desired.kind === 'active') {
    const { groups, boundaryArn, console, accessKeys } = desired.access
    const serials = user.mfaSerials === 'unknown' ? [] : user.mfaSerials
    const hasMfa = serials.length > 0
    const hasCodes = serials.some(givesCodes)
    assert.deepEqual([...user.groups].sort(), [...groups].sort())
    assert.equal(user.boundaryArn, boundaryArn)
    assert.ok(!user.hasLoginProfile || (console && hasMfa), 'a password that may not be')
    assert.ok(
      !anyActive(user.accessKeys) || (accessKeys === 'self-service' && hasCodes),
      'a key that may not be',
    )
    assert.equal(user.path, registration.path)
    for (const [key, value] of Object.entries(registration.tags)) assert.equal(user.tags[key], value)
    // IAM refuses to change nothing but a name's case.
    if (!user.nameTakenBy) assert.equal(user.userName.toLowerCase(), registration.userName)
    return
  }
  assert.deepEqual(user.groups, [quarantine])
  assert.equal(user.hasLoginProfile, false)
  for (const list of [user.accessKeys, user.sshKeys, user.certificates, user.serviceCredentials]) {
    assert.ok(!anyActive(list), 'a credential is active in a lock')
  }
}

const anyActive = (list: ObservedUser['sshKeys']) => list !== 'unknown' && list.some(({ active }) => active)
