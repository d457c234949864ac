/** What a run comes to for credentials: what is lacking, what is on record, and who has to hear of it. Pure. */
import type { Notice } from '../notify/announce.ts'
import type { AccessKeyRecord, Lack, RecordedStep } from '../store/schema.ts'
import { isVirtual, judgeCredentials, type KeyVerdict, settlesAt } from './credential-rules.ts'
import type { LoadedIdentity, Outcome } from './ledger-model.ts'
import type { Access, Desired, Observed, ObservedUser } from './model.ts'
import { credentialContext } from './plan-input.ts'
import { earliest, keptTooLong, nextKeyChange, type RotationRules } from './rotation.ts'

export interface CredentialRun {
  readonly identity: LoadedIdentity
  readonly want: Desired
  readonly observed: Observed
  /** What was done, the lock's first call apart. */
  readonly steps: readonly RecordedStep[]
  readonly rotation: RotationRules
  readonly startedAt: Date
  readonly finishedAt: Date
  /** The run reached what it was for. */
  readonly reached: boolean
}

export type CredentialOutcome = Pick<
  Outcome,
  'lacks' | 'enrollmentWanted' | 'keyLinkWanted' | 'mfaResetDone' | 'mfaSerials' | 'accessKeys' | 'notices'
> & {
  /** Of the kind that the role needs, after the run. */
  readonly isEnrolled: boolean
  /** When credentials are to be looked at next; null when never by themselves. */
  readonly nextChangeAt: Date | null
}

export function credentialOutcome(run: CredentialRun): CredentialOutcome {
  const { identity, want, observed } = run
  if (want.kind !== 'active') return leaverOutcome(run)
  if (observed.kind === 'present') return memberOutcome(run, want.access, observed.user)
  const lacks = run.reached && observed.kind === 'absent' ? lackOf(want.access, false, false) : identity.lacks
  return {
    ...nothing(identity),
    lacks,
    enrollmentWanted: lacks !== null && lacks !== identity.lacks,
    isEnrolled: observed.kind === 'unknown' && identity.mfaEnrolled,
    ...(observed.kind === 'absent' ? { mfaSerials: [], accessKeys: [] } : {}),
  }
}

function nothing({ mfaSerials, accessKeys }: LoadedIdentity) {
  return {
    enrollmentWanted: false,
    keyLinkWanted: false,
    mfaResetDone: false,
    mfaSerials,
    accessKeys,
    notices: [],
    nextChangeAt: null,
  }
}

/** Whoever comes back lacks again what they lack then. A device is remembered until it is surely gone. */
function leaverOutcome({ identity, observed, steps }: CredentialRun): CredentialOutcome {
  const seen =
    observed.kind === 'present' && observed.user.mfaSerials !== 'unknown' ? observed.user.mfaSerials : []
  const deleted = serialsOf(steps, 'DeleteVirtualMFADevice')
  const mfaSerials = [...new Set([...identity.mfaSerials, ...seen])].filter(
    (serial) => !deleted.includes(serial),
  )
  return { ...nothing(identity), lacks: null, mfaSerials, isEnrolled: seen.length > 0 }
}

function memberOutcome(run: CredentialRun, access: Access, user: ObservedUser): CredentialOutcome {
  const { identity, rotation, startedAt: now, steps, reached } = run
  const context = credentialContext(identity, rotation, now)
  const verdict = judgeCredentials(user, access, context)
  const done = (action: string) => steps.some((step) => step.do === action && isDone(step))
  const gone = serialsOf(steps, 'DeactivateMFADevice')
  const deleted = serialsOf(steps, 'DeleteVirtualMFADevice')
  const serials = user.mfaSerials === 'unknown' ? identity.mfaSerials : user.mfaSerials
  const mfaResetDone = identity.mfaReset && reached
  const isEnrolled =
    !mfaResetDone && (verdict.isEnrolled === 'unknown' ? identity.mfaEnrolled : verdict.isEnrolled)
  const hasPassword = user.hasLoginProfile === true && !done('DeleteLoginProfile')
  const lacks = reached ? lackOf(access, isEnrolled, hasPassword) : identity.lacks
  const droppedUnused = verdict.password === 'unused' && done('DeleteLoginProfile')
  const records = verdict.keys.flatMap((each) => recordAfter(each, steps, now))
  const left = serials.filter((serial) => !gone.includes(serial))
  return {
    lacks,
    isEnrolled,
    enrollmentWanted: mfaResetDone || (lacks !== null && lacks !== identity.lacks && !droppedUnused),
    keyLinkWanted: reached && verdict.keys.some(({ due }) => due === 'warn'),
    mfaResetDone,
    // One that was deactivated and could not be deleted stands unassigned.
    mfaSerials: [
      ...(left.length === 0 && settlesAt(context) ? identity.mfaSerials : left),
      ...gone.filter((serial) => isVirtual(serial) && !deleted.includes(serial)),
    ],
    // What was not read stands as it stood.
    accessKeys: user.accessKeys === 'unknown' ? identity.accessKeys : records,
    nextChangeAt: earliest([
      verdict.nextChangeAt,
      ...records.map((record) => nextKeyChange(factsOf(record), rotation, now)),
    ]),
    notices: noticesOf(run, verdict.keys, verdict.password),
  }
}

