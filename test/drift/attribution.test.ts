/** What stands, what is over, and what becomes of the search for whoever did it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  AddUserToGroupCommand,
  CreateGroupCommand,
  CreateUserCommand,
  IAMClient,
  TagUserCommand,
  UpdateGroupCommand,
  UpdateUserCommand,
} from '@aws-sdk/client-iam'
import { eq } from 'drizzle-orm'
import { Registry } from 'prom-client'
import { endpointsAt, openAccount } from '../../src/aws/account.ts'
import { meterCalls } from '../../src/aws/metering.ts'
import type { AccountSnapshot } from '../../src/compliance/snapshot.ts'
import { unmanagedIn } from '../../src/compliance/unmanaged.ts'
import { attributeDrifts } from '../../src/drift/attribution.ts'
import { accountDrift, type NewDrift } from '../../src/drift/drift.ts'
import { noteDrifts, recordStanding } from '../../src/drift/record.ts'
import type { Notice } from '../../src/notify/announce.ts'
import { openSandbox } from '../../src/sandbox/index.ts'
import { drifts } from '../../src/store/schema.ts'
import { emptyStore, forEachDatabase, type OpenTestStore, silentLog } from '../harness/databases.ts'

const minuteMs = 60_000

async function placeOf(openStore: OpenTestStore) {
  const store = await openStore()
  await emptyStore(store)
  let now = new Date()
  const sandbox = await openSandbox({ now: () => now })
  const account = await openAccount(store.db, {
    region: 'us-east-1',
    endpoints: endpointsAt(sandbox.url),
    rate: 1000,
    credentials: sandbox.credentials,
    metering: meterCalls(new Registry()),
    log: silentLog,
  })
  const notices: Notice[] = []
  const context = {
    store,
    account,
    announce: async (_tx: unknown, told: readonly Notice[]) => void notices.push(...told),
    clock: () => now,
    log: silentLog,
    paceMs: 0,
  }
  const iam = (accessKeyId: string) =>
    new IAMClient({
      endpoint: sandbox.url,
      region: 'us-east-1',
      credentials: { accessKeyId, secretAccessKey: 'any' },
    })
  const drift = (
    kind: NewDrift['kind'],
    detail: NewDrift['detail'],
    more: Partial<NewDrift> = {},
  ): NewDrift => ({
    ...accountDrift(
      { kind, resource: `arn:aws:iam::${sandbox.accountId}:user/muster/ada`, detail },
      { accountId: sandbox.accountId, detectedAt: now, since: null, foundBy: 'look' },
    ),
    ...more,
  })
  return {
    store,
    sandbox,
    notices,
    iam,
    drift,
    note: (...found: NewDrift[]) => store.db.transaction((tx) => noteDrifts(tx, found)),
    rows: () => store.db.select().from(drifts).orderBy(drifts.id),
    attribute: () => attributeDrifts(context),
    lookups: () => sandbox.calls.entries.filter(({ action }) => action === 'LookupEvents').length,
    move(ms: number) {
      now = new Date(now.getTime() + ms)
    },
    async close() {
      account.close()
      await sandbox.close()
    },
  }
}

type Place = Awaited<ReturnType<typeof placeOf>>

/** Users with a key each, who act by hand upon `ada` and the group `operations`. */
async function intruders({ sandbox, iam }: Place, ...names: readonly string[]) {
  const own = iam(sandbox.credentials.accessKeyId)
  for (const UserName of ['ada', ...names]) await own.send(new CreateUserCommand({ UserName }))
  await own.send(new CreateGroupCommand({ GroupName: 'operations' }))
  return names.map((name, i) => {
    const accessKeyId = `AKIA${name.toUpperCase().padEnd(15, '0')}${i}`
    const user = sandbox.state.users.get(name) ?? assert.fail()
    user.accessKeys = [{ accessKeyId, status: 'Active', createDate: '' } as never]
    sandbox.state.accessKeyOwners.set(accessKeyId, name)
    return iam(accessKeyId)
  })
}

const added = { userName: 'ada', userNames: ['ada'], groupName: 'operations' }

