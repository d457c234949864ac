import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { eq } from 'drizzle-orm'
import { accounts } from '../../src/store/schema.ts'
import { forEachDatabase } from '../harness/databases.ts'
import { type AppUnderTest, openApp } from './app-under-test.ts'

interface Check {
  readonly name: string
  readonly status: string
  readonly detail?: string
}

forEachDatabase((_name, openStore) => {
  let under: AppUnderTest
  let accountKnown = true
  before(async () => {
    under = await openApp(openStore)
    const { accountId } = under.deps
    Object.assign(under.deps, { accountId: () => (accountKnown ? accountId() : undefined) })
  })
  after(() => under.close())

  const setAccount = (values: Partial<typeof accounts.$inferInsert>) =>
    under.store.db.update(accounts).set(values).where(eq(accounts.accountId, under.sandbox.accountId))

  async function readiness(status: number): Promise<Record<string, string>> {
    const { body } = await under.api.as(undefined).get('/readyz').expect(status)
    return Object.fromEntries(body.checks.map((check: Check) => [check.name, check.status]))
  }

  test('a process that lives says so to anybody', async () => {
    const { body } = await under.api.as(undefined).get('/healthz').expect(200)
    assert.deepEqual(body, { status: 'ok' })
  })

  describe('readiness', () => {
    test('waits until the catalog is in the account', async () => {
      assert.deepEqual(await readiness(503), {
        database: 'ok',
        migrations: 'ok',
        account: 'ok',
        catalog: 'failed',
        trail: 'warning',
      })
      await setAccount({ catalogHash: under.catalog.hash, catalogAppliedAt: new Date() })
      assert.deepEqual(await readiness(200), {
        database: 'ok',
        migrations: 'ok',
        account: 'ok',
        catalog: 'ok',
        trail: 'warning',
      })
    })

    test('only warns while CloudTrail is not verified: leavers must get through', async () => {
      const look = {
        trailArn: null,
        reason: null,
        checkedAt: '2026-11-23T09:00:00.000Z',
        since: '2026-11-23T09:00:00.000Z',
      }
      await setAccount({ trailLook: { ...look, isVerified: false } })
      assert.equal((await readiness(200)).trail, 'warning')
      await setAccount({ trailLook: { ...look, isVerified: true } })
      assert.equal((await readiness(200)).trail, 'ok')
    })

    test('stays when a later catalog cannot be applied: an administrator needs the API for that', async () => {
      await setAccount({ catalogProblem: 'the group engineering belongs to somebody else' })
      assert.equal((await readiness(200)).catalog, 'warning')
      await setAccount({ catalogProblem: null, catalogHash: 'of another catalog' })
      assert.equal((await readiness(200)).catalog, 'warning')
    })

    test('waits until AWS has told whose credentials these are', async () => {
      accountKnown = false
      assert.equal((await readiness(503)).account, 'failed')
      accountKnown = true
      assert.equal((await readiness(200)).account, 'ok')
    })
  })

  test('the metrics are open, and know routes, calls and queues', async () => {
    await under.api.get('/v1/roles').expect(200)
    const { text, headers } = await under.api.as(undefined).get('/metrics').expect(200)
    assert.match(String(headers['content-type']), /^text\/plain/)
    assert.match(text, /muster_http_request_seconds_count\{method="GET",route="\/v1\/roles",status="200"\} 1/)
    assert.match(text, /muster_jobs\{queue="reconcile"\} 0/)
    assert.match(text, /# TYPE muster_aws_calls_total counter/)
  })
})
