import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { newId } from '../../src/store/ids.ts'
import { type EmployeeStatus, employees, identities } from '../../src/store/schema.ts'
import { forEachDatabase } from '../harness/databases.ts'
import { type AppUnderTest, openApp } from './app-under-test.ts'

forEachDatabase((_name, openStore) => {
  let under: AppUnderTest
  before(async () => {
    under = await openApp(openStore)
  })
  after(() => under.close())
  beforeEach(() => under.empty())

  async function seed(
    employeeId: string,
    more: { status?: EmployeeStatus | null; role?: string; accountIds?: string[] } = {},
  ) {
    const { status = 'active', role = 'backend-engineer', accountIds = [] } = more
    await under.store.db.insert(employees).values({
      employeeId,
      givenName: 'Ada',
      familyName: 'Lovelace',
      email: `${newId()}@example.com`,
      role,
      status,
      startAt: new Date('2026-01-01T00:00:00Z'),
      updatedAt: new Date(),
    })
    for (const accountId of accountIds) {
      await under.store.db.insert(identities).values({
        id: newId(),
        employeeId,
        accountId,
        userName: `user-${newId()}`,
        groups: ['muster-baseline', 'engineering'],
        state: 'awaiting_mfa',
      })
    }
  }

  async function walk(query: string, limit: number): Promise<string[]> {
    const seen: string[] = []
    let cursor: string | null = null
    do {
      const page: { items: { employeeId: string }[]; nextCursor: string | null } = (
        await under.api
          .get(`/v1/employees?limit=${limit}${query}${cursor ? `&cursor=${cursor}` : ''}`)
          .expect(200)
      ).body
      assert.ok(page.items.length <= limit)
      seen.push(...page.items.map(({ employeeId }) => employeeId))
      cursor = page.nextCursor
    } while (cursor)
    return seen
  }

  describe('the list of employees', () => {
    test('is empty before anybody was hired', async () => {
      const { body } = await under.api.get('/v1/employees').expect(200)
      assert.deepEqual(body, { items: [], nextCursor: null })
    })

    test('shows everybody once, whatever the page size, and ends with no cursor', async () => {
      const ids = ['E1', 'E10', 'E2', 'e2', 'Ä', '日本', '😀', 'a b', 'a/b', 'a%2Fb', "o'neil", 'x:y']
      for (const id of ids) await seed(id)
      for (const limit of [1, 2, 5, 12, 13, 200]) {
        assert.deepEqual((await walk('', limit)).toSorted(), ids.toSorted(), `limit ${limit}`)
      }
    })

    test('goes on in its place while people come and go', async () => {
      for (const id of ['B', 'D', 'F', 'H']) await seed(id)
      const first = (await under.api.get('/v1/employees?limit=2')).body
      assert.deepEqual(
        first.items.map((item: { employeeId: string }) => item.employeeId),
        ['B', 'D'],
      )
      await seed('A')
      await seed('E')
      const second = (await under.api.get(`/v1/employees?limit=2&cursor=${first.nextCursor}`)).body
      assert.deepEqual(
        second.items.map((item: { employeeId: string }) => item.employeeId),
        ['E', 'F'],
      )
    })

    test('can be narrowed by status and role', async () => {
      await seed('E1')
      await seed('E2', { status: 'terminated' })
      await seed('E3', { role: 'finance' })
      await seed('E4', { role: 'finance', status: 'suspended' })
      assert.deepEqual(await walk('&status=active', 1), ['E1', 'E3'])
      assert.deepEqual(await walk('&role=finance', 1), ['E3', 'E4'])
      assert.deepEqual(await walk('&role=finance&status=suspended', 1), ['E4'])
      assert.deepEqual(await walk('&role=no-such-role', 1), [])
    })

    test('leaves out people of whom HR has said something, but never that they were hired', async () => {
      await seed('E1', { status: null })
      assert.deepEqual(await walk('', 10), [])
      await under.api.get('/v1/employees/E1').expect(404)
    })

    test('shows what each has in each account', async () => {
      await seed('E1', { accountIds: ['222222222222', '111111111111'] })
      await seed('E2')
      const { items } = (await under.api.get('/v1/employees')).body
      assert.deepEqual(
        items[0].identities.map((identity: { accountId: string }) => identity.accountId),
        ['111111111111', '222222222222'],
      )
      assert.deepEqual(items[1].identities, [])
    })
  })

  describe('one employee', () => {
    test('is shown in the shape that clients rely on', async () => {
      await seed('E1', { accountIds: ['111111111111'] })
      const { body } = await under.api.get('/v1/employees/E1').expect(200)
      const { email, identities: found, ...employee } = body
      assert.match(email, /@example\.com$/)
      assert.deepEqual(employee, {
        employeeId: 'E1',
        givenName: 'Ada',
        familyName: 'Lovelace',
        role: 'backend-engineer',
        status: 'active',
        startAt: '2026-01-01T00:00:00.000Z',
        endAt: null,
        department: null,
        managerId: null,
        employmentType: null,
        timeZone: null,
        hold: null,
        overrides: [],
        pending: [],
      })
      assert.equal(found.length, 1)
      const { userName, ...identity } = found[0]
      assert.match(userName, /^user-/)
      assert.deepEqual(identity, {
        accountId: '111111111111',
        state: 'awaiting_mfa',
        reason: null,
        groups: ['muster-baseline', 'engineering'],
        mfaEnrolled: false,
        consoleAccess: false,
        lastReconciledAt: null,
      })
    })

    test('is found by any id that HR may give', async () => {
      for (const id of ['a/b', '../E1', '日本 😀', 'x?y#z', '%00', 'x'.repeat(128), '😀'.repeat(128)]) {
        await seed(id)
        const { body } = await under.api.get(`/v1/employees/${encodeURIComponent(id)}`).expect(200)
        assert.equal(body.employeeId, id)
      }
    })

    test('that does not exist is not found', async () => {
      const { body } = await under.api.get('/v1/employees/nobody').expect(404)
      assert.equal(body.type, 'urn:muster:problem:no-such-employee')
    })
  })
})