forEachDatabase((_name, openStore) => {
  test('what the Event history does not tell is looked for at growing intervals, then given up with the reason', async () => {
    const place = await placeOf(openStore)
    await place.note(place.drift('group-added', added))
    const asked: number[] = []
    for (let minute = 0; minute <= 40; minute++) {
      const before = place.lookups()
      await place.attribute()
      if (place.lookups() > before) asked.push(minute)
      place.move(minuteMs)
    }
    const [row] = await place.rows()
    assert.deepEqual([row?.attribution, row?.attributionDueAt], ['unknown', null])
    assert.match(row?.attributionReason ?? '', /does not tell/)
    assert.ok(asked.length >= 6 && asked.length <= 10, `asked at ${asked}`)
    assert.ok((asked.at(-1) ?? 0) >= 30, `the last time at ${asked}`)
    await place.close()
  })

  test('a missing permission is named, for as long as it is missing', async () => {
    const place = await placeOf(openStore)
    const take = place.sandbox.faults.add({
      action: 'LookupEvents',
      times: Number.POSITIVE_INFINITY,
      outcome: { code: 'AccessDeniedException', status: 400 },
    })
    await place.note(place.drift('group-added', added))
    await place.attribute()
    const [row] = await place.rows()
    assert.deepEqual([row?.attribution, row?.attributionTries], ['pending', 1])
    assert.match(row?.attributionReason ?? '', /cloudtrail:LookupEvents/)
    take()
    place.move(minuteMs)
    await place.attribute()
    assert.match((await place.rows())[0]?.attributionReason ?? '', /does not tell/)
    await place.close()
  })

  test('a Region that does not answer keeps nobody else from being found, and is given up after a day', async () => {
    const place = await placeOf(openStore)
    const { iam, sandbox, note, drift } = place
    const own = iam(sandbox.credentials.accessKeyId)
    await own.send(new CreateUserCommand({ UserName: 'ada' }))
    await own.send(new CreateGroupCommand({ GroupName: 'operations' }))
    await iam(sandbox.administrator.accessKeyId).send(
      new AddUserToGroupCommand({ UserName: 'ada', GroupName: 'operations' }),
    )
    const resource = `arn:aws:cloudtrail:eu-west-1:${sandbox.accountId}:trail/of-ireland`
    const stopped = drift('trail-stopped', { trailNames: ['of-ireland'] }, { resource })
    await note(stopped, drift('group-added', { ...added, userNames: ['ada'] }))
    sandbox.faults.add({
      action: 'LookupEvents',
      times: Number.POSITIVE_INFINITY,
      params: (asked) => JSON.stringify(asked).includes('of-ireland'),
      outcome: { code: 'ServiceUnavailable', status: 503 },
    })
    await place.attribute()
    const stateOf = async (kind: string) => {
      const row = (await place.rows()).find((one) => one.kind === kind)
      return [row?.attribution, row?.attributionTries, row?.attributionReason]
    }
    assert.equal((await stateOf('group-added'))[0], 'known')
    const [attribution, tries, reason] = await stateOf('trail-stopped')
    assert.deepEqual([attribution, tries], ['pending', 0])
    assert.match(String(reason), /^The Event history does not answer: LookupEvents: ServiceUnavailable/)
    place.move(25 * 60 * minuteMs)
    await place.attribute()
    assert.equal((await stateOf('trail-stopped'))[0], 'unknown')
    await place.close()
  })

  test("throttling is no answer: it costs no try; Muster's own, failed and other calls are not taken for it", async () => {
    const place = await placeOf(openStore)
    const { iam, sandbox, note, drift } = place
    const own = iam(sandbox.credentials.accessKeyId)
    for (const UserName of ['ada', 'bob', 'mallory']) await own.send(new CreateUserCommand({ UserName }))
    for (const GroupName of ['operations', 'engineering'])
      await own.send(new CreateGroupCommand({ GroupName }))
    const user = sandbox.state.users.get('mallory') ?? assert.fail()
    user.accessKeys = [{ accessKeyId: 'AKIAMALLORY000000001', status: 'Active', createDate: '' } as never]
    sandbox.state.accessKeyOwners.set('AKIAMALLORY000000001', 'mallory')
    const mallory = iam('AKIAMALLORY000000001')
    await own.send(new AddUserToGroupCommand({ UserName: 'ada', GroupName: 'operations' }))
    await mallory.send(new AddUserToGroupCommand({ UserName: 'ada', GroupName: 'engineering' }))
    await mallory.send(new AddUserToGroupCommand({ UserName: 'bob', GroupName: 'operations' }))
    const refused = new AddUserToGroupCommand({ UserName: 'nobody', GroupName: 'operations' })
    await assert.rejects(mallory.send(refused))
    await note(drift('group-added', { ...added, userNames: ['ada', 'nobody'] }))
    place.sandbox.faults.add({
      action: 'LookupEvents',
      times: 9,
      outcome: { code: 'ThrottlingException', status: 400 },
    })
    await assert.rejects(place.attribute(), /Throttling/)
    sandbox.faults.clear()
    assert.equal((await place.rows())[0]?.attributionTries, 0)
    await place.attribute()
    assert.deepEqual((await place.rows())[0]?.culprit, null)
    await mallory.send(new AddUserToGroupCommand({ UserName: 'ada', GroupName: 'operations' }))
    place.move(minuteMs)
    await place.attribute()
    const [row] = await place.rows()
    assert.equal(row?.attribution, 'known')
    assert.match(row?.culprit?.by ?? '', /user\/mallory$/)
    assert.deepEqual(
      place.notices.map(({ type, data }) => [type, data.driftId]),
      [['drift.attributed', row?.id]],
    )
    await place.close()
  })

  test('whoever repeats it once it is found does not get the blame for the first', async () => {
    const place = await placeOf(openStore)
    const [mallory, bob] = await intruders(place, 'mallory', 'bob')
    const join = new AddUserToGroupCommand({ UserName: 'ada', GroupName: 'operations' })
    await mallory?.send(join)
    place.move(minuteMs)
    const found = place.drift('group-added', added)
    place.move(10_000)
    await bob?.send(join)
    place.move(10_000)
    await mallory?.send(join)
    // Nobody has done it in time for the other: then the clocks may differ, and it is the first.
    const early = place.drift('group-added', added, {
      detectedAt: new Date(found.detectedAt.getTime() + 5000),
      since: new Date(found.detectedAt.getTime() + 2 * minuteMs + 1000),
      resource: `${found.resource}-2`,
    })
    await place.note(found, early)
    await place.attribute()
    const rows = await place.rows()
    assert.deepEqual(
      rows.map(({ culprit }) => culprit?.by.split('/').at(-1)),
      ['mallory', 'bob'],
    )
    await place.close()
  })

  test('more events than are read are said to be too many, and blame nobody', async () => {
    const place = await placeOf(openStore)
    const [mallory, bob] = await intruders(place, 'mallory', 'bob')
    const join = new AddUserToGroupCommand({ UserName: 'ada', GroupName: 'operations' })
    await mallory?.send(join)
    place.move(1000)
    const found = place.drift('group-added', added)
    place.move(1000)
    const tag = new TagUserCommand({ UserName: 'ada', Tags: [{ Key: 'a', Value: 'b' }] })
    for (let i = 0; i < 220; i++) await bob?.send(tag)
    await bob?.send(join)
    await place.note(found)
    await place.attribute()
    const [row] = await place.rows()
    assert.deepEqual([row?.attribution, row?.culprit], ['pending', null])
    assert.match(row?.attributionReason ?? '', /too many events/)
    await place.close()
  })

  test('what was done under a name that nobody saw is found by the events that renamed the user', async () => {
    const place = await placeOf(openStore)
    const [mallory] = await intruders(place, 'mallory')
    await mallory?.send(new UpdateUserCommand({ UserName: 'ada', NewUserName: 'tmp' }))
    await mallory?.send(new AddUserToGroupCommand({ UserName: 'tmp', GroupName: 'operations' }))
    await mallory?.send(new UpdateUserCommand({ UserName: 'tmp', NewUserName: 'ada' }))
    await place.note(place.drift('group-added', added))
    await place.attribute()
    const [row] = await place.rows()
    assert.deepEqual([row?.attribution, row?.culprit?.eventName], ['known', 'AddUserToGroup'])
    assert.match(row?.culprit?.by ?? '', /user\/mallory$/)
    await place.close()
  })

  test('IAM takes names in any case, and whoever wrote them otherwise is found all the same', async () => {
    const place = await placeOf(openStore)
    const [mallory] = await intruders(place, 'mallory')
    const Tags = [{ Key: 'Muster:Managed', Value: 'no' }]
    await mallory?.send(new AddUserToGroupCommand({ UserName: 'Ada', GroupName: 'OPERATIONS' }))
    await mallory?.send(new TagUserCommand({ UserName: 'ADA', Tags }))
    await place.note(
      place.drift('group-added', added),
      place.drift('tags-changed', { userName: 'ada', userNames: ['ada'], tagKeys: ['muster:managed'] }),
    )
    for (let minute = 0; minute < 4; minute++) {
      await place.attribute()
      place.move(minuteMs)
    }
    assert.deepEqual(
      (await place.rows()).map(({ culprit }) => culprit?.eventName),
      ['AddUserToGroup', 'TagUser'],
    )
    await place.close()
  })

  test('whoever renames a group is whom its members left it, and joined it, by', async () => {
    const place = await placeOf(openStore)
    const [mallory] = await intruders(place, 'mallory')
    assert.ok(mallory)
    await mallory.send(new UpdateGroupCommand({ GroupName: 'operations', NewGroupName: 'evil' }))
    await place.note(
      place.drift('group-removed', added),
      place.drift('group-added', { ...added, groupName: 'evil' }),
    )
    for (let minute = 0; minute < 4; minute++) {
      await place.attribute()
      place.move(minuteMs)
    }
    for (const { culprit } of await place.rows()) assert.equal(culprit?.eventName, 'UpdateGroup')
    await place.close()
  })

  test('what stands is written once, and ends when a look does not find it any more', async () => {
    const { store, drift, note, rows, close } = await placeOf(openStore)
    const open = drift('policy-attached', { ...added, policyArn: 'a' })
    const other = drift('policy-attached', { ...added, policyArn: 'b' })
    assert.equal((await note(open, other)).length, 2)
    assert.equal((await note(open)).length, 0)
    const at = new Date()
    const again = () =>
      store.db.transaction((tx) => recordStanding(tx, open.accountId, 'policy-attached', [other], at))
    assert.deepEqual(await again(), [])
    assert.deepEqual(
      (await rows()).map(({ subject, status, standing }) => [subject, status, standing]),
      [
        ['a', 'repaired', false],
        ['b', 'open', true],
      ],
    )
    // Made again, it is another drift.
    assert.equal((await note(open)).length, 1)
    const names = drift('user-unmanaged', { userName: 'a\0b\ud800', userNames: ['x\0'] })
    await note(names)
    const [row] = await store.db.select().from(drifts).where(eq(drifts.kind, 'user-unmanaged'))
    assert.equal(row?.status, 'reported')
    await close()
  })
})

