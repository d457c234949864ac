import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Notice, notices } from '../../src/notify/announce.ts'
import { adminMail, linkMail, oneLine } from '../../src/notify/mail-texts.ts'
import { adminNotices, messagesOf } from '../../src/notify/messages.ts'
import { isPlainAddress, type NotifySettings, shownUrl } from '../../src/notify/settings.ts'

const at = new Date('2026-12-01T09:00:00Z')

const anyNotice: fc.Arbitrary<Notice> = fc.record(
  {
    type: fc.constantFrom(...notices),
    at: fc.constant(at),
    employeeId: fc.option(fc.string()),
    data: fc.constant({}),
    link: fc.record({ enrollmentId: fc.uuid(), email: fc.emailAddress(), givenName: fc.string() }),
  },
  { requiredKeys: ['type', 'at', 'employeeId', 'data'] },
)

const anySettings: fc.Arbitrary<NotifySettings> = fc.record({
  endpoints: fc.uniqueArray(fc.webUrl({ withQueryParameters: true }), { selector: shownUrl, maxLength: 3 }),
  secrets: fc.constant([]),
  linksToEndpoints: fc.boolean(),
  mail: fc.option(
    fc.record({
      smtpUrl: fc.constant('smtp://mail.example.com'),
      from: fc.constant('muster@example.com'),
      admin: fc.option(fc.constant('ops@example.com'), { nil: undefined }),
    }),
    { nil: undefined },
  ),
})

test('every endpoint hears of everything; a link is in no mail but that to its owner', () => {
  fc.assert(
    fc.property(fc.array(anyNotice), anySettings, (all, settings) => {
      const messages = messagesOf(all, settings)
      for (const notice of all) {
        const own = messages.filter((message) => message.notice === notice)
        const mails = own.filter(({ channel }) => channel === 'mail')
        assert.equal(own.length - mails.length, settings.endpoints.length)
        const toOwner = settings.mail && notice.link ? 1 : 0
        const toAdmin = settings.mail?.admin && adminNotices.has(notice.type) ? 1 : 0
        assert.equal(mails.length, toOwner + toAdmin)
        for (const { channel, receiver, enrollmentId } of own) {
          if (enrollmentId === null) continue
          assert.equal(enrollmentId, notice.link?.enrollmentId)
          assert.ok(channel === 'webhook' ? settings.linksToEndpoints : receiver === notice.link?.email)
        }
      }
    }),
  )
})

test('what an endpoint is called holds neither user nor query', () => {
  assert.equal(
    shownUrl('https://u:p@hooks.example.com:8443/a/b?token=t#f'),
    'https://hooks.example.com:8443/a/b',
  )
})

test('an address that is taken is one address, without anything else', () => {
  for (const address of ['ada@example.com', 'ada+aws@sub.example.com', 'åda@exämple.com', "o'neill@x.io"]) {
    assert.ok(isPlainAddress(address), address)
  }
  for (const address of [
    '',
    'ada',
    'a@b@c',
    'a@b,c@d',
    'a@b;c@d',
    '<a@b>',
    'a b@c',
    'a@b\r\nBcc: c@d',
    '"a"@b',
  ]) {
    assert.ok(!isPlainAddress(address), address)
  }
})

test('whatever a mail is about, its subject is one line and its page has no markup of others', () => {
  const evil = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constant('<img src=x onerror=alert(1)>\r\nBcc: m@e.com'),
  )
  fc.assert(
    fc.property(evil, evil, (one, other) => {
      const mails = [
        adminMail({ type: 'drift.detected', at, employeeId: one, data: { [other]: one } }),
        linkMail({
          type: 'enrollment.created',
          purpose: 'sign-in',
          givenName: one,
          link: 'https://muster.example.com/enroll/t',
          expiresAt: at,
        }),
      ]
      for (const { subject, html } of mails) {
        assert.doesNotMatch(subject, /\p{C}/u)
        assert.doesNotMatch(html, /<(img|script)/)
      }
    }),
  )
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => !/[\r\n\p{C}]/u.test(oneLine(text))))
})

test('the docs have an example of every notice', async () => {
  const page = await readFile(new URL('../../docs/notifications.md', import.meta.url), 'utf8')
  const examples: { type: string; timestamp: string; data: { employeeId: string | null } }[] = JSON.parse(
    /```json\n(.*?)```/s.exec(page)?.[1] ?? '',
  )
  assert.deepEqual(examples.map(({ type }) => type).sort(), [...notices].sort())
  for (const { timestamp, data } of examples) assert.ok(Date.parse(timestamp) > 0 && 'employeeId' in data)
  for (const type of notices) {
    assert.equal(page.includes(`\`${type}\` ★ |`), adminNotices.has(type), type)
  }
})
