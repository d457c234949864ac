/** A run of the catalog, as slow as a real account is, on a clock of its own. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { CloudTrailClient, StartLoggingCommand, StopLoggingCommand } from '@aws-sdk/client-cloudtrail'
import { sql } from 'drizzle-orm'
import { Registry } from 'prom-client'
import { type Account, endpointsAt, openAccount } from '../../src/aws/account.ts'
import { meterCalls } from '../../src/aws/metering.ts'
import { DEFAULT_PATH } from '../../src/catalog/catalog.ts'
import { type CatalogContext, reconcileCatalog } from '../../src/catalog/reconcile.ts'
import { rowsOf } from '../../src/store/open.ts'
import { openTrailGate } from '../../src/trail/gate.ts'
import { forEachDatabase } from '../harness/databases.ts'
import { eventually } from '../harness/waiting.ts'
import { type AppUnderTest, openApp } from '../http/app-under-test.ts'

const Name = 'muster-sandbox'

forEachDatabase((_name, openStore) => {
  let under: AppUnderTest
  let account: Account
  let context: CatalogContext
  let aheadMs = 0
  const clock = () => new Date(Date.now() + aheadMs)

  before(async () => {
    under = await openApp(openStore)
    const { store, sandbox, catalog } = under
    const { log } = under.deps
    account = await openAccount(store.db, {
      region: 'us-east-1',
      endpoints: endpointsAt(sandbox.url),
      rate: 20,
      credentials: sandbox.credentials,
      metering: meterCalls(new Registry()),
      log,
    })
    const announce = async () => {}
    const trailGate = openTrailGate({ store, account, trailGate: 'enforce', announce, clock, log })
    context = { db: store.db, account, catalog, path: DEFAULT_PATH, mode: 'enforce', trailGate, clock, log }
  })
  after(async () => {
    account.close()
    await under.close()
  })

  const run = () => reconcileCatalog(context, new AbortController().signal)
  const grants = () =>
    under.sandbox.calls.entries.filter(
      ({ action, params }) =>
        ['CreatePolicy', 'AttachGroupPolicy'].includes(action) &&
        !/muster-(baseline|quarantine)/.test(JSON.stringify([params.GroupName, params.PolicyName])),
    ).length

  test('a run in the midst of which the trail is stopped grants nothing more, and the next one goes on', async () => {
    const { url: endpoint, administrator: credentials } = under.sandbox
    const client = new CloudTrailClient({ endpoint, credentials, region: 'us-east-1' })
    const running = run()
    await eventually(() => grants() > 0, { what: 'the first grant' })
    await client.send(new StopLoggingCommand({ Name }))
    // The look of before is older than anybody relies on.
    aheadMs = 60_000
    const granted = grants()
    assert.equal(await running, 'unsettled')
    // One may have been on its way.
    assert.ok(grants() <= granted + 1, `${grants()} after ${granted}`)
    const [row] = await rowsOf<{ status: string; error: string; problem: string }>(
      under.store.db,
      sql`
        select status, error, catalog_problem as problem from operations, accounts where operations.kind = 'catalog'`,
    )
    assert.equal(row?.status, 'stopped')
    assert.match(row?.error ?? '', /waits until CloudTrail is verified: trail muster-sandbox is stopped/)
    assert.equal(row?.problem, row?.error)
    const before = grants()
    assert.equal(await run(), 'unsettled')
    assert.equal(grants(), before)

    await client.send(new StartLoggingCommand({ Name }))
    aheadMs += 60_000
    assert.equal(await run(), 'settled')
    assert.ok(grants() > before)
    client.destroy()
  })
})
