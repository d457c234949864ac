/** A clock that was a day ahead for a while, and was set right: what it left on record hides nothing. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { call, openServiceOnPglite, type RunningService } from '../harness/service.ts'
import { eventually } from '../harness/waiting.ts'

const minuteMs = 60_000
const dayMs = 24 * 60 * minuteMs

let aheadMs = dayMs
let running: RunningService
before(async () => {
  running = await openServiceOnPglite({ clock: () => new Date(Date.now() + aheadMs) })
})
after(() => running.close())

async function scan() {
  const { api } = running
  const { id } = await api('POST', '/v1/compliance/scans')
  await eventually(async () => (await api('GET', `/v1/compliance/scans/${id}`)).status === 'done')
}

async function control(id: string) {
  const [{ practices }] = (await running.api('GET', '/v1/compliance')).accounts
  // biome-ignore lint/suspicious/noExplicitAny: held against the description
  return practices.flatMap((practice: any) => practice.controls).find((each: any) => each.id === id)
}

test('what is done by hand to a user of then is in the next report, and is set right', async () => {
  const { sandbox } = running
  await running.hire('F1')
  const { user_name: UserName } = await running.until('F1', 'awaiting_mfa')
  aheadMs = 20 * minuteMs
  call(sandbox, 'AttachUserPolicy', { UserName, PolicyArn: 'arn:aws:iam::aws:policy/AdministratorAccess' })
  call(sandbox, 'RemoveUserFromGroup', { UserName, GroupName: 'muster-baseline' })
  await scan()
  assert.equal((await control('mfa-enforcement')).status, 'fail')
  const user = () => sandbox.state.users.get(UserName)
  await eventually(() => user()?.attachedPolicies.length === 0 && user()?.groups.includes('muster-baseline'))
})
