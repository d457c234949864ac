import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { sql } from 'drizzle-orm'
import fc from 'fast-check'
import { registerEmployees, registrationOf, tagValue } from '../../src/identity/registration.ts'
import type { NameParts } from '../../src/identity/user-name.ts'
import { rowsOf, type Store } from '../../src/store/open.ts'
import { emptyStore, forEachDatabase, forPostgres } from '../harness/databases.ts'

const settings = {
  accountId: '123456789012',
  path: '/muster/',
  quarantineGroup: 'muster-quarantine',
  baselineGroup: 'muster-baseline',
  userNameTemplate: '{given}.{family}',
}

const anyId = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 100 }),
  fc.string({ unit: fc.constantFrom('=', 'a', '3', 'd', 'é', '%', ' '), maxLength: 300 }),
)

test('an employee id becomes a tag value that IAM takes, whatever it is made of', () => {
  fc.assert(
    fc.property(anyId, (id) => {
      assert.match(tagValue(id), /^[A-Za-z0-9 _.:/=+@-]{0,256}$/)
    }),
  )
  assert.equal(tagValue('E-1001/a b'), 'E-1001/a b')
  assert.equal(tagValue('é=1'), '=c3=a9=3d1')
  assert.equal(tagValue('x'.repeat(256)), 'x'.repeat(256))
  assert.match(tagValue('x'.repeat(257)), /^=sha256=[0-9a-f]{64}$/)
})

test('two employees never share a tag, also when one id looks like the other written out', () => {
  const ids = ['é', '=c3=a9', '=3dc3=3da9', 'e\u0301', 'É', '=', '=3d', '', ' ', '\u0000', '\ud83d\ude00']
  const tags = [...ids, ...ids.map((id) => id.repeat(200)).filter((id) => id)].map(tagValue)
  assert.equal(new Set(tags).size, tags.length)
  fc.assert(
    fc.property(anyId, anyId, (one, other) => {
      assert.equal(tagValue(one) === tagValue(other), one === other)
    }),
  )
})

test('an identity stands in IAM under its name, on the path, with both tags', () => {
  assert.deepEqual(registrationOf({ userName: 'ada', employeeId: 'Ä1' }, settings), {
    userName: 'ada',
    path: '/muster/',
    quarantineGroup: 'muster-quarantine',
    baselineGroup: 'muster-baseline',
    tags: { 'muster:employee-id': '=c3=841', 'muster:managed': 'true' },
  })
})

function person(employeeId: string, givenName = 'Ada', familyName = 'Lovelace'): NameParts {
  return { employeeId, givenName, familyName, email: `${employeeId}@example.com` }
}

function register(store: Store, people: readonly NameParts[], accountId = settings.accountId) {
  return store.db.transaction((tx) => registerEmployees(tx, { ...settings, accountId }, people))
}

async function namesIn(store: Store): Promise<Record<string, string>> {
  const rows = await rowsOf<{ employee_id: string; user_name: string }>(
    store.db,
    sql`select employee_id, user_name from identities order by employee_id`,
  )
  return Object.fromEntries(rows.map((row) => [row.employee_id, row.user_name]))
}

function mustAllDiffer(names: Readonly<Record<string, string>>, count: number): void {
  const all = Object.values(names)
  assert.equal(all.length, count)
  assert.equal(new Set(all.map((name) => name.toLowerCase())).size, count)
  for (const name of all) assert.match(name, /^[\w+=,.@-]{1,64}$/)
}

