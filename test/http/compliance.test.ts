import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { known } from '../../src/aws/fact.ts'
import { evaluate } from '../../src/compliance/evaluate.ts'
import { beginScan } from '../../src/compliance/scans.ts'
import { storeReport } from '../../src/compliance/store.ts'
import { snapshotWith, userWith } from '../compliance/blank-snapshot.ts'
import { tinyControls } from '../compliance/tiny-controls.ts'
import { forEachDatabase } from '../harness/databases.ts'
import { type AppUnderTest, openApp } from './app-under-test.ts'

const accountId = '123456789012'
const dayMs = 86_400_000

forEachDatabase((_name, openStore) => {
  let under: AppUnderTest
  before(async () => {
    under = await openApp(openStore)
  })
  after(() => under.close())
  beforeEach(() => under.empty())

  const arnOf = (n: number) => `arn:aws:iam::${accountId}:user/u${String(n).padStart(4, '0')}`

  /** A scan that found so many users with a policy. */
  async function scanned(users: number) {
    const now = new Date()
    const carriers = Array.from({ length: users }, (_, n) =>
      userWith({ arn: arnOf(n), userName: `=u${n}`, attachedPolicyArns: ['arn:p'] }),
    )
    const snapshot = snapshotWith({
      takenAt: now,
      summary: known({ rootHasMfa: true, rootAccessKeys: 0, entries: {} }),
      authorization: known({ users: carriers, groups: [], policies: [] }),
    })
    const { db } = under.store
    const { id: scanId } = await beginScan(db, accountId, now)
    const progress = { part: 'own records', users, groups: 0, policies: 0 }
    const report = evaluate(snapshot, tinyControls, now)
    await storeReport({ db, announce: async () => {} }, { scanId, report, calls: 20, progress, now })
  }

  const exception = (more: object = {}) => ({
    control: 'test-attached-policies',
    resource: arnOf(0),
    reason: 'until the migration',
    endsAt: new Date(Date.now() + dayMs).toISOString(),
    ...more,
  })

  // biome-ignore lint/suspicious/noExplicitAny: held against the description
  const controlOf = (body: any, id: string) =>
    // biome-ignore lint/suspicious/noExplicitAny: held against the description
    body.accounts[0].practices.flatMap((practice: any) => practice.controls).find((c: any) => c.id === id)

  test('before the first scan everything is unknown, control by control, in every format', async () => {
    const { body } = await under.api.get('/v1/compliance').expect(200)
    assert.equal(body.status, 'unknown')
    assert.equal(body.evaluatedAt, null)
    assert.deepEqual(
      [...new Set(body.accounts[0].practices.map((p: { status: string }) => p.status))],
      ['unknown'],
    )
    assert.match(controlOf(body, 'test-root-keys').reason, /not been scanned yet/)
    assert.deepEqual(body.accounts[0].trailGate, {
      mode: 'enforce',
      isVerified: false,
      reason: 'CloudTrail has not been looked at yet',
      checkedAt: null,
    })
    const csv = await under.api.get('/v1/compliance?format=csv').expect(200)
    assert.equal(csv.text.trim().split('\r\n').length, 1 + tinyControls.length)
    const { text } = await under.api.get('/metrics').expect(200)
    assert.match(text, /muster_control_status\{[^}]*control="test-root-keys"[^}]*\} -1/)
    assert.doesNotMatch(text, /muster_compliance_age_seconds\{/)
  })

  test('the report has the first fifty findings of a control, and how many there are', async () => {
    await scanned(120)
    const { body } = await under.api.get('/v1/compliance').expect(200)
    const control = controlOf(body, 'test-attached-policies')
    assert.equal(control.findings.length, 50)
    assert.equal(control.findingCount, 120)
    assert.ok(body.accounts[0].ageSeconds < 60)
    const { text } = await under.api.get('/metrics').expect(200)
    assert.match(text, /muster_control_findings\{[^}]*control="test-attached-policies"[^}]*\} 120/)
    assert.match(text, /muster_control_status\{[^}]*control="test-attached-policies"[^}]*\} 0/)
    assert.match(text, /muster_control_status\{[^}]*control="test-root-keys"[^}]*\} 1/)
    assert.match(text, /muster_compliance_age_seconds\{account="123456789012"\} \d/)
    assert.match(text, /muster_trail_verified\{account="123456789012"\} 0/)
  })

  test('CSV and OCSF have all of them, as files', async () => {
    await scanned(2100)
    const csv = await under.api.get('/v1/compliance?format=csv').expect(200)
    assert.match(String(csv.headers['content-type']), /^text\/csv/)
    assert.match(String(csv.headers['content-disposition']), /muster-compliance\.csv/)
    const lines = csv.text.trim().split('\r\n')
    assert.equal(lines.length, 1 + 2100 + tinyControls.length - 1)
    assert.ok(csv.text.includes('"\'=u7 carries'), 'a name is no formula')
    const request = under.api.get('/v1/compliance?format=ocsf').buffer(true)
    const ocsf = await request.parse((response, done) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('end', () => done(null, Buffer.concat(parts).toString()))
    })
    const events = String(ocsf.body)
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    assert.equal(events.length, 2100 + tinyControls.length - 1)
    assert.ok(events.every(({ class_uid }) => class_uid === 2003))
    await under.api.get('/v1/compliance?format=xml').expect(400)
  })

  test('findings are listed page by page, and narrowed', async () => {
    await scanned(7)
    const found: string[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const next: string = cursor && `&cursor=${cursor}`
      const { body } = await under.api.get(`/v1/compliance/findings?limit=3${next}`).expect(200)
      found.push(...body.items.map(({ resource }: { resource: string }) => resource))
      cursor = body.nextCursor
    }
    assert.deepEqual(
      found,
      Array.from({ length: 7 }, (_, n) => arnOf(n)),
    )
    const countOf = async (query: string) =>
      (await under.api.get(`/v1/compliance/findings?${query}`).expect(200)).body.items.length
    assert.equal(await countOf('severity=high'), 7)
    assert.equal(await countOf('severity=low'), 0)
    assert.equal(await countOf('practice=groups&control=test-attached-policies'), 7)
    assert.equal(await countOf(`resource=${encodeURIComponent(arnOf(3))}`), 1)
    for (const key of [
      'findings:["a"b","c"]',
      'findings:["a"]',
      'findings:[1,"b","c"]',
      'findings:["a","b","\\u0000"]',
      'history:["a","b","c"]',
      'history:["2020","b","c"]',
      'history:["0","b","c"]',
      'history:["+200000-01-01T00:00:00.000Z","b","c"]',
    ]) {
      const made = Buffer.from(key).toString('base64url')
      const list = key.split(':')[0]
      await under.api.get(`/v1/compliance/${list}?cursor=${made}`).expect(400)
    }
    for (const filter of ['resource', 'control'])
      await under.api.get(`/v1/compliance/findings?${filter}=%00`).expect(400)
    for (const since of ['2026-12-31T24:59:60Z', '2026-13-01', 'now'])
      await under.api.get(`/v1/drifts?since=${since}`).expect(400)
    for (const since of ['2026-12-31', '2026-12-31T23:59:60Z'])
      await under.api.get(`/v1/drifts?since=${since}`).expect(200)
  })

  test('history is listed page by page, newest first', async () => {
    await scanned(1)
    await scanned(0)
    const { body } = await under.api.get('/v1/compliance/history?limit=7').expect(200)
    assert.equal(body.items[0].at >= body.items[6].at, true)
    const { body: rest } = await under.api.get(`/v1/compliance/history?cursor=${body.nextCursor}`).expect(200)
    // All practices at first, and then the one that changed.
    assert.equal(body.items.length + rest.items.length, 8)
    assert.equal(rest.nextCursor, null)
  })

  test('an exception needs a control, a reason, and an end within a year', async () => {
    const refused = async (more: object, status: number, at: string) => {
      const { body } = await under.api.post('/v1/compliance/exceptions', exception(more)).expect(status)
      assert.equal(body.faults[0].at, at)
    }
    await refused({ control: 'no-such-control' }, 422, '/control')
    // Where what is found later must not be covered.
    await refused({ control: 'test-root-keys', resource: '*' }, 422, '/resource')
    await refused({ control: 'test-root-keys', resource: 'arn:aws:s3:::*' }, 422, '/resource')
    await refused({ endsAt: '2020-01-01' }, 422, '/endsAt')
    await refused({ endsAt: new Date(Date.now() + 400 * dayMs).toISOString() }, 422, '/endsAt')
    await refused({ endsAt: 'tomorrow' }, 400, '/endsAt')
    await refused({ reason: '' }, 400, '/reason')
    await refused({ reason: undefined }, 400, '/reason')
    await refused({ resource: 'a\nb' }, 400, '/resource')
    await refused({ allowedBy: 'somebody else' }, 400, '/allowedBy')
    const { body } = await under.api.get('/v1/compliance/exceptions').expect(200)
    assert.deepEqual(body.items, [])
  })

  test('exceptions count beyond the findings that the report shows, and end with a word', async () => {
    await scanned(60)
    const { body: made } = await under.api
      .post('/v1/compliance/exceptions', exception({ resource: arnOf(59) }))
      .expect(201)
    await under.api.post('/v1/compliance/exceptions', exception({ resource: 'arn:elsewhere' })).expect(201)
    await under.api.post('/v1/compliance/exceptions', exception({ resource: arnOf(59) })).expect(409)
    const { body } = await under.api.get('/v1/compliance').expect(200)
    assert.equal(controlOf(body, 'test-attached-policies').exceptedCount, 1)
    assert.deepEqual(
      body.accounts[0].exceptions.map(({ isUsed }: { isUsed: boolean }) => isUsed),
      [true, false],
    )
    await under.api.delete(`/v1/compliance/exceptions/${made.id}`).expect(200)
    await under.api.delete(`/v1/compliance/exceptions/${made.id}`).expect(200)
    await under.api.delete('/v1/compliance/exceptions/01a20b19-98c8-7000-8b12-291508bfcd37').expect(404)
    const standing = await under.api.get('/v1/compliance/exceptions?standing=true').expect(200)
    assert.equal(standing.body.items.length, 1)
    const all = await under.api.get('/v1/compliance/exceptions?limit=1').expect(200)
    const rest = await under.api.get(`/v1/compliance/exceptions?cursor=${all.body.nextCursor}`).expect(200)
    assert.equal(rest.body.items[0].id, made.id)
    await under.api.post('/v1/compliance/exceptions', exception({ resource: arnOf(59) })).expect(201)
  })

  test('a scan is asked for, and followed', async () => {
    const { body, headers } = await under.api.post('/v1/compliance/scans').expect(202)
    assert.equal(headers.location, `/v1/compliance/scans/${body.id}`)
    assert.deepEqual([body.status, body.requestedBy, body.progress], ['queued', 'admin', null])
    const again = await under.api.post('/v1/compliance/scans', {}).expect(202)
    assert.equal(again.body.id, body.id)
    await under.api.get(headers.location as string).expect(200)
    await under.api.get('/v1/compliance/scans/01a20b19-98c8-7000-8b12-291508bfcd37').expect(404)
    await scanned(1)
    const { body: list } = await under.api.get('/v1/compliance/scans').expect(200)
    assert.deepEqual(
      list.items.map(({ id, status, calls }: { id: string; status: string; calls: number }) => [
        id,
        status,
        calls,
      ]),
      [[body.id, 'done', 20]],
    )
    await under.api.as(undefined).post('/v1/compliance/scans').expect(401)
  })
})
