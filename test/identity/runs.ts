/** Runs of a reconcile, as they may have ended: made from the little that a test wants to say of them. */
import { AwsCallError } from '../../src/aws/errors.ts'
import type { Applied } from '../../src/identity/apply.ts'
import type { Denied } from '../../src/identity/first-deny.ts'
import type { LoadedIdentity } from '../../src/identity/ledger-model.ts'
import type { Access, Desired, Observed, ObservedUser, Plan, Step } from '../../src/identity/model.ts'
import { usualRotation } from '../../src/identity/rotation.ts'
import type { Run } from '../../src/identity/run.ts'
import { paramsOf } from '../../src/identity/steps.ts'
import type { RecordedStep } from '../../src/store/schema.ts'

export const startedAt = new Date('2026-11-23T09:00:00Z')
export const finishedAt = new Date('2026-11-23T09:00:02Z')
export const minuteMs = 60_000
export const later = (ms: number) => new Date(finishedAt.getTime() + ms)

const UserName = 'ada.lovelace'
export const quarantine = 'muster-quarantine'
export const baseline = 'muster-baseline'

export const identity: LoadedIdentity = {
  id: '01a20b19-98c8-7000-8b12-291508bfcd37',
  employeeId: 'E1001',
  accountId: '123456789012',
  userName: UserName,
  awsUserId: null,
  lastSeenName: null,
  state: 'pending',
  groups: [],
  possibleGroups: [],
  mfaEnrolled: false,
  consoleAccess: false,
  adopt: false,
  generation: 7,
  cause: 'hr delivery 1',
  lockedAt: null,
  deniedName: null,
  deletedAt: null,
  touchedAt: null,
  lacks: null,
  mfaReset: false,
  mfaEnabledAt: null,
  mfaDeadlineAt: null,
  mfaSerials: [],
  accessKeys: [],
  boundaryArn: null,
  missingSince: null,
  settledAs: null,
  settledAt: null,
  hasStandingDrifts: false,
  employee: { status: 'active', role: 'backend-engineer', hold: null, lockedSince: null, changedAt: null },
  catalogHash: 'catalog',
  lastReconciledAt: null,
}

/** The identity of somebody who works here. */
export const member: LoadedIdentity = {
  ...identity,
  awsUserId: 'AIDA1',
  lastSeenName: UserName,
  state: 'active',
  groups: [baseline, 'engineering'],
  possibleGroups: [baseline, 'engineering'],
  mfaEnrolled: true,
  consoleAccess: true,
  touchedAt: new Date('2026-11-01T09:00:00Z'),
}

const left = { ...identity.employee, status: 'terminated', lockedSince: startedAt } as const
/** The same person after their last day, as a lock finds them. */
export const leaver: LoadedIdentity = { ...member, employee: left }

export const access: Access = {
  groups: [baseline, 'engineering'],
  boundaryArn: 'arn:aws:iam::123456789012:policy/muster/muster-boundary-engineer',
  console: true,
  accessKeys: 'none',
}
export const active: Desired = { kind: 'active', access }
export const locked: Desired = { kind: 'locked', why: 'terminated' }
export const purged: Desired = { kind: 'purged' }

export const steps = {
  create: { do: 'CreateUser', UserName, Path: '/muster/', PermissionsBoundary: access.boundaryArn, Tags: [] },
  boundary: { do: 'PutUserPermissionsBoundary', UserName, PermissionsBoundary: access.boundaryArn },
  join: (GroupName: string) => ({ do: 'AddUserToGroup', UserName, GroupName }),
  leave: (GroupName: string) => ({ do: 'RemoveUserFromGroup', UserName, GroupName }),
  rename: { do: 'UpdateUser', UserName: 'ada.renamed', NewUserName: UserName },
  dropPassword: { do: 'DeleteLoginProfile', UserName },
  dropMfa: { do: 'DeactivateMFADevice', UserName, SerialNumber: 'GAHT00000001' },
  remove: { do: 'DeleteUser', UserName },
} as const satisfies Record<string, Step | ((group: string) => Step)>

export function present(user: Partial<ObservedUser> = {}): Observed {
  const seen: ObservedUser = {
    userName: UserName,
    userId: 'AIDA1',
    path: '/muster/',
    tags: {},
    boundaryArn: access.boundaryArn,
    groups: [baseline, 'engineering'],
    attachedPolicyArns: [],
    inlinePolicyNames: [],
    hasLoginProfile: true,
    passwordUsedAt: startedAt,
    mfaSerials: ['GAHT00000001'],
    accessKeys: [],
    sshKeys: [],
    certificates: [],
    serviceCredentials: [],
    nameTakenBy: null,
  }
  return { kind: 'present', user: { ...seen, ...user } }
}
export const unknown: Observed = { kind: 'unknown' }
export const absent: Observed = { kind: 'absent' }
export const foreign: Observed = { kind: 'foreign', userName: UserName, userId: 'AIDA9' }

export function planOf(kind: Plan['kind'], more: Partial<Plan> = {}): Plan {
  return { kind, steps: [], unread: [], ...more }
}

export function recorded(step: Step, outcome: RecordedStep['outcome'] = 'done'): RecordedStep {
  return { do: step.do, params: paramsOf(step), outcome }
}

/** What came of the steps of a plan: done, but for those with another outcome beside them. */
export function applied(
  list: readonly (Step | readonly [Step, RecordedStep['outcome']])[],
  more: Partial<Applied> = {},
): Applied {
  return {
    steps: list.map((it) => ('do' in it ? recorded(it) : recorded(...it))),
    createdUserId: null,
    stopped: false,
    errors: [],
    ...more,
  }
}

export function failure(action: string, code: string, message = 'why', httpStatusCode = 400): AwsCallError {
  return new AwsCallError(action, { name: code, message, $metadata: { httpStatusCode } })
}

export function denied(by: Denied['by'], list: readonly RecordedStep[] = []): Denied {
  return { by, at: startedAt, steps: list }
}

export function runOf(more: Partial<Run> = {}): Run {
  return {
    identity: member,
    want: active,
    observed: present(),
    plan: planOf('none'),
    applied: null,
    denied: null,
    drifts: [],
    differences: null,
    extraSteps: [],
    operationId: '01a20b19-98c8-7001-922b-ad77499822c5',
    startedAt,
    finishedAt,
    retentionDays: 30,
    rotation: usualRotation,
    rehearsed: false,
    deniedName: null,
    wasMistaken: false,
    quarantineGroup: quarantine,
    ...more,
  }
}

/** The part of an outcome that a test is about. */
export function pick<T extends object, K extends keyof T>(from: T, ...keys: K[]): Pick<T, K> {
  return Object.fromEntries(keys.map((key) => [key, from[key]])) as Pick<T, K>
}
