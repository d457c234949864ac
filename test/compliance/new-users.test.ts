/** Users made since IAM last made its credential report, which it does every four hours. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { call, openServiceOnPglite, type RunningService } from '../harness/service.ts'
import { eventually } from '../harness/waiting.ts'

const asked = ['console-mfa', 'access-key-mfa', 'two-active-keys', 'setup-access-keys'] as const
const all = (status: string) => Object.fromEntries(asked.map((id) => [id, status]))

let aheadMs = 0
let running: RunningService
before(async () => {
  running = await openServiceOnPglite({ clock: () => new Date(Date.now() + aheadMs) })
})
after(() => running.close())

async function scanned() {
  const { api } = running
  const { id } = await api('POST', '/v1/compliance/scans')
  await eventually(async () => (await api('GET', `/v1/compliance/scans/${id}`)).status === 'done')
  const [{ practices }] = (await api('GET', '/v1/compliance')).accounts
  // biome-ignore lint/suspicious/noExplicitAny: held against the description
  const controls = practices.flatMap((practice: any) => practice.controls)
  const control = (id: string) => controls.find((each: { id: string }) => each.id === id)
  return { control, statuses: Object.fromEntries(asked.map((id) => [id, control(id).status])) }
}

test('a joiner of today is judged by what Muster knows, without waiting for the next report', async () => {
  await scanned()
  await running.hire('N1')
  await running.until('N1', 'awaiting_mfa')
  const { control, statuses } = await scanned()
  assert.deepEqual(statuses, all('pass'))
  const { usersNotYetReported, usersSeenByMuster } = control('console-mfa').evidence
  assert.deepEqual([usersNotYetReported, usersSeenByMuster], [1, 1])
})

test('a user made by hand is fine only once somebody has seen its credentials', async () => {
  const { sandbox } = running
  const UserName = 'by-hand'
  call(sandbox, 'CreateUser', { UserName })
  call(sandbox, 'CreateLoginProfile', { UserName, Password: 'An0ther-long-password!' })
  call(sandbox, 'CreateAccessKey', { UserName })
  call(sandbox, 'CreateAccessKey', { UserName })
  const early = await scanned()
  assert.deepEqual(early.statuses, all('unknown'))
  assert.match(early.control('console-mfa').reason, /^1 user is not in the credential report .*: by-hand$/)

  aheadMs += 5 * 3_600_000
  assert.deepEqual((await scanned()).statuses, all('fail'))
})
