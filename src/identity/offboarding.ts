/** The evidence of an employee's last departure, put together from the record: nothing is asked of AWS. */
import { eq } from 'drizzle-orm'
import type { Database } from '../store/open.ts'
import { deliveries, type EmployeeStatus, type Hold } from '../store/schema.ts'
import { readDepartedIdentities } from './departed-identities.ts'
import { type Departure, readDeparted, readDeparture, readSaidOfEnd, type SaidOfEnd } from './departure.ts'
import { type AccountEvidence, evidenceOf } from './offboarding-evidence.ts'
import type { TrailEvidence } from './offboarding-trail.ts'

export interface Offboarding {
  readonly employeeId: string
  readonly status: EmployeeStatus
  readonly hold: Hold | null
  readonly departure: {
    readonly beganAt: Date
    /** Null while the person is out. */
    readonly returnedAt: Date | null
    /** When access was to end, or Muster heard of it, whichever was later. */
    readonly dueAt: Date
    /** `hr delivery <id>`, `schedule`, or the administrator; null where it is not on record. */
    readonly cause: string | null
    readonly delivery: CausingDelivery | null
    readonly said: readonly SaidOfEnd[]
  }
  readonly accounts: readonly AccountEvidence[]
  /** How many of the calls the trail is known to have. */
  readonly trail: Readonly<Record<TrailEvidence['status'], number>>
  /** Nothing is left to be done in any account; of a departure that is over, nothing was when the person returned. */
  readonly complete: boolean
  readonly limits: readonly string[]
}

export interface CausingDelivery {
  readonly id: string
  readonly source: string
  readonly receivedAt: Date
}

/** `unknown`: nobody was ever hired under this id. `never-departed`: nobody ever took the person's access away. */
export type OffboardingAnswer =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'never-departed'; readonly status: EmployeeStatus }
  | { readonly kind: 'departed'; readonly offboarding: Offboarding }

/** A handful of statements, whoever it is. */
export async function readOffboarding(
  db: Database,
  employeeId: string,
  { quarantineGroup, now }: { readonly quarantineGroup: string; readonly now: Date },
): Promise<OffboardingAnswer> {
  const employee = await readDeparted(db, employeeId)
  if (!employee) return { kind: 'unknown' }
  const departure = await readDeparture(db, employee)
  if (!departure) return { kind: 'never-departed', status: employee.status }
  const [delivery, said, departed] = await Promise.all([
    readDelivery(db, departure.cause),
    readSaidOfEnd(db, employeeId, departure),
    readDepartedIdentities(db, employeeId, departure, now),
  ])
  const { beganAt, returnedAt, cause } = departure
  const dueAt = dueAtOf(departure, delivery)
  const accounts = departed.map((identity) =>
    evidenceOf(identity, { dueAt, returnedAt, quarantineGroup, now }),
  )
  return {
    kind: 'departed',
    offboarding: {
      employeeId,
      status: employee.status,
      hold: employee.hold,
      departure: { beganAt, returnedAt, dueAt, cause, delivery, said },
      accounts,
      trail: countTrail(accounts),
      complete: accounts.every(({ complete }) => complete),
      limits: offboardingLimits,
    },
  }
}

async function readDelivery(db: Database, cause: string | null): Promise<CausingDelivery | null> {
  const id = /^\S+ delivery ([0-9a-f-]{36})$/.exec(cause ?? '')?.[1]
  if (id === undefined) return null
  const { source, receivedAt } = deliveries
  const [row] = await db.select({ source, receivedAt }).from(deliveries).where(eq(deliveries.id, id))
  return row ? { id, ...row } : null
}

function dueAtOf({ beganAt, agreedFor }: Departure, delivery: CausingDelivery | null): Date {
  if (delivery) return delivery.receivedAt
  // What was agreed for a date was due then, whenever Muster came to it.
  return agreedFor && agreedFor < beganAt ? agreedFor : beganAt
}

function countTrail(accounts: readonly AccountEvidence[]): Offboarding['trail'] {
  const count = { found: 0, waiting: 0, not_found: 0, unknown: 0 }
  for (const { actions } of accounts) {
    for (const { trail } of actions) if (trail) count[trail.status]++
  }
  return count
}

/** What taking everything from a user does not reach: for whoever reads the evidence. */
const offboardingLimits = [
  'Sessions of roles that the person assumed earlier go on until they expire: revoke them at the role.',
  'Services that only verify sts:GetCallerIdentity take temporary credentials of the user until those expire: no policy can deny that call.',
  'Connections that are open already (SSH, databases) are not cut.',
  'A change in IAM takes effect everywhere within seconds usually, within minutes at worst.',
] as const
