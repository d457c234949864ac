/** Gives each row of a flush its place: a row of its own in the database, or the word that it came before. */
import { hash } from 'node:crypto'
import type { Database } from '../store/open.ts'
import type { Receipt } from './delivery.ts'
import { findBySender, type InboxRow, type KnownRow, prepareInsert, senderKeyOf } from './inbox-rows.ts'

/** Stores all rows, and gives each its receipt, in order. Errors: the database's own. */
export type Place = (rows: readonly InboxRow[]) => Promise<readonly Receipt[]>

export function createPlacing(db: Database): Place {
  const insert = prepareInsert(db)

  async function place(rows: readonly InboxRow[]): Promise<readonly Receipt[]> {
    const inserted = await insert(firstOfEachSenderId(rows))
    const contested = rows.filter((row) => !inserted.has(row.id))
    const settled = contested.length === 0 ? undefined : await settle(contested)
    return rows.map((row) => settled?.get(row) ?? { deliveryId: row.id, status: statusOf(row) })
  }

  /** What becomes of rows whose sender's id is taken. */
  async function settle(contested: readonly InboxRow[]): Promise<ReadonlyMap<InboxRow, Receipt>> {
    const known = await findBySender(db, contested)
    const duplicates = new Map<InboxRow, Receipt>()
    const variants = new Map<InboxRow, InboxRow>()
    for (const row of contested) {
      const first = known.get(row.senderKey)
      if (first === undefined) throw new Error('the row that stood in the way cannot be found')
      // A flush that is repeated row by row meets what it has stored itself.
      if (first.id === row.id) continue
      const isOtherBody = first.bodySha256 !== bodySha256Of(row)
      const isSecondChance = first.status === 'refused' && row.refusal === undefined
      const variant = isOtherBody || isSecondChance ? variantOf(row, first) : undefined
      if (variant) variants.set(row, variant)
      const standsAlone = variant && (first.status === 'refused' || statusOf(variant) === 'accepted')
      if (!standsAlone) duplicates.set(row, { deliveryId: first.id, status: 'duplicate' })
    }
    const receipts = variants.size === 0 ? [] : await place([...variants.values()])
    const ofVariants = [...variants.keys()].map((row, index) => [row, receipts[index] as Receipt] as const)
    return new Map([...ofVariants, ...duplicates])
  }

  return place
}

/** Of rows with the same sender's id, the first one; in the order of those ids. */
function firstOfEachSenderId(rows: readonly InboxRow[]): readonly InboxRow[] {
  const sorted = rows.toSorted((a, b) => (a.senderKey < b.senderKey ? -1 : a.senderKey > b.senderKey ? 1 : 0))
  return sorted.filter((row, i) => row.senderKey !== sorted[i - 1]?.senderKey)
}

/** As the database computes it; here it is rarely needed. */
const bodySha256Of = ({ body }: InboxRow) => hash('sha256', body)

const statusOf = ({ refusal }: InboxRow) => (refusal === undefined ? 'accepted' : 'refused')

/**
 * The row under an id of its own, made of the sender's and its bytes, so that its repeats are found too.
 * Beside one that was not refused, it is kept but not worked on, unless it says that somebody is to be
 * out: rather a leaver too many than one who stays because a sender's counter began anew.
 */
function variantOf(row: InboxRow, first: KnownRow): InboxRow {
  const senderId = `${row.senderId}#${bodySha256Of(row).slice(0, 16)}`
  const cameBefore = `its webhook-id came before, with another body: delivery ${first.id}`
  return {
    ...row,
    senderId,
    senderKey: senderKeyOf(row.source, senderId),
    refusal: row.refusal ?? (first.status === 'refused' || row.urgency === 0 ? undefined : cameBefore),
  }
}
