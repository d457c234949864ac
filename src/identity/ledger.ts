/**
 * The database's side of a reconcile: what is read before it, written before its first call, and
 * written after its last. Many identities share each statement.
 */
import type { Announce } from '../notify/announce.ts'
import { type Batcher, createBatcher } from '../store/batcher.ts'
import type { Database } from '../store/open.ts'
import type { Intent, Ledger, Outcome } from './ledger-model.ts'
import { settleOutcomes } from './ledger-outcome.ts'
import { readGenerations, selectIdentities, stepsSince } from './ledger-read.ts'
import { type Creation, writeCreations, writeDenied, writeIntents } from './ledger-write.ts'
import { noticesOfStates } from './news.ts'

/** @param announce left out when nobody is told of anything */
export function openLedger(db: Database, announce?: Announce): Ledger {
  const intents: Batcher<Intent, void> = createBatcher((items) => writeIntents(db, items), {
    maxItems: 200,
    concurrency: 2,
  })
  const outcomes: Batcher<Outcome, void> = createBatcher((items) => settleOutcomes(db, items, announce), {
    maxItems: 200,
    concurrency: 2,
  })
  const generations: Batcher<string, number> = createBatcher((ids) => readGenerations(db, ids), {
    maxItems: 500,
    concurrency: 2,
  })
  const creations: Batcher<Creation, number> = createBatcher((items) => writeCreations(db, items), {
    maxItems: 200,
    concurrency: 2,
  })
  return {
    load: (ids) => selectIdentities(db, ids, true),
    peek: (ids) => selectIdentities(db, ids, false),
    intend: (intent) => intents.add(intent),
    record: (outcome) => outcomes.add(outcome).catch(() => outcomes.add(outcome)),
    stepsSince: (identity, since) => stepsSince(db, identity, since),
    isCurrent: async (id, generation) => (await generations.add(id)) === generation,
    noteCreated: async (id, generation, awsUserId) => (await creations.add({ id, awsUserId })) === generation,
    async noteDenied(identity, denied) {
      if (!announce) await writeDenied(db, identity, denied)
      else {
        await db.transaction(async (tx) => {
          const changes = await writeDenied(tx, identity, denied)
          await announce(tx, noticesOfStates(changes, denied.at))
        })
      }
    },
  }
}
