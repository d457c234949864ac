/**
 * The trail gate: nothing that grants access runs while CloudTrail is not verified. What was seen last is in the
 * database, shared by all replicas; nobody grants on anything older than a minute.
 */
import { sql } from 'drizzle-orm'
import type { Logger } from 'pino'
import { recordAudit } from '../audit/record.ts'
import type { Account } from '../aws/account.ts'
import type { Clock } from '../clock.ts'
import { accountDrift } from '../drift/drift.ts'
import type { DriftKind } from '../drift/kinds.ts'
import { endStanding, noteDrifts, noticesOfDrifts } from '../drift/record.ts'
import type { GrantGate } from '../identity/grant-gate.ts'
import type { Announce } from '../notify/announce.ts'
import { type Database, rowsOf, type Store, type Transaction } from '../store/open.ts'
import type { TrailLook } from '../store/schema.ts'
import { readTrails } from './read-trails.ts'
import { compareTrails, type TrailComparison, trailLossKinds, watchedBy } from './trail-drift.ts'
import { verifyTrails } from './verify.ts'

export interface TrailGateContext {
  readonly store: Store
  readonly account: Account
  /** `warn`: whatever is seen is told, and nothing waits for it. */
  readonly trailGate: 'enforce' | 'warn'
  readonly announce: Announce
  readonly clock: Clock
  readonly log: Logger
}

/** A look at a good trail is relied upon so long; one at a bad trail, so that its return is noticed soon. */
const goodForMs = 45_000
const badForMs = 10_000
/** A process remembers a good look so long, and then sees what others have seen since. */
const rememberedMs = 2000

export function openTrailGate(context: TrailGateContext): GrantGate {
  const { store, account, trailGate, clock } = context
  let latest: TrailLook | null = null
  let readAt = Number.NEGATIVE_INFINITY
  let looking: Promise<TrailLook> | undefined
  const current = async (): Promise<TrailLook> => {
    // That it was shut is asked of the database each time: another look may have opened it.
    const isRemembered = performance.now() - readAt < rememberedMs
    if (isRemembered && latest?.isVerified && isCurrent(latest, clock())) return latest
    const askedAt = performance.now()
    latest = await readTrailLook(store.db, account.accountId)
    readAt = askedAt
    if (latest && isCurrent(latest, clock())) return latest
    // Whoever asks at the same time shares the answer.
    looking ??= lookAtTrails(context).finally(() => {
      looking = undefined
    })
    latest = await looking
    return stillGood(latest, clock())
  }
  const unverified = async (mode: typeof trailGate, lead: string) => {
    if (mode !== trailGate) return null
    const { isVerified, reason } = await current()
    return isVerified ? null : `${lead}: ${reason}`
  }
  return {
    closedBecause: () => unverified('enforce', 'waits until CloudTrail is verified'),
    warning: (grantedAt) =>
      unverified(
        'warn',
        grantedAt
          ? `granted at ${grantedAt.toISOString()} although CloudTrail was not verified then`
          : 'access is granted although CloudTrail is not verified',
      ),
  }
}

function isCurrent(look: TrailLook, now: Date): boolean {
  const ageMs = now.getTime() - Date.parse(look.checkedAt)
  return ageMs >= 0 && ageMs < (look.isVerified ? goodForMs : badForMs)
}

/** A verified look that is not of now, however it came about, opens nothing: the next one may. */
function stillGood(look: TrailLook, now: Date): TrailLook {
  if (!look.isVerified || isCurrent(look, now)) return look
  const reason = `the look at CloudTrail of ${look.checkedAt} is not of now: it is looked at again`
  return { ...look, isVerified: false, reason }
}

export async function readTrailLook(db: Database, accountId: string): Promise<TrailLook | null> {
  const [row] = await rowsOf<{ trail_look: TrailLook | null }>(
    db,
    sql`select trail_look from accounts where account_id = ${accountId}`,
  )
  return row?.trail_look ?? null
}

