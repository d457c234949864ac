/** An account before which the catalog's runs are made by hand, with a trail to stop and a clock to move. */
import { CloudTrailClient, StartLoggingCommand, StopLoggingCommand } from '@aws-sdk/client-cloudtrail'
import { sql } from 'drizzle-orm'
import { Registry } from 'prom-client'
import { endpointsAt, openAccount } from '../../src/aws/account.ts'
import { meterCalls } from '../../src/aws/metering.ts'
import { type Catalog, DEFAULT_PATH } from '../../src/catalog/catalog.ts'
import type { CatalogContext } from '../../src/catalog/context.ts'
import { reconcileCatalog } from '../../src/catalog/reconcile.ts'
import { rowsOf } from '../../src/store/open.ts'
import { openTrailGate } from '../../src/trail/gate.ts'
import type { OpenTestStore } from '../harness/databases.ts'
import { call } from '../harness/service.ts'
import { openApp } from '../http/app-under-test.ts'

const Name = 'muster-sandbox'

export type CatalogWorld = Awaited<ReturnType<typeof openCatalogWorld>>

/** @param rate calls a second: few where a run has to last */
export async function openCatalogWorld(openStore: OpenTestStore, rate = 1000) {
  const under = await openApp(openStore)
  const { store, sandbox, catalog } = under
  const { log } = under.deps
  let aheadMs = 0
  const clock = () => new Date(Date.now() + aheadMs)
  const account = await openAccount(store.db, {
    region: 'us-east-1',
    endpoints: endpointsAt(sandbox.url),
    rate,
    credentials: sandbox.credentials,
    metering: meterCalls(new Registry()),
    log,
  })
  const announce = async () => {}
  const trailGate = openTrailGate({ store, account, trailGate: 'enforce', announce, clock, log })
  const context: CatalogContext = {
    db: store.db,
    account,
    catalog,
    path: DEFAULT_PATH,
    mode: 'enforce',
    trailGate,
    clock,
    log,
  }
  const trail = new CloudTrailClient({
    endpoint: sandbox.url,
    credentials: sandbox.administrator,
    region: 'us-east-1',
  })
  const move = (ms: number) => {
    aheadMs += ms
  }
  return {
    store,
    sandbox,
    context,
    move,
    /** One run, of the example catalog by default. */
    run: (of: Catalog = catalog, signal = new AbortController().signal) =>
      reconcileCatalog({ ...context, catalog: of }, signal),
    /** As an administrator at AWS's console would. */
    byHand: (action: string, params: Readonly<Record<string, unknown>>) => call(sandbox, action, params),
    policyArn: (name: string) => `arn:aws:iam::${account.accountId}:policy${DEFAULT_PATH}${name}`,
    async problem() {
      const [row] = await rowsOf<{ problem: string | null }>(
        store.db,
        sql`select catalog_problem as problem from accounts`,
      )
      return row?.problem ?? null
    },
    /** What was seen before is older than anybody relies on. */
    async stopTrail() {
      await trail.send(new StopLoggingCommand({ Name }))
      move(60_000)
    },
    async startTrail() {
      await trail.send(new StartLoggingCommand({ Name }))
      move(60_000)
    },
    async close() {
      trail.destroy()
      account.close()
      await under.close()
    },
  }
}
