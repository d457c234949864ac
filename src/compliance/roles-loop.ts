/**
 * Reading the roles of an account that has more of them than a scan may read: once a day, behind everything else. It
 * is no part of a scan. Where a scan reads them itself, what is on record is never a day old, and there is nothing to
 * do here.
 */
import type { Logger } from 'pino'
import type { Account } from '../aws/account.ts'
import { asker } from '../aws/ask.ts'
import { AwsCallError } from '../aws/errors.ts'
import { priorities } from '../aws/limiter.ts'
import { type Clock, unlessAhead } from '../clock.ts'
import { type Loop, startLoop } from '../jobs/loop.ts'
import { takeLease } from '../store/lease.ts'
import type { Database } from '../store/open.ts'
import { keepRoles, keepRolesProblem, type RolesRecord, readRoles, rolesOnRecord } from './roles.ts'

export interface RolesContext {
  readonly db: Database
  readonly account: Account
  readonly clock: Clock
  readonly log: Logger
}

const lookMs = 60_000
/** Longer than 5,000 roles take at the slowest pace. */
const leaseMs = 15 * 60_000
const hourMs = 3_600_000
const dayMs = 24 * hourMs

/** The first look is one interval after the start: by then the first scan may have read them. */
export function startRolesLoop(context: RolesContext): Loop {
  let isStart = true
  return startLoop({
    name: 'roles',
    everyMs: lookMs,
    log: context.log,
    async look() {
      if (!isStart) await readRolesIfDue(context)
      isStart = false
      return false
    },
  })
}

/** False when they are not due, or another replica is at it. */
export async function readRolesIfDue({ db, account, clock, log }: RolesContext): Promise<boolean> {
  const { accountId } = account
  if (!isDue(await rolesOnRecord(db, accountId), clock())) return false
  const lease = await takeLease(db, accountId, 'roles', { leaseMs, everyMs: 0, now: clock() })
  if (!lease) return false
  try {
    const found = await readRoles(asker({ account, priority: priorities.bulk }))
    await keepRoles(db, accountId, found, clock())
  } catch (error) {
    if (!(error instanceof AwsCallError)) throw error
    log.warn({ err: error }, 'the roles of the account could not be read')
    await keepRolesProblem(db, accountId, error.message, clock())
  } finally {
    await lease.end(clock())
  }
  return true
}

/** A day after they were read, or an hour after a try that came to nothing. */
function isDue(record: RolesRecord | undefined, now: Date): boolean {
  if (!record) return true
  const ageOf = (moment: Date | null) => now.getTime() - (unlessAhead(moment, now)?.getTime() ?? 0)
  return ageOf(record.readAt) >= dayMs && (record.problem === null || ageOf(record.triedAt) >= hourMs)
}