/**
 * Asks CloudTrail, and records what it says. The answer that stands is the newest, whoever asked for it; one that is
 * dated in the future, by a clock that was ahead, is no newer than any. Nothing else is done in that transaction: it
 * holds the account's row, by which every call to AWS is paced.
 */
export async function lookAtTrails(context: TrailGateContext): Promise<TrailLook> {
  const { store, account, clock } = context
  // By the moment of the question: what changes while it is answered is seen by the next look.
  const checkedAt = clock().toISOString()
  const trails = await readTrails(account)
  const seen = verifyTrails(trails)
  return await store.db.transaction(async (tx) => {
    const [row] = await rowsOf<{ trail_look: TrailLook | null }>(
      tx,
      sql`select trail_look from accounts where account_id = ${account.accountId} for update`,
    )
    const before = row?.trail_look ?? null
    if (before && before.checkedAt > checkedAt && !isOfFuture(before.checkedAt, clock())) return before
    const isSame = before?.isVerified === seen.isVerified
    const since = isSame && before.since < checkedAt ? before.since : checkedAt
    const comparison = compareTrails(watchedBy(before), trails, checkedAt)
    const look: TrailLook = { ...seen, checkedAt, since, watched: comparison.watched }
    await tx.execute(sql`
      update accounts set trail_look = ${JSON.stringify(look)}::jsonb where account_id = ${account.accountId}`)
    if (!isSame) await tellOfChange(tx, context, before, look)
    await noteDrift(tx, context, comparison, { hasOpened: !isSame && look.isVerified })
    return look
  })
}

const isOfFuture = (moment: string, now: Date) => Date.parse(moment) > now.getTime()

/** That all is well at the very first look is no news. */
async function tellOfChange(
  tx: Transaction,
  { account: { accountId }, trailGate, announce, clock, log }: TrailGateContext,
  before: TrailLook | null,
  look: TrailLook,
): Promise<void> {
  const { isVerified, reason, trailArn } = look
  if (!isVerified) log.warn({ accountId, reason, trailGate }, 'CloudTrail is not verified')
  else if (before) log.info({ accountId, trailArn }, 'CloudTrail is verified again')
  if (isVerified && !before) return
  const type = isVerified ? 'trail_gate.opened' : 'trail_gate.closed'
  const at = clock()
  const data = { accountId, mode: trailGate, reason, trailArn: trailArn ?? before?.trailArn ?? null }
  await recordAudit(tx, [{ at, actor: 'trail gate', action: type, details: data }])
  await announce(tx, [{ type, at, employeeId: null, data }])
}

/** What was done to trails that were good, so that whoever did it is looked for: also while another one keeps it open. */
async function noteDrift(
  tx: Transaction,
  { account: { accountId }, announce, clock }: TrailGateContext,
  { found, mended }: TrailComparison,
  { hasOpened }: { readonly hasOpened: boolean },
): Promise<void> {
  const detectedAt = clock()
  const end = (kinds: readonly DriftKind[], resources?: readonly string[]) =>
    endStanding(tx, { accountId, kinds, ...(resources && { resources }) }, [], {
      at: detectedAt,
      operationId: null,
    })
  if (hasOpened) await end(trailLossKinds)
  else if (mended.length > 0) await end(trailLossKinds, mended)
  if (found.length === 0) return
  // What is found of a trail takes the place of what was found of it before: it is another change, and is told, too.
  for (const { kind, resource } of found) {
    if (kind !== 'trail-redirected') await end(trailLossKinds, [resource])
    if (kind === 'trail-redirected' || kind === 'trail-deleted') await end(['trail-redirected'], [resource])
  }
  const drifts = found.map(({ seenAt, ...difference }) => {
    // A moment that is yet to come says nothing of when it was still as before.
    const since = isOfFuture(seenAt, detectedAt) ? null : new Date(seenAt)
    return accountDrift(difference, { accountId, detectedAt, since, foundBy: 'look' })
  })
  await announce(tx, noticesOfDrifts(await noteDrifts(tx, drifts)))
}