function lackOf(access: Access, isEnrolled: boolean, hasPassword: boolean): Lack | null {
  if (!access.console && access.accessKeys === 'none') return null
  if (!isEnrolled) return 'mfa'
  return access.console && !hasPassword ? 'password' : null
}

function recordAfter({ key, due }: KeyVerdict, steps: readonly RecordedStep[], now: Date): AccessKeyRecord[] {
  const was = (action: string) =>
    steps.some((step) => step.do === action && step.params.AccessKeyId === key.id && isDone(step))
  if (was('DeleteAccessKey')) return []
  const active = key.active && !was('UpdateAccessKey')
  const lastUsedAt = key.lastUsedAt === 'unknown' ? null : key.lastUsedAt
  return [
    {
      id: key.id,
      active,
      createdAt: key.createdAt.toISOString(),
      lastUsedAt: lastUsedAt?.toISOString() ?? null,
      warnedAt: (due === 'warn' ? now : key.warnedAt)?.toISOString() ?? null,
      disabledAt: active ? null : (key.disabledAt ?? now).toISOString(),
    },
  ]
}

function factsOf(record: AccessKeyRecord) {
  const moment = (text: string | null) => (text === null ? null : new Date(text))
  return {
    ...record,
    createdAt: new Date(record.createdAt),
    lastUsedAt: moment(record.lastUsedAt),
    warnedAt: moment(record.warnedAt),
    disabledAt: moment(record.disabledAt),
  }
}

function noticesOf(
  run: CredentialRun,
  keys: readonly KeyVerdict[],
  password: KeyVerdict['reason'],
): Notice[] {
  const { identity, steps, rotation, startedAt } = run
  const notice = (type: Notice['type'], data: Notice['data']): Notice => ({
    type,
    at: run.finishedAt,
    employeeId: identity.employeeId,
    data: { userName: identity.userName, ...data },
  })
  const was = (action: string, id?: string) =>
    steps.some(
      (step) => step.do === action && isDone(step) && (id === undefined || step.params.AccessKeyId === id),
    )
  const ofKeys = keys.flatMap(({ key, due, reason }): Notice[] => {
    const data = { accessKeyId: key.id, createdAt: key.createdAt.toISOString() }
    if (due === 'warn') {
      const expiresAt = new Date(
        key.createdAt.getTime() + rotation.disableAfterDays * 86_400_000,
      ).toISOString()
      return [notice('access_key.expiring', { ...data, expiresAt })]
    }
    if (was('DeleteAccessKey', key.id)) return [notice('access_key.deleted', data)]
    return was('UpdateAccessKey', key.id) ? [notice('access_key.disabled', { ...data, reason })] : []
  })
  const older = keptTooLong(
    keys.map(({ key }) => key),
    rotation,
    startedAt,
  )
  const hadNoMfa = [password, ...keys.map(({ reason }) => reason)].includes('no_mfa')
  return [
    ...ofKeys,
    ...(older ? [notice('access_key.second_active', { accessKeyId: older.id })] : []),
    ...(was('DeleteLoginProfile') ? [notice('password.removed', { reason: password })] : []),
    ...(hadNoMfa && steps.some(isDone) ? [notice('mfa.missing', {})] : []),
    ...(isInGrace(run) ? [notice('mfa.missing', { deadline: identity.mfaDeadlineAt?.toISOString() })] : []),
  ]
}

/** An adopted user has a deadline, and no device yet. */
function isInGrace({ identity: { mfaDeadlineAt }, observed, startedAt }: CredentialRun): boolean {
  const hasNone =
    observed.kind === 'present' &&
    observed.user.mfaSerials !== 'unknown' &&
    observed.user.mfaSerials.length === 0
  return mfaDeadlineAt !== null && startedAt < mfaDeadlineAt && hasNone
}

function serialsOf(steps: readonly RecordedStep[], action: string): string[] {
  return steps
    .filter((step) => step.do === action && isDone(step))
    .map((step) => String(step.params.SerialNumber))
}

const isDone = ({ outcome }: RecordedStep) => outcome === 'done' || outcome === 'already'
