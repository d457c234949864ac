/** What an identity should be, from the employee, the catalog and the time alone. */
import type { EmployeeStatus, Hold } from '../store/schema.ts'
import type { Desired } from './model.ts'

export interface EmployeeFacts {
  /** Null while nobody was ever hired under this id. */
  readonly status: EmployeeStatus | null
  readonly role: string
  readonly hold: Hold | null
  /** Since when the person has been out (terminated or suspended), as HR sees it. */
  readonly lockedSince: Date | null
}

/** What the catalog says of a role, with IAM's names for it in one account. */
export interface RoleAccess {
  readonly groups: readonly string[]
  readonly boundaryArn: string
  readonly console: boolean
  readonly accessKeys: 'none' | 'self-service'
}

export interface DesiredInput {
  readonly employee: EmployeeFacts
  /** Undefined for a role that the catalog does not have. */
  readonly roleAccess: RoleAccess | undefined
  /** When IAM accepted the first deny of the lock in force. */
  readonly lockedAt: Date | null
  readonly retentionDays: number
  readonly now: Date
}

const dayMs = 86_400_000

export function desired(input: DesiredInput): Desired {
  const { employee, roleAccess, now } = input
  // A hold outranks everything, the purge too: whoever investigates wants the user to be there.
  if (employee.hold) return { kind: 'locked', why: 'held' }
  switch (employee.status) {
    case null:
    case 'scheduled':
      return { kind: 'absent' }
    case 'suspended':
      return { kind: 'locked', why: 'suspended' }
    case 'terminated': {
      const purge = purgeAt(input)
      return purge && purge <= now ? { kind: 'purged' } : { kind: 'locked', why: 'terminated' }
    }
    case 'active':
      return roleAccess
        ? { kind: 'active', access: roleAccess }
        : {
            kind: 'blocked',
            reason: `role "${employee.role}" is not in the catalog: add it there, or change the role of this employee`,
          }
  }
}

/** Of whoever is out, everything that works is taken; of others only what they may not have. */
export function isOut({ kind }: Desired): boolean {
  return kind !== 'active' && kind !== 'blocked'
}

/** When a leaver's user is deleted for good: a retention time after the lock, or after the end where that is later. */
export function purgeAt({
  employee,
  lockedAt,
  retentionDays,
}: Omit<DesiredInput, 'roleAccess' | 'now'>): Date | null {
  if (employee.status !== 'terminated' || employee.hold || !lockedAt) return null
  const since = Math.max(lockedAt.getTime(), employee.lockedSince?.getTime() ?? 0)
  return new Date(since + retentionDays * dayMs)
}

/** After a lock, IAM is read again this long after it: what somebody undid or made in the window is taken away. */
const secondLooksMs = [30_000, 300_000] as const

/** When a locked identity is to be looked at next without anybody asking; null for never. */
export function nextLockLook(input: Omit<DesiredInput, 'roleAccess'>): Date | null {
  const { lockedAt, now } = input
  if (!lockedAt) return null
  const looks = secondLooksMs.map((ms) => new Date(lockedAt.getTime() + ms))
  const purge = purgeAt(input)
  if (purge) looks.push(purge)
  const ahead = looks.filter((look) => look > now || look === purge).map((look) => look.getTime())
  return ahead.length ? new Date(Math.min(...ahead)) : null
}