forEachDatabase((_name, openStore) => {
  let store: Store
  beforeEach(async () => {
    store = await openStore()
    await emptyStore(store)
  })

  test('people of one name get numbers, ignoring case and accents', async () => {
    await register(store, [person('E1'), person('E2', 'ADA', 'lovelace')])
    await register(store, [person('E3', 'Äda', 'Lovelace')])
    assert.deepEqual(await namesIn(store), { E1: 'ada.lovelace', E2: 'ada.lovelace2', E3: 'ada.lovelace3' })
  })

  test('a name that was written with capitals is taken all the same', async () => {
    await register(store, [person('E1')])
    await store.db.execute(sql`update identities set user_name = 'Ada.LOVELACE'`)
    await register(store, [person('E2')])
    assert.equal((await namesIn(store)).E2, 'ada.lovelace2')
  })

  test('a name is given once: to be registered again changes nothing', async () => {
    await register(store, [person('E1'), person('E2')])
    const before = await namesIn(store)
    await register(store, [person('E1', 'Somebody', 'Else'), person('E3', 'Eve', 'Moss'), person('E2')])
    assert.deepEqual(await namesIn(store), { ...before, E3: 'eve.moss' })
  })

  test('somebody whose name is another one’s with a number finds a free one', async () => {
    await register(store, [person('E1'), person('E2', 'Ada', 'Lovelace2'), person('E3')])
    assert.deepEqual(await namesIn(store), { E1: 'ada.lovelace', E2: 'ada.lovelace2', E3: 'ada.lovelace3' })
  })

  test('a hundred people of one name get a hundred names', async () => {
    const people = Array.from({ length: 100 }, (_, i) => person(`E${i}`))
    await register(store, people)
    mustAllDiffer(await namesIn(store), 100)
    await register(store, [person('one more')])
    mustAllDiffer(await namesIn(store), 101)
  })

  test('where all names like it are given, a newcomer gets one that is nobody’s, at once', async () => {
    await store.db.execute(sql`
      insert into identities (id, employee_id, account_id, user_name)
      select gen_random_uuid(), 'old' || n, ${settings.accountId},
        case when n = 1 then 'ada.lovelace' else 'ada.lovelace' || n end
      from generate_series(1, 4096) as n`)
    await register(store, [person('E1')])
    assert.match((await namesIn(store)).E1 ?? '', /^employee-\w{12}$/)
  })

  test('a hundred names of 200 characters stay apart in the 64 that IAM allows', async () => {
    await register(
      store,
      Array.from({ length: 100 }, (_, i) => person(`E${i}`, 'x'.repeat(200), `y${i}`)),
    )
    mustAllDiffer(await namesIn(store), 100)
  })

  test('who has no name that could be used gets one of IAM’s alphabet', async () => {
    await register(store, [person('...', '!', '?'), person('---', '"', ''), person('E3', '…', '')])
    const names = await namesIn(store)
    mustAllDiffer(names, 3)
    assert.match(names['...'] ?? '', /^employee-\w{12}$/)
    assert.equal(names.E3, 'employee.e3')
  })

  test('each account has names of its own', async () => {
    await register(store, [person('E1')])
    await register(store, [person('E2')], '210987654321')
    assert.deepEqual(await namesIn(store), { E1: 'ada.lovelace', E2: 'ada.lovelace' })
  })
})

forPostgres((openStore) => {
  test('replicas that register people of one name at the same moment give them different names', async () => {
    const replicas = await Promise.all([openStore(), openStore()])
    const groups = Array.from({ length: 8 }, (_, g) =>
      Array.from({ length: 10 }, (_, i) => person(`G${g}-${i}`)),
    )
    // Neither sees what the other has not committed: whoever comes second has to look again.
    await Promise.all(groups.map((people, g) => register(replicas[g % 2] as Store, people)))
    mustAllDiffer(await namesIn(replicas[0]), 80)
  })

  test('a replica waits for another one’s transaction, and takes the name if that one fails', async () => {
    const store = await openStore()
    await emptyStore(store)
    let registered = () => {}
    const hasRegistered = new Promise<void>((resolve) => {
      registered = resolve
    })
    let end = () => {}
    const mayEnd = new Promise<void>((resolve) => {
      end = resolve
    })
    const failing = store.db.transaction(async (tx) => {
      await registerEmployees(tx, settings, [person('E1')])
      registered()
      await mayEnd
      throw new Error('the change that hired E1 failed')
    })
    await hasRegistered
    const second = register(store, [person('E2')])
    end()
    await assert.rejects(failing, /E1 failed/)
    await second
    assert.deepEqual(await namesIn(store), { E2: 'ada.lovelace' })
  })
})