test('only users and groups made after the first sweep, and not by Muster, are reported', () => {
  const since = new Date('2026-11-01T00:00:00Z')
  const user = (userName: string, createdAt: string, more = {}) => ({
    userName,
    userId: `AIDA${userName}`,
    arn: `arn:aws:iam::123456789012:user/${userName}`,
    path: '/',
    createdAt: new Date(createdAt),
    ...more,
  })
  const group = (groupName: string, createdAt: string) => ({
    groupName,
    arn: `arn:aws:iam::123456789012:group/${groupName}`,
    createdAt: new Date(createdAt),
  })
  const snapshot = {
    accountId: '123456789012',
    takenAt: new Date('2026-11-23T00:00:00Z'),
    muster: {
      path: '/muster/',
      groups: { engineering: [] },
      madeArns: [group('dropped', '2026-11-10').arn],
      identities: [
        { userName: 'ada', userId: 'AIDAada' },
        { userName: 'new', userId: null },
      ],
    },
    authorization: {
      known: true,
      value: {
        users: [
          user('old', '2020-01-01'),
          user('ada', '2026-11-10'),
          user('new', '2026-11-22', { path: '/muster/' }),
          user('mallory', '2026-11-10', { path: '/muster/' }),
          user('late', '2026-11-20'),
        ],
        groups: [
          group('ancient', '2020-01-01'),
          group('engineering', '2026-11-10'),
          group('backdoor', '2026-11-10'),
          group('dropped', '2026-11-10'),
        ],
      },
    },
  } as unknown as AccountSnapshot
  assert.deepEqual(
    unmanagedIn(snapshot, since).map(({ kind, resource }) => [kind, resource.split('/').at(-1)]),
    [
      ['user-unmanaged', 'mallory'],
      ['user-unmanaged', 'late'],
      ['group-unmanaged', 'backdoor'],
    ],
  )
  const unknown = { ...snapshot, authorization: { known: false, reason: 'x', missingPermission: null } }
  assert.deepEqual(unmanagedIn(unknown as AccountSnapshot, since), [])
})
