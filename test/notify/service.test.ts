import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { sql } from 'drizzle-orm'
import { Registry } from 'prom-client'
import { endpointsAt, openAccount } from '../../src/aws/account.ts'
import { meterCalls } from '../../src/aws/metering.ts'
import { keepPasswordPolicy } from '../../src/credentials/password-policy-loop.ts'
import { createAnnounce } from '../../src/notify/outbox.ts'
import { forgetNotifications } from '../../src/notify/retention.ts'
import { newId } from '../../src/store/ids.ts'
import { notifications } from '../../src/store/schema.ts'
import { silentLog } from '../harness/databases.ts'
import { call, forEachEngine, type RunningService } from '../harness/service.ts'
import { eventually } from '../harness/waiting.ts'
import { openEndpoint, openMailServer, verify } from './receivers.ts'
import { secret } from './room.ts'

const endpoint = await openEndpoint()
const mail = await openMailServer()
after(async () => {
  await endpoint.close()
  await mail.close()
})

const settings = {
  MUSTER_NOTIFY_URLS: `${endpoint.origin.replace('//', '//muster:hunter2@')}/hook?token=sesame`,
  MUSTER_NOTIFY_SECRET: secret,
  MUSTER_SMTP_URL: mail.url,
  MUSTER_MAIL_FROM: 'muster@example.com',
  MUSTER_MAIL_ADMIN: 'ops@example.com',
  MUSTER_RETENTION_DAYS: '0',
}

const heardOf = (employeeId: string | null) =>
  endpoint.received
    .filter(({ payload }) => payload.data.employeeId === employeeId)
    .map(({ payload }) => payload)

const hears = (employeeId: string | null, type: string) =>
  eventually(() => heardOf(employeeId).find((payload) => payload.type === type), { what: type })

forEachEngine((_name, open) => {
  let muster: RunningService

  test('who is locked and purged is told of, once each', async () => {
    endpoint.received.length = 0
    muster = await open({ settings })
    await muster.hire('E1')
    const { id, user_name } = await muster.until('E1', 'awaiting_mfa')
    await muster.tell('employee.terminated', 'E1')
    await muster.until('E1', 'deleted')
    const purged = await hears('E1', 'identity.purged')
    assert.partialDeepStrictEqual(purged.data, { identityId: id, userName: user_name })
    await hears('E1', 'identity.locked')
    const types = heardOf('E1').map(({ type }) => type)
    assert.deepEqual(types.filter((type) => type.startsWith('identity.')).sort(), [
      'identity.locked',
      'identity.purged',
    ])
    for (const received of endpoint.received) verify(secret, received)
  })

  test('what an administrator has to solve is told, by mail too', async () => {
    mail.received.length = 0
    call(muster.sandbox, 'CreateUser', { UserName: 'ada.e2' })
    await muster.hire('E2')
    await muster.until('E2', 'conflict')
    await hears('E2', 'identity.conflict')
    await muster.hire('E3')
    await muster.until('E3', 'awaiting_mfa')
    await muster.tell('employee.role_changed', 'E3', { role: 'astronaut' })
    const { data } = await hears('E3', 'identity.blocked')
    assert.match(data.reason, /astronaut/)
    const subjects = () =>
      mail.received.flatMap(({ to, headers }) =>
        to[0] === 'ops@example.com' ? headers.filter((header) => header.startsWith('Subject:')) : [],
      )
    await eventually(() => subjects().length >= 2)
    assert.deepEqual(subjects().sort(), [
      'Subject: Muster: identity.blocked (E3)',
      'Subject: Muster: identity.conflict (E2)',
    ])
  })

  test('drift that was mended is told, with what was done', async () => {
    await muster.hire('E4')
    const { user_name } = await muster.until('E4', 'awaiting_mfa')
    const PolicyDocument =
      '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:ListAllMyBuckets","Resource":"*"}]}'
    call(muster.sandbox, 'PutUserPolicy', { UserName: user_name, PolicyName: 'by-hand', PolicyDocument })
    await muster.api('POST', '/v1/employees/E4/reconcile')
    const { data } = await hears('E4', 'drift.detected')
    assert.deepEqual(data.actions, ['DeleteUserPolicy'])
  })

  test('a password policy that was weakened and is restored is told', async () => {
    const { config, sandbox, service } = muster
    const { store, jobs } = service
    const account = await openAccount(store.db, {
      region: 'us-east-1',
      endpoints: endpointsAt(sandbox.url),
      rate: 1000,
      credentials: sandbox.credentials,
      metering: meterCalls(new Registry()),
      log: silentLog,
    })
    call(sandbox, 'UpdateAccountPasswordPolicy', {
      ...sandbox.state.passwordPolicy,
      MinimumPasswordLength: 8,
    })
    const look = await keepPasswordPolicy({
      store,
      account,
      wanted: config.passwordPolicy,
      mode: 'enforce',
      announce: createAnnounce(jobs, config.notify),
      clock: () => new Date(),
      log: silentLog,
    })
    assert.equal(look?.status, 'applied')
    const { data } = await hears(null, 'password_policy.restored')
    assert.deepEqual([data.before.minimumLength, data.after.minimumLength], [8, 14])
    assert.ok(data.weakened.includes('minimumLength'))
    account.close()
  })

  test('messages are listed without what they say, dead ones are replayed, old ones go', async () => {
    endpoint.status = 500
    await muster.tell('employee.terminated', 'E4')
    const { store } = muster.service
    const waiting = () => muster.api('GET', '/v1/notifications?status=waiting&limit=1')
    const failing = await eventually(async () => {
      const { items } = await waiting()
      return items[0]?.attempts > 0 && items[0]
    })
    assert.equal(failing.receiver, `${endpoint.origin}/hook`)
    assert.equal(failing.error, 'the endpoint answered 500')
    const dead = await eventually(async () => {
      await store.db.execute(sql`
        update jobs.job set retry_limit = retry_count + 1, start_after = now() where name = 'notify' and state = 'retry'`)
      const { items } = await muster.api('GET', '/v1/dead-letters')
      return items.find(({ notificationId }: { notificationId: string }) => notificationId === failing.id)
    })
    assert.partialDeepStrictEqual(dead, { queue: 'notify', employeeId: failing.employeeId, identityId: null })
    endpoint.status = 204
    await muster.api('POST', `/v1/dead-letters/${dead.id}/replay`)
    const all = await eventually(async () => {
      const { items } = await muster.api('GET', '/v1/notifications?limit=200')
      return items.some(({ id, status }: typeof failing) => id === failing.id && status === 'sent') && items
    })
    assert.doesNotMatch(JSON.stringify(all), /hunter2|sesame|enroll\//)
    const first = await muster.api('GET', '/v1/notifications?limit=2')
    const next = await muster.api('GET', `/v1/notifications?limit=2&cursor=${first.nextCursor}`)
    assert.deepEqual(
      [...first.items, ...next.items].map(({ id }) => id),
      all.slice(0, 4).map(({ id }: typeof failing) => id),
    )

    const month = 31 * 86_400_000
    const id = newId()
    const old = { id, type: 'identity.locked', at: new Date(Date.now() - month), channel: 'mail' as const }
    await store.db.insert(notifications).values({ ...old, receiver: 'ada@example.com', data: {} })
    assert.equal(await forgetNotifications(store.db, new Date(Date.now() - 30 * 86_400_000), 500), 1)
    assert.equal((await muster.api('GET', '/v1/notifications?limit=200')).items.length, all.length)
    await muster.close()
  })
})
