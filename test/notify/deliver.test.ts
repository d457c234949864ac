import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { shownUrl } from '../../src/notify/settings.ts'
import { forEachDatabase } from '../harness/databases.ts'
import { eventually } from '../harness/waiting.ts'
import { newSecret } from '../harness/webhooks.ts'
import { openEndpoint, openMailServer, verify } from './receivers.ts'
import { blocked, created, makeEnrollment, nobody, secret, withRoom } from './room.ts'

const endpoint = await openEndpoint()
const mail = await openMailServer()
after(async () => {
  await endpoint.close()
  await mail.close()
})

const mailSettings = { smtpUrl: mail.url, from: 'Muster <muster@example.com>', admin: 'ops@example.com' }

function forget() {
  endpoint.received.length = 0
  endpoint.status = 204
  mail.received.length = 0
}

forEachDatabase((_name, openStore) => {
  test('text that no database takes does not fail the change that is told of', async () => {
    await withRoom(openStore, { endpoints: [`${endpoint.origin}/hook`] }, async ({ tell, rows }) => {
      await tell({ ...blocked, data: { reason: 'NUL \u0000 and half \ud83d of a pair' } })
      const [row] = await rows()
      assert.deepEqual(row?.data, { reason: 'NUL \ufffd and half \ufffd of a pair' })
    })
  })

  test('with nobody to tell, an announcement leaves neither row nor job', async () => {
    await withRoom(openStore, nobody, async ({ store, tell, rows, queued }) => {
      await tell(blocked, created(await makeEnrollment(store)))
      assert.deepEqual(await rows(), [])
      assert.equal(await queued(), 0)
    })
  })

  test('an announcement is made with its change or not at all', async () => {
    const settings = { endpoints: [`${endpoint.origin}/a`, `${endpoint.origin}/b`], mail: mailSettings }
    await withRoom(openStore, settings, async ({ store, announce, tell, rows, queued }) => {
      await assert.rejects(
        store.db.transaction(async (tx) => {
          await announce(tx, [blocked])
          throw new Error('the change did not come to be')
        }),
      )
      assert.deepEqual(await rows(), [])
      assert.equal(await queued(), 0)
      await tell(blocked)
      assert.deepEqual(
        (await rows()).map(({ channel, receiver }) => [channel, receiver]),
        [
          ['webhook', `${endpoint.origin}/a`],
          ['webhook', `${endpoint.origin}/b`],
          ['mail', 'ops@example.com'],
        ],
      )
      assert.equal(await queued(), 3)
    })
  })

  test('an endpoint gets what happened, signed with each secret', async () => {
    forget()
    const next = newSecret()
    const settings = { endpoints: [`${endpoint.origin}/hook`], secrets: [secret, next] }
    await withRoom(openStore, settings, async ({ tell, startDelivery, settled }) => {
      await startDelivery()
      await tell(blocked)
      const [row] = await settled()
      assert.partialDeepStrictEqual(row, { status: 'sent', attempts: 1, error: null })
      assert.equal(endpoint.received.length, 1)
      const [received] = endpoint.received
      assert.ok(received)
      verify(secret, received)
      verify(next, received)
      assert.throws(() => verify(newSecret(), received))
      assert.equal(received.id, row?.id)
      assert.deepEqual(received.payload, {
        type: 'identity.blocked',
        timestamp: '2026-12-01T09:00:00.000Z',
        data: { employeeId: 'E1002', ...blocked.data },
      })
    })
  })

  test('an endpoint that was down gets the message once it is up, under the same id', async () => {
    forget()
    endpoint.status = 503
    const settings = { endpoints: [endpoint.origin] }
    await withRoom(openStore, settings, async ({ tell, startDelivery, settled, rows, tryAgain }) => {
      await startDelivery()
      await tell(blocked)
      await eventually(async () => (await rows())[0]?.attempts === 1)
      assert.partialDeepStrictEqual((await rows())[0], {
        status: 'waiting',
        error: 'the endpoint answered 503',
      })
      endpoint.status = 200
      const [row] = await eventually(async () => {
        await tryAgain()
        const all = await rows()
        return all[0]?.status === 'sent' && all
      })
      assert.partialDeepStrictEqual(row, { status: 'sent', attempts: 2, error: null })
      assert.equal(new Set(endpoint.received.map(({ id }) => id)).size, 1)
      await settled()
    })
  })

  test('a message that fails to the end is a dead letter, and goes out when it is replayed', async () => {
    forget()
    endpoint.status = 500
    const settings = { endpoints: [endpoint.origin] }
    await withRoom(openStore, settings, async ({ tell, startDelivery, settled, rows, jobs, ...room }) => {
      await tell(blocked)
      await room.allowNoMoreTries()
      await startDelivery()
      const [row] = await settled()
      assert.partialDeepStrictEqual(row, {
        status: 'failed',
        attempts: 1,
        error: 'the endpoint answered 500',
      })
      const [dead] = await eventually(async () => {
        const letters = await jobs.deadLetters(10)
        return letters.length > 0 && letters
      })
      assert.partialDeepStrictEqual(dead, {
        queue: 'notify',
        notificationId: row?.id,
        identityId: null,
        error: 'the endpoint answered 500',
      })
      endpoint.status = 204
      assert.ok(await jobs.replay(dead?.id ?? ''))
      await eventually(async () => (await rows())[0]?.status === 'sent')
      assert.deepEqual(await jobs.deadLetters(10), [])
    })
  })

  test('an endpoint that answers 410 is not asked again, and a redirect is not followed', async () => {
    forget()
    endpoint.status = 410
    const elsewhere = await openEndpoint(`${endpoint.origin}/elsewhere`)
    elsewhere.status = 307
    const settings = { endpoints: [`${endpoint.origin}/gone`, elsewhere.origin] }
    await withRoom(openStore, settings, async ({ tell, startDelivery, rows, jobs }) => {
      await startDelivery()
      await tell(blocked)
      const all = await eventually(async () => {
        const found = await rows()
        return found.every(({ attempts }) => attempts > 0) && found
      })
      assert.deepEqual(
        all.map(({ status, error }) => [status, error?.split(':')[0]]),
        [
          ['failed', 'the endpoint answered 410'],
          ['waiting', 'the endpoint answered 307'],
        ],
      )
      assert.deepEqual(await jobs.deadLetters(10), [])
      assert.deepEqual(
        endpoint.received.map(({ url }) => url),
        ['/gone'],
      )
    })
    await elsewhere.close()
  })

  test('credentials in a URL are sent, and are neither stored nor logged', async () => {
    forget()
    endpoint.status = 500
    const url = `${endpoint.origin.replace('//', '//muster:hunter2@')}/hook?token=sesame`
    await withRoom(openStore, { endpoints: [url] }, async ({ tell, startDelivery, rows, log }) => {
      await startDelivery()
      await tell(blocked)
      const all = await eventually(async () => {
        const found = await rows()
        return found.every(({ attempts }) => attempts > 0) && log() !== '' && found
      })
      assert.equal(endpoint.received[0]?.url, '/hook?token=sesame')
      const basic = Buffer.from('muster:hunter2').toString('base64')
      assert.equal(endpoint.received[0]?.headers.authorization, `Basic ${basic}`)
      assert.equal(all[0]?.receiver, shownUrl(url))
      assert.match(log(), /not delivered/)
      for (const seen of [JSON.stringify(all), log()]) {
        assert.doesNotMatch(seen, /hunter2|sesame/)
        assert.ok(!seen.includes(basic))
      }
    })
  })

  test('a link goes to its owner by mail, and to nobody else', async () => {
    forget()
    const settings = { endpoints: [endpoint.origin], mail: mailSettings }
    await withRoom(openStore, settings, async ({ store, tell, startDelivery, settled, linkOf, log }) => {
      await startDelivery()
      const enrollment = await makeEnrollment(store, { expiresAt: new Date('2099-12-04T09:30:00Z') })
      await tell(created(enrollment), blocked)
      const rows = await settled()
      assert.deepEqual(new Set(rows.map(({ status }) => status)), new Set(['sent']))
      const link = linkOf(enrollment.id)
      const toAda = mail.received.find(({ to }) => to[0] === 'ada@example.com')
      assert.ok(toAda)
      assert.deepEqual([toAda.from, toAda.to], ['muster@example.com', ['ada@example.com']])
      assert.ok(toAda.text.includes(link))
      assert.ok(toAda.html.replaceAll('&#61;', '=').includes(link))
      for (const words of [
        /Hello Ada,/,
        /until 2099-12-04 09:30 UTC/,
        /never asks for your password by mail/,
      ]) {
        assert.match(toAda.text, words)
        assert.match(toAda.html, words)
      }
      const toOps = mail.received.filter(({ to }) => to[0] === 'ops@example.com')
      assert.equal(toOps.length, 1)
      assert.match(toOps[0]?.text ?? '', /astronaut/)
      assert.equal(mail.received.length, 2)
      assert.equal(endpoint.received.length, 2)
      const token = link.slice(link.lastIndexOf('/') + 1)
      for (const seen of [
        JSON.stringify(endpoint.received),
        toOps[0]?.raw ?? '',
        JSON.stringify(rows),
        log(),
      ]) {
        assert.ok(!seen.includes(token))
      }
    })
  })

  test('an endpoint that delivers links gets them, if the settings say so', async () => {
    forget()
    const settings = { endpoints: [endpoint.origin], linksToEndpoints: true }
    await withRoom(openStore, settings, async ({ store, tell, startDelivery, settled, linkOf }) => {
      await startDelivery()
      const enrollment = await makeEnrollment(store)
      await tell(created(enrollment))
      await settled()
      assert.equal(endpoint.received[0]?.payload.data.link, linkOf(enrollment.id))
    })
  })

  test('a link that is over is not sent', async () => {
    forget()
    const settings = { mail: mailSettings }
    await withRoom(openStore, settings, async ({ store, tell, startDelivery, settled, jobs }) => {
      await startDelivery()
      const revoked = await makeEnrollment(store, { status: 'revoked' })
      const expired = await makeEnrollment(store, { expiresAt: new Date(Date.now() - 1000) })
      const moved = await makeEnrollment(store)
      await tell(created(revoked), created(expired), created({ ...moved, email: 'mallory@example.com' }))
      assert.deepEqual(
        (await settled()).map(({ status, error }) => [status, error]),
        [
          ['failed', 'the link is over'],
          ['failed', 'the link is over'],
          ['failed', 'the link is for another address'],
        ],
      )
      assert.deepEqual(mail.received, [])
      assert.deepEqual(await jobs.deadLetters(10), [])
    })
  })

  test('whatever a name or an address holds, it makes no header and no second receiver', async () => {
    forget()
    await withRoom(openStore, { mail: mailSettings }, async ({ store, tell, startDelivery, settled }) => {
      await startDelivery()
      const evil = 'Ada\r\nBcc: mallory@example.com\r\n\r\n<script>alert(1)</script>'
      await tell(
        created(await makeEnrollment(store), evil),
        ...(await Promise.all(
          [
            'ada@example.com, mallory@example.com',
            'ada@example.com\r\nBcc: mallory@example.com',
            '<m@e.com>',
          ].map(async (email) => created(await makeEnrollment(store, { email }))),
        )),
        { ...blocked, employeeId: 'E1\r\nBcc: mallory@example.com', data: { 'a\r\nb': evil } },
      )
      const rows = await settled()
      assert.deepEqual(
        rows.map(({ status }) => status),
        ['sent', 'failed', 'failed', 'failed', 'sent'],
      )
      assert.deepEqual(mail.received.map(({ to }) => to).sort(), [['ada@example.com'], ['ops@example.com']])
      for (const { headers, html } of mail.received) {
        assert.ok(!headers.some((header) => /^bcc:/i.test(header)))
        assert.ok(!html.includes('<script>'))
      }
    })
  })

  test('a mail server that wants a password gets it, and its words are not repeated', async () => {
    const guarded = await openMailServer({ muster: 'p@ss:word' })
    const port = new URL(guarded.url).port
    const with_ = (password: string) => ({
      ...mailSettings,
      smtpUrl: `smtp://muster:${encodeURIComponent(password)}@127.0.0.1:${port}`,
    })
    await withRoom(openStore, { mail: with_('p@ss:word') }, async ({ tell, startDelivery, settled }) => {
      await startDelivery()
      await tell(blocked)
      assert.equal((await settled())[0]?.status, 'sent')
      assert.equal(guarded.received.length, 1)
    })
    await withRoom(openStore, { mail: with_('hunter2') }, async ({ tell, startDelivery, rows, log }) => {
      await startDelivery()
      await tell(blocked)
      const [row] = await eventually(async () => {
        const all = await rows()
        return all[0]?.attempts === 1 && log() !== '' && all
      })
      assert.equal(row?.error, 'the mail server did not take it (EAUTH 535)')
      assert.doesNotMatch(log(), /hunter2|ops@example/)
    })
    await guarded.close()
  })
})
