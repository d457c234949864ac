/** A clock that was a day ahead for a while, and was set right: what it left on record hides nothing. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { loadCatalog } from '../../src/catalog/load.ts'
import { readMusterFacts } from '../../src/compliance/gather-own.ts'
import { awsEvents } from '../../src/store/schema.ts'
import { call, openServiceOnPglite, type RunningService } from '../harness/service.ts'
import { eventually } from '../harness/waiting.ts'
import { musterSettings } from './settings.ts'

const minuteMs = 60_000
const dayMs = 24 * 60 * minuteMs
const catalog = await loadCatalog(new URL('../../catalog/roles.yaml', import.meta.url).pathname)

let aheadMs = dayMs
let running: RunningService
before(async () => {
  running = await openServiceOnPglite({ clock: () => new Date(Date.now() + aheadMs) })
})
after(() => running.close())

/** Twice: who asks while one runs gets that one, which may have looked before. */
async function scan() {
  const { api } = running
  for (let n = 0; n < 2; n++) {
    const { id } = await api('POST', '/v1/compliance/scans')
    await eventually(async () => (await api('GET', `/v1/compliance/scans/${id}`)).status === 'done')
  }
}

/** As the controls are told: who is in the midst of a change is not judged. */
async function stateForScans(userName: string) {
  const { service, sandbox } = running
  const now = new Date(Date.now() + aheadMs)
  const account = { accountId: sandbox.accountId, partition: 'aws' }
  const facts = await readMusterFacts(service.store.db, musterSettings(catalog), account, {
    takenAt: now,
    now,
  })
  return facts.identities.find((identity) => identity.userName === userName)?.state
}

const drifts = async (kind: string) => (await running.api('GET', `/v1/drifts?kind=${kind}`)).items

async function found(...kinds: readonly string[]) {
  for (const kind of kinds) {
    await eventually(async () => (await drifts(kind)).length === 1, { what: `a drift on record: ${kind}` })
  }
}

test('who was written to then is judged like anybody, and what is done by hand to them is set right', async () => {
  const { sandbox } = running
  await running.hire('F1')
  const { user_name: UserName } = await running.until('F1', 'awaiting_mfa')
  aheadMs = 20 * minuteMs
  call(sandbox, 'AttachUserPolicy', { UserName, PolicyArn: 'arn:aws:iam::aws:policy/AdministratorAccess' })
  call(sandbox, 'RemoveUserFromGroup', { UserName, GroupName: 'muster-baseline' })
  assert.equal(await stateForScans(UserName), 'awaiting_mfa')
  await scan()
  const user = () => sandbox.state.users.get(UserName)
  await eventually(() => user()?.attachedPolicies.length === 0 && user()?.groups.includes('muster-baseline'))
  // Of which that group is one that Muster joined, as its steps of that future say.
  await found('policy-attached', 'group-removed')
})

test('whoever was locked then is looked at again, though the second look at the lock was put off to that future', async () => {
  const { sandbox } = running
  aheadMs = dayMs
  await running.hire('F2')
  const { user_name: UserName } = await running.until('F2', 'awaiting_mfa')
  await running.tell('employee.terminated', 'F2')
  await running.until('F2', 'locked')
  aheadMs = 40 * minuteMs
  call(sandbox, 'CreateAccessKey', { UserName })
  await scan()
  const keys = sandbox.state.users.get(UserName)?.accessKeys ?? []
  await eventually(() => keys.every(({ status }) => status === 'Inactive'), { what: 'an inactive key' })
  await found('access-key-made')

  call(sandbox, 'RemoveUserFromGroup', { UserName, GroupName: 'muster-quarantine' })
  aheadMs += 10 * minuteMs
  await scan()
  await eventually(() => running.groupsOf(UserName)?.join() === 'muster-quarantine', { what: 'quarantine' })
  await found('quarantine-left')
})

test('a password policy that is weakened is on record, though Muster set it then', async () => {
  const { sandbox } = running
  call(sandbox, 'UpdateAccountPasswordPolicy', { MinimumPasswordLength: 6 })
  await running.api('POST', '/v1/password-policy/apply')
  await found('password-policy-weakened')
})

test('what a group loses is on record, though Muster attached it then, and an event of then tells of it', async () => {
  const { service, sandbox } = running
  const { accountId } = sandbox
  const GroupName = 'engineering'
  const [PolicyArn = ''] = sandbox.state.groups.get(GroupName)?.attachedPolicies ?? []
  call(sandbox, 'DetachGroupPolicy', { GroupName, PolicyArn })
  const event = {
    ...{ eventId: 'e1', accountId, eventName: 'DetachGroupPolicy', eventSource: 'iam.amazonaws.com' },
    ...{ errorCode: null, principalId: 'AIDAMALLORY', users: [], groupName: GroupName, policyArn: PolicyArn },
  }
  const receivedAt = new Date(Date.now() + dayMs)
  await service.store.db.insert(awsEvents).values({ id: 'e1', accountId, receivedAt, event })
  await found('group-policy-detached')
})
