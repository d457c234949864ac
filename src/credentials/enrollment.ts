/** One-time links and who stands behind them: what may be done with a link, and when. Pure. */
import { givesCodes } from '../identity/credential-rules.ts'
import type {
  EmployeeStatus,
  EnrollmentPurpose,
  EnrollmentStatus,
  Hold,
  IdentityState,
  Lack,
} from '../store/schema.ts'

/** A link with the identity and the employee that it is about, as they are now. */
export interface EnrollmentCase {
  readonly id: string
  readonly identityId: string
  readonly employeeId: string
  readonly purpose: EnrollmentPurpose
  readonly status: EnrollmentStatus
  readonly createdAt: Date
  readonly expiresAt: Date
  readonly wrongCodes: number
  readonly deviceSerials: readonly string[]
  readonly givenName: string
  readonly familyName: string
  readonly email: string
  readonly accountId: string
  /** The name under which IAM knows the user now. */
  readonly userName: string
  readonly awsUserId: string | null
  readonly state: IdentityState
  readonly lacks: Lack | null
  readonly mfaReset: boolean
  readonly generation: number
  readonly reconciledGeneration: number
  readonly role: string
  readonly employeeStatus: EmployeeStatus | null
  readonly hold: Hold | null
}

/** So many wrong pairs of codes lock a link. */
export const wrongCodesAllowed = 10

export function isOpen({ status, expiresAt }: EnrollmentCase, now: Date): boolean {
  return status === 'open' && now < expiresAt
}

/** Whether anything may be granted to this identity right now. */
export type Readiness =
  | 'ready'
  /** Muster is at work on the user: in a moment. */
  | 'settling'
  /** Somebody else's matter: locked, blocked, a conflict, not started. */
  | 'not-now'

export function readinessOf(link: EnrollmentCase): Readiness {
  const works = link.employeeStatus === 'active' && link.hold === null
  if (!works || link.state === 'blocked' || link.state === 'conflict') return 'not-now'
  const isSettled = link.awsUserId !== null && !link.mfaReset && link.generation === link.reconciledGeneration
  return isSettled && (link.state === 'active' || link.state === 'awaiting_mfa') ? 'ready' : 'settling'
}

/** Whether one of these devices is enough for what the role may have. */
export function isEnrolledWith(
  serials: readonly string[],
  access: { readonly accessKeys: 'none' | 'self-service' },
): boolean {
  return access.accessKeys === 'none' ? serials.length > 0 : serials.some(givesCodes)
}

/** Two consecutive codes as somebody typed them; undefined when they cannot be right. */
export function readCodes(first: unknown, second: unknown): readonly [string, string] | undefined {
  const [one, two] = [first, second].map((code) => String(code ?? '').replace(/[\s-]/g, ''))
  const isCode = (code: string | undefined): code is string => code !== undefined && /^\d{6}$/.test(code)
  return isCode(one) && isCode(two) && one !== two ? [one, two] : undefined
}
