/**
 * Muster keeps none: a whole life is lived, and every secret that any page showed is looked for in the database,
 * the logs, the jobs, the audit record and in all that was sent out.
 */
import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { after, test } from 'node:test'
import { sql } from 'drizzle-orm'
import { pino } from 'pino'
import { rowsOf, type Store } from '../../src/store/open.ts'
import { forEachEngine } from '../harness/service.ts'
import { eventually } from '../harness/waiting.ts'
import { openEndpoint, openMailServer } from '../notify/receivers.ts'
import { secret } from '../notify/room.ts'
import { type Owner, ownerOf, type PageSeen } from './link-owner.ts'

const endpoint = await openEndpoint()
const mail = await openMailServer()
after(async () => {
  await endpoint.close()
  await mail.close()
})

forEachEngine((_name, open) => {
  test('no password, key, seed, code or token is anywhere but with its owner', async () => {
    endpoint.received.length = 0
    mail.received.length = 0
    let aheadMs = 0
    const clock = () => new Date(Date.now() + aheadMs)
    const logged: string[] = []
    const log = pino(
      { level: 'trace' },
      new Writable({
        write(chunk, _encoding, done) {
          logged.push(String(chunk))
          done()
        },
      }),
    )
    const it = await open({
      clock,
      log,
      settings: {
        MUSTER_NOTIFY_URLS: `${endpoint.origin}/hook`,
        MUSTER_NOTIFY_SECRET: secret,
        MUSTER_SMTP_URL: mail.url,
        MUSTER_MAIL_FROM: 'muster@example.com',
        MUSTER_MAIL_ADMIN: 'ops@example.com',
        MUSTER_RETENTION_DAYS: '1',
      },
    })
    const secrets = new Set<string>()
    const tokens = new Map<string, string>()
    const note = ({ password, seed, key }: PageSeen) => {
      for (const each of [password, seed, key?.secret]) if (each !== undefined) secrets.add(each)
    }
    const noteCodes = (codes: readonly [string, string]) => {
      for (const code of codes) secrets.add(code)
      return codes
    }
    const linkFor = async (employeeId: string, kind: string, body?: object): Promise<Owner> => {
      const { link } = await it.api('POST', `/v1/employees/${employeeId}/${kind}`, body)
      tokens.set(link.slice(link.lastIndexOf('/') + 1), `${employeeId.toLowerCase()}@example.com`)
      return ownerOf({ service: it.service, clock }, link)
    }

    await it.hire('S1', { role: 'site-reliability-engineer' })
    await it.until('S1', 'awaiting_mfa')
    const first = await linkFor('S1', 'enrollments')
    await first.open()
    note(await first.start())
    await first.send(['111222', '333444'])
    const scan = await first.start()
    note(scan)
    it.sandbox.faults.add({ action: 'CreateLoginProfile', outcome: { lost: 'after' } })
    note(await first.send(noteCodes(first.codes(scan.seed)), scan.device))
    await it.until('S1', 'active')
    // The one that was made without anybody asking, and a key.
    aheadMs += 120_000
    const forKey = await linkFor('S1', 'access-keys')
    it.sandbox.faults.add({ action: 'CreateAccessKey', outcome: { lost: 'after' } })
    const key = await forKey.send(noteCodes(forKey.codes(scan.seed)))
    assert.ok(key.key, key.text)
    note(key)
    await it.until('S1', 'active')
    // A lost phone, AWS in trouble, a path mistyped, and the end.
    const again = await linkFor('S1', 'enrollments', { replaceDevice: true })
    await it.until('S1', 'awaiting_mfa')
    it.sandbox.faults.add({
      action: 'CreateVirtualMFADevice',
      outcome: { code: 'ServiceFailure', status: 500 },
    })
    note(await again.start())
    const rescan = await again.start()
    note(rescan)
    await it.service.app.inject({ method: 'POST', url: `${again.path}/nowhere`, payload: {} })
    await it.service.app.inject({ method: 'GET', url: `${again.path}%` })
    const encoded = again.path.replace(
      /^(\/enroll\/.{32})(.)/,
      (_, head, next) => `${head}%${next.charCodeAt(0).toString(16)}`,
    )
    await it.service.app.inject({ method: 'GET', url: encoded })
    await it.service.app.inject({ method: 'POST', url: `${encoded}/nowhere`, payload: {} })
    note(await again.send(noteCodes(again.codes(rescan.seed)), rescan.device))
    await it.until('S1', 'active')
    await it.tell('employee.terminated', 'S1')
    await it.until('S1', 'locked')
    aheadMs += 2 * 86_400_000
    await it.until('S1', 'deleted')
    await eventually(() => endpoint.received.some(({ payload }) => payload.type === 'identity.purged'))

    assert.ok(secrets.size >= 10, `only ${secrets.size} secrets were seen`)
    const kept = new Map<string, string>([
      ['the database and its jobs', await everythingIn(it.service.store)],
      ['the logs', logged.join('')],
      [
        'the webhooks',
        endpoint.received.map(({ body, url, headers }) => body + url + JSON.stringify(headers)).join(''),
      ],
      ['the mails', mail.received.map(({ raw, text, html }) => raw + text + html).join('')],
    ])
    assert.match(logged.join(''), /\/enroll\/\[token\]/)
    for (const [where, text] of kept) {
      assert.ok(text.length > 0, `nothing was kept in ${where}`)
      for (const each of secrets) {
        assert.ok(!contains(text, each), `a secret of ${each.length} characters is in ${where}`)
      }
      if (where === 'the mails') continue
      for (const token of tokens.keys()) {
        assert.ok(!text.includes(token), `a token is in ${where}`)
        assert.ok(!text.includes(token.slice(33)), `half a token is in ${where}`)
      }
    }
    for (const [token, owner] of tokens) {
      const carriers = mail.received.filter(({ text }) => text.includes(token))
      for (const { to } of carriers) assert.deepEqual(to, [owner])
    }
    const mailed = mail.received.filter(({ text }) => /\/enroll\/[\w-]{64}/.test(text))
    assert.ok(mailed.length >= 2, 'links were mailed')
    for (const { to } of mailed) assert.deepEqual(to, ['s1@example.com'])
  })
})

/** Six digits stand in many a number by chance: a code counts where it stands alone. */
function contains(text: string, each: string): boolean {
  return /^\d{6}$/.test(each)
    ? new RegExp(`(?<![\\w.:-])${each}(?![\\w.:-])`).test(text)
    : text.includes(each)
}

async function everythingIn({ db }: Store): Promise<string> {
  const tables = await rowsOf<{ name: string }>(
    db,
    sql`select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname in ('public', 'jobs')`,
  )
  let text = ''
  for (const { name } of tables) {
    const rows = await rowsOf<{ row: string }>(
      db,
      sql.raw(`select to_jsonb(t)::text as row from ${name} as t`),
    )
    text += rows.map(({ row }) => row).join('\n')
  }
  // Bodies are kept as bytes.
  const bodies = await rowsOf<{ body: string }>(
    db,
    sql`select encode(body, 'escape') as body from deliveries where body is not null`,
  )
  return text + bodies.map(({ body }) => body).join('\n')
}
