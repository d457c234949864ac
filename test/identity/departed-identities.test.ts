import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'drizzle-orm'
import { rowsOf } from '../../src/store/open.ts'
import { openEmbedded } from '../harness/prepared.ts'

test('since when log files are searched is found without reading every sighting there is', async () => {
  const store = await openEmbedded()
  try {
    await store.db.execute(sql`
      insert into trail_sightings (account_id, request_id, event_id, event_name, event_at, bucket, key, seen_at)
      select '123456789012', 'r-' || n, 'e-' || n, 'GetUser', now() - n * interval '1 minute', 'b', 'k', now()
      from generate_series(1, 20000) as n`)
    await store.db.execute(sql`analyze trail_sightings`)
    const ofAccount = sql`from trail_sightings where account_id = '123456789012'`
    for (const asked of [
      sql`select min(event_at) ${ofAccount}`,
      sql`select exists (select 1 ${ofAccount} and event_at <= now() - interval '20000 minutes')`,
    ]) {
      const plan = await rowsOf<Record<string, string>>(store.db, sql`explain ${asked}`)
      assert.match(JSON.stringify(plan), /trail_sightings_time/)
    }
  } finally {
    await store.close()
  }
})
