/** What a scan of the largest account takes of memory, in the process that people run. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { type Catalog, DEFAULT_PATH } from '../../src/catalog/catalog.ts'
import { loadCatalog } from '../../src/catalog/load.ts'
import { roleAccessIn } from '../../src/identity/role-access.ts'
import { openSandbox, type Sandbox } from '../../src/sandbox/index.ts'
import { newId } from '../../src/store/ids.ts'
import type { Database } from '../../src/store/open.ts'
import { employees, identities } from '../../src/store/schema.ts'
import { apiOf } from '../harness/api.ts'
import { forPostgres } from '../harness/databases.ts'
import { type MusterProcess, settingsFor, startMuster } from '../harness/process.ts'
import { call } from '../harness/service.ts'
import { eventually } from '../harness/waiting.ts'
import { callBudget, deviceOf, fillAccount, largest } from './large-account.ts'

const goalMb = 300
const role = 'backend-engineer'

/** The most that it ever had resident. https://www.kernel.org/doc/html/latest/filesystems/proc.html */
const statusOf = (pid: number | string) => `/proc/${pid}/status`
function peakMbOf({ pid }: MusterProcess): number {
  const [, kb] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(statusOf(pid), 'utf8')) ?? []
  return (Number(kb) * 1024) / 1e6
}
const skip = existsSync(statusOf('self')) ? false : 'only Linux tells what a process had at most'

forPostgres((openStore) => {
  test('the largest account is scanned in less than 300 MB', { skip }, async (t) => {
    const { db } = await openStore()
    const sandbox = await openSandbox()
    t.after(() => sandbox.close())
    const { accessKeyId, secretAccessKey } = sandbox.credentials
    const settings = settingsFor({
      MUSTER_DATABASE_URL: openStore.options.databaseUrl ?? '',
      MUSTER_IAM_RATE: '1000',
      AWS_ENDPOINT_URL: sandbox.url,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
    })
    // The first one brings the catalog into the account. What it takes is not the scan's.
    const first = await startMuster(t, settings)
    await scan(first)
    await first.stop()
    await employ(db, sandbox, await loadCatalog('catalog/roles.yaml'))
    fillAccount(sandbox, largest)

    const muster = await startMuster(t, settings)
    const beforeMb = peakMbOf(muster)
    for (let i = 0; i < 3; i++) {
      const { status, calls, progress } = await scan(muster)
      assert.equal(status, 'done')
      assert.equal(progress.users, largest.users)
      assert.ok(calls <= callBudget(sandbox), `${calls} of ${callBudget(sandbox)} calls`)
    }
    const peakMb = peakMbOf(muster)
    t.diagnostic(`at most ${peakMb.toFixed(0)} MB; ${beforeMb.toFixed(0)} MB before the first scan`)
    assert.ok(peakMb < goalMb, `${peakMb.toFixed(0)} MB`)

    const { practices } = (await (await apiOf(muster.url)).get('/v1/compliance').expect(200)).body.accounts[0]
    // biome-ignore lint/suspicious/noExplicitAny: held against the description
    const controls = practices.flatMap((practice: any) => practice.controls)
    const unmanaged = controls.find(({ id }: { id: string }) => id === 'unmanaged-users')
    assert.deepEqual([unmanaged.status, unmanaged.evidence.managedUsers], ['pass', largest.users])
  })
})

async function scan(muster: MusterProcess) {
  const api = await apiOf(muster.url)
  const { id } = (await api.post('/v1/compliance/scans').expect(202)).body
  return await eventually(
    async () => {
      const scan = (await api.get(`/v1/compliance/scans/${id}`).expect(200)).body
      return scan.finishedAt !== null && scan
    },
    { what: 'the end of the scan' },
  )
}

/** As if all had joined and enrolled some time ago. */
async function employ(db: Database, sandbox: Sandbox, catalog: Catalog): Promise<void> {
  const { state, accountId } = sandbox
  const place = { accountId, partition: 'aws', path: DEFAULT_PATH }
  const access = roleAccessIn(catalog, place)(role)
  assert.ok(access)
  const { groups, boundaryArn } = access
  const at = new Date()
  const people = Array.from({ length: largest.users }, (_, n) => {
    const userName = `e${n}`
    const Tags = [
      { Key: 'muster:employee-id', Value: userName },
      { Key: 'muster:managed', Value: 'true' },
    ]
    call(sandbox, 'CreateUser', {
      UserName: userName,
      Path: DEFAULT_PATH,
      PermissionsBoundary: boundaryArn,
      Tags,
    })
    for (const GroupName of groups) call(sandbox, 'AddUserToGroup', { UserName: userName, GroupName })
    return { userName, userId: state.users.get(userName)?.userId ?? '' }
  })
  for (let from = 0; from < people.length; from += 1000) {
    const some = people.slice(from, from + 1000)
    await db.insert(employees).values(
      some.map(({ userName }) => ({
        employeeId: userName,
        role,
        status: 'active' as const,
        startAt: at,
        updatedAt: at,
      })),
    )
    await db.insert(identities).values(
      some.map(({ userName, userId }) => ({
        id: newId(),
        employeeId: userName,
        accountId,
        userName,
        awsUserId: userId,
        lastSeenName: userName,
        state: 'active' as const,
        groups: [...groups],
        possibleGroups: [...groups],
        mfaEnrolled: true,
        mfaSerials: [deviceOf(accountId, userName)],
        boundaryArn,
        lastReconciledAt: at,
        settledAs: 'active' as const,
        settledAt: at,
      })),
    )
  }
}
