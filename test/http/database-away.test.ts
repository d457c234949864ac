import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import { openStore, rowsOf, type Store } from '../../src/store/open.ts'
import { adminToken } from '../harness/api.ts'
import { forPostgres, silentLog } from '../harness/databases.ts'
import { eventually } from '../harness/waiting.ts'
import { type AppUnderTest, openApp } from './app-under-test.ts'

/** A wire to the database that can be cut, as a network or a restart would. */
interface Wire {
  readonly url: string
  cut(): Promise<void>
  mend(): Promise<void>
}

async function openWire(databaseUrl: string): Promise<Wire> {
  const target = new URL(databaseUrl)
  const sockets = new Set<Socket>()
  let server: Server | undefined
  let port = 0
  const mend = async () => {
    server = createServer((near) => {
      const far = connect(Number(target.port || 5432), target.hostname)
      for (const socket of [near, far]) {
        sockets.add(socket)
        socket.on('error', () => {})
        socket.on('close', () => {
          sockets.delete(socket)
          near.destroy()
          far.destroy()
        })
      }
      near.pipe(far).pipe(near)
    })
    await new Promise<void>((resolve) => server?.listen(port, '127.0.0.1', resolve))
    port = (server.address() as { port: number }).port
  }
  await mend()
  const url = new URL(databaseUrl)
  url.hostname = '127.0.0.1'
  url.port = String(port)
  return {
    url: url.href,
    mend,
    async cut() {
      const closed = new Promise((resolve) => server?.close(resolve))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

forPostgres((openTestStore) => {
  let under: AppUnderTest
  let wire: Wire
  let wired: Store
  before(async () => {
    await openTestStore()
    wire = await openWire(openTestStore.options.databaseUrl ?? '')
    wired = await openStore({ databaseUrl: wire.url, dataDir: '.unused' }, silentLog)
    under = await openApp(openTestStore, { store: wired })
  })
  after(async () => {
    await under.close()
    await wired.close()
    await wire.cut()
  })

  test('a database that goes away gives 503, and the same process answers once it is back', async () => {
    await under.api.get('/v1/employees').expect(200)
    await wire.cut()
    for (const path of [
      '/v1/employees',
      '/v1/employees/E1',
      '/v1/operations',
      '/v1/deliveries',
      '/v1/audit',
      '/v1/roles',
    ]) {
      const { body, headers } = await under.api.get(path).expect(503)
      assert.equal(body.type, 'urn:muster:problem:unavailable', path)
      assert.ok(Number(headers['retry-after']) > 0)
      assert.doesNotMatch(JSON.stringify(body), /ECONN|select|127\.0\.0\.1/)
    }
    const ready = await under.api.get('/readyz').expect(503)
    assert.equal(ready.body.status, 'not_ready')
    await under.api.get('/healthz').expect(200)
    await under.api.get('/metrics').expect(200)

    await wire.mend()
    await under.api.get('/v1/employees').expect(200)
    await under.api.get('/v1/roles').expect(200)
  })

  test('a connection that the server ends in the middle of a statement gives 503', async () => {
    const direct = await openTestStore()
    await direct.db.transaction(async (tx) => {
      await tx.execute(sql`lock table operations in access exclusive mode`)
      const answer = under.api.get('/v1/operations').then((response) => response)
      await eventually(
        async () => (await waitingForOperations(direct, sql`pg_terminate_backend(pid)`)).length > 0,
      )
      assert.equal((await answer).status, 503)
    })
    await under.api.get('/v1/operations').expect(200)
  })

  test('an application that stops lets the running requests end, and takes no more', async (t) => {
    const other = await openApp(openTestStore)
    t.after(() => other.close())
    const direct = await openTestStore()
    const socket = connect(Number(new URL(other.app.listeningOrigin).port), '127.0.0.1')
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk
    })
    const ended = once(socket, 'close')
    const ask = (path: string) =>
      socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${adminToken}\r\n\r\n`)

    let closed: Promise<unknown> | undefined
    await direct.db.transaction(async (tx) => {
      await tx.execute(sql`lock table operations in access exclusive mode`)
      ask('/v1/operations')
      await eventually(async () => (await waitingForOperations(direct)).length > 0)
      closed = other.app.close()
      await delay(50)
      ask('/v1/roles')
      await delay(50)
      assert.equal(text, '')
    })
    await ended
    await closed
    assert.match(text, /^HTTP\/1\.1 200 /)
    assert.match(text, /HTTP\/1\.1 503 [\s\S]*urn:muster:problem:stopping/)
  })
})

/** Server processes of this database that wait for the table of operations; `action` is done to each. */
function waitingForOperations(store: Store, action = sql`pid`) {
  return rowsOf<object>(
    store.db,
    sql`select ${action} from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock' and query like '%from "operations"%'`,
  )
}
