/** The account's password policy, kept as it should be: looked at on schedule, restored when somebody weakened it. */
import { sql } from 'drizzle-orm'
import type { Logger } from 'pino'
import { recordAudit } from '../audit/record.ts'
import type { Account } from '../aws/account.ts'
import { AwsCallError } from '../aws/errors.ts'
import { type Clock, unlessAhead } from '../clock.ts'
import { accountDrift, type FoundBy, type NewDrift, readLagMs } from '../drift/drift.ts'
import { type FindingLoop, startFindingLoop } from '../drift/finding-loop.ts'
import { ruleOf } from '../drift/kinds.ts'
import { noteDrifts, noticesOfDrifts } from '../drift/record.ts'
import type { Announce } from '../notify/announce.ts'
import { type Database, rowsOf, type Store } from '../store/open.ts'
import type { PasswordPolicyLook } from '../store/schema.ts'
import { toldOfCalls } from '../trail/told.ts'
import { readCredentialReport } from './credential-report.ts'
import { expiringBy, type PasswordPolicy, strictest, weakParts } from './password-policy.ts'
import { readPasswordPolicy, writePasswordPolicy } from './password-policy-calls.ts'

export interface PasswordPolicyContext {
  readonly store: Store
  readonly account: Account
  readonly wanted: PasswordPolicy
  readonly mode: 'enforce' | 'observe'
  readonly announce: Announce
  readonly clock: Clock
  readonly log: Logger
  /** Until another look after one that failed; half a minute by default. */
  readonly retryMs?: number
}

const everyMs = 5 * 60_000
const usualRetryMs = 30_000
const leaseSeconds = 60

export function startPasswordPolicyLoop(context: PasswordPolicyContext): FindingLoop {
  return startFindingLoop({
    name: 'password policy',
    everyMs,
    log: context.log,
    async look(_signal, foundBy) {
      const look = await keepPasswordPolicy(context, foundBy)
      if (look?.status === 'failed') {
        context.log.warn({ problem: look.problem }, 'the password policy could not be looked after')
        return context.retryMs ?? usualRetryMs
      }
      return false
    },
  })
}

/** One look, and what follows from it. Undefined when another replica is at it. */
export async function keepPasswordPolicy(
  context: PasswordPolicyContext,
  foundBy: FoundBy = 'sweep',
): Promise<PasswordPolicyLook | undefined> {
  const lease = await takeLease(context)
  if (!lease) return undefined
  const checkedAt = context.clock().toISOString()
  const nothing = { checkedAt, observed: null, desired: context.wanted, wouldExpire: [], problem: null }
  let look: PasswordPolicyLook
  try {
    look = await settle(context, lease, { checkedAt, foundBy })
  } catch (error) {
    if (!(error instanceof AwsCallError)) throw error
    look = { ...nothing, status: 'failed', problem: advice(error) }
  }
  await conclude(context, look)
  return look
}

/** The shortest password that the account takes, by the last look at its policy. */
export async function shortestPassword(
  db: Database,
  accountId: string,
  wanted: PasswordPolicy,
): Promise<number> {
  const [row] = await rowsOf<{ look: PasswordPolicyLook | null }>(
    db,
    sql`select password_policy as look from accounts where account_id = ${accountId}`,
  )
  return Math.max(wanted.minimumLength, row?.look?.desired.minimumLength ?? 0)
}

interface Lease {
  readonly before: PasswordPolicyLook | null
  readonly approvedBy: string | null
}

async function takeLease({ store, account }: PasswordPolicyContext): Promise<Lease | undefined> {
  const [row] = await rowsOf<{ password_policy: PasswordPolicyLook | null; approved_by: string | null }>(
    store.db,
    sql`
      update accounts set
        password_policy_leased_until = clock_timestamp() + make_interval(secs => ${leaseSeconds})
      where account_id = ${account.accountId}
        and (password_policy_leased_until is null or password_policy_leased_until < clock_timestamp())
      returning password_policy, password_policy_approved_by as approved_by`,
  )
  return row && { before: row.password_policy, approvedBy: row.approved_by }
}

async function settle(
  context: PasswordPolicyContext,
  { before, approvedBy }: Lease,
  { checkedAt, foundBy }: { readonly checkedAt: string; readonly foundBy: FoundBy },
): Promise<PasswordPolicyLook> {
  const { store, account, wanted, mode, announce, clock } = context
  const observed = await readPasswordPolicy(account)
  const desired = strictest(wanted, observed)
  const look = {
    checkedAt,
    observed,
    desired,
    wouldExpire: [] as readonly string[],
    problem: null,
    ...(before?.writtenAt === undefined ? {} : { writtenAt: before.writtenAt }),
  }
  const weak = weakParts(wanted, observed)
  if (weak.length === 0) return { ...look, status: 'applied' }
  if (mode === 'observe') return { ...look, status: 'planned' }
  if (weak.includes('maxAgeDays') && approvedBy === null) {
    const passwords = await passwordsOfOthers(context)
    const wouldExpire = expiringBy(passwords, observed, desired, clock())
    if (wouldExpire.length > 0) return { ...look, status: 'waiting', wouldExpire }
  }
  const wasApplied = before?.status === 'applied'
  const isDrift = wasApplied && !(await mayBeLag(context, before))
  const requestId = await writePasswordPolicy(account, desired)
  const at = clock()
  await store.db.transaction(async (tx) => {
    await recordAudit(tx, [
      {
        at,
        actor: approvedBy ?? 'schedule',
        action: wasApplied ? 'password_policy.restored' : 'password_policy.applied',
        details: { before: observed, after: desired, requestId },
      },
    ])
    if (!wasApplied) return
    const { accountId } = account
    const drifts = await noteDrifts(tx, isDrift ? [weakening(before, { accountId, weak, at, foundBy })] : [])
    await announce(tx, noticesOfDrifts(drifts, ['UpdateAccountPasswordPolicy']))
    const data = { accountId, weakened: weak, before: observed, after: desired }
    await announce(tx, [{ type: 'password_policy.restored', at, employeeId: null, data }])
  })
  return { ...look, status: 'applied', observed: desired, writtenAt: at.toISOString() }
}

/** One that still shows a moment after we set it may be a read that lags behind, unless an event tells of another call. */
async function mayBeLag(
  { store, account, clock }: PasswordPolicyContext,
  { writtenAt }: PasswordPolicyLook,
): Promise<boolean> {
  const now = clock()
  const ourWriteAt = writtenAt === undefined ? null : unlessAhead(new Date(writtenAt), now)
  if (ourWriteAt === null || now.getTime() - ourWriteAt.getTime() >= readLagMs) return false
  const told = await toldOfCalls(store.db, account, ruleOf('password-policy-weakened').events, ourWriteAt)
  return !told.some(({ at }) => at >= ourWriteAt)
}

function weakening(
  { checkedAt }: PasswordPolicyLook,
  {
    accountId,
    weak,
    at,
    foundBy,
  }: { accountId: string; weak: readonly string[]; at: Date; foundBy: FoundBy },
): NewDrift {
  const resource = `account ${accountId}`
  return accountDrift(
    { kind: 'password-policy-weakened', resource, detail: { weakened: weak } },
    { accountId, detectedAt: at, since: unlessAhead(new Date(checkedAt), at), foundBy, status: 'repaired' },
  )
}

/** Console passwords of users that Muster does not manage: only their owners can say whether they may expire. */
async function passwordsOfOthers({ store, account }: PasswordPolicyContext) {
  const { users: reported } = await readCredentialReport(account)
  const own = await rowsOf<{ name: string }>(
    store.db,
    sql`
      select lower(coalesce(last_seen_name, user_name)) as name from identities
      where account_id = ${account.accountId} and aws_user_id is not null`,
  )
  const isOwn = new Set(own.map(({ name }) => name))
  return reported.flatMap(({ userName, hasPassword, passwordChangedAt }) =>
    hasPassword && passwordChangedAt && !isOwn.has(userName.toLowerCase())
      ? [{ userName, changedAt: passwordChangedAt }]
      : [],
  )
}

/** What an administrator approved is done once: a policy that is weakened later is looked at afresh. */
async function conclude({ store, account }: PasswordPolicyContext, look: PasswordPolicyLook): Promise<void> {
  await store.db.execute(sql`
    update accounts set
      password_policy = ${JSON.stringify(look)}::jsonb, password_policy_leased_until = null,
      password_policy_approved_by = case when ${look.status === 'applied'} then null
        else password_policy_approved_by end
    where account_id = ${account.accountId}`)
}

function advice(error: AwsCallError): string {
  return error.class === 'denied'
    ? `Muster lacks the permission iam:${error.action}: allow it to Muster's role (${error.message})`
    : error.message
}
