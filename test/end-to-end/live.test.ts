/**
 * The live entry point, `node src/main.ts` without a sandbox, against moto, on PostgreSQL: what came of
 * HR's words is asked of moto by the SDK, never of Muster.
 */
import assert from 'node:assert/strict'
import { after, before, describe, type TestContext, test } from 'node:test'
import {
  CloudTrailClient,
  CreateTrailCommand,
  PutEventSelectorsCommand,
  StartLoggingCommand,
} from '@aws-sdk/client-cloudtrail'
import {
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreateLoginProfileCommand,
  CreateUserCommand,
  CreateVirtualMFADeviceCommand,
  EnableMFADeviceCommand,
  GetAccountAuthorizationDetailsCommand,
  ListGroupsCommand,
  ListPoliciesCommand,
  ListUsersCommand,
  ListVirtualMFADevicesCommand,
  UploadSSHPublicKeyCommand,
} from '@aws-sdk/client-iam'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { gatheringCalls } from '../../src/compliance/gather.ts'
import { apiOf } from '../harness/api.ts'
import { createDatabase, forPostgres } from '../harness/databases.ts'
import { type Moto, missing, openMoto } from '../harness/moto.ts'
import {
  type MusterProcess,
  type Settings,
  settingsFor,
  spawnMuster,
  startMuster,
} from '../harness/process.ts'
import { eventually } from '../harness/waiting.ts'
import { type AwsUser, awsUser } from './aws-user.ts'
import { hrEvent, tell } from './hr.ts'

const ada = { givenName: 'Ada', familyName: 'Lovelace', email: 'ada@example.com' }
const adaName = 'ada.lovelace'
const boundaryOf = (name: string) => `arn:aws:iam::123456789012:policy/muster/muster-boundary-${name}`

const trailAt = (url: string): Settings => ({ AWS_ENDPOINT_URL_CLOUDTRAIL: url, AWS_ENDPOINT_URL_S3: url })

describe('live, against moto', { skip: missing('moto_server') }, () => {
  let moto: Moto
  before(async () => {
    moto = await openMoto()
  })
  after(() => moto?.close())

  /** Muster as it is run for real, on a database of its own and an account in which nothing is yet. */
  async function live(t: TestContext, more: Settings = {}) {
    await moto.reset()
    await startTrail(moto.directUrl)
    const database = await createDatabase({ isEmpty: true })
    const settings = settingsFor({
      MUSTER_DATABASE_URL: database.url,
      AWS_ENDPOINT_URL: moto.url,
      ...trailAt(moto.directUrl),
      ...more,
    })
    const muster = spawnMuster(t, settings)
    t.after(() => database.drop())
    await muster.answers('/readyz')
    return { settings, muster }
  }

  /** Without one nobody would be let in. */
  async function startTrail(endpoint: string): Promise<void> {
    const at = { endpoint, region: 'us-east-1', credentials: { accessKeyId: 'any', secretAccessKey: 'any' } }
    const s3 = new S3Client({ ...at, forcePathStyle: true })
    await s3.send(new CreateBucketCommand({ Bucket: 'trail-logs' }))
    const cloudTrail = new CloudTrailClient(at)
    const trail = { Name: 'main', S3BucketName: 'trail-logs', IsMultiRegionTrail: true }
    await cloudTrail.send(new CreateTrailCommand(trail))
    // AWS records all management events unless told otherwise; moto has no selectors until they are put.
    const EventSelectors = [{ ReadWriteType: 'All' as const, IncludeManagementEvents: true }]
    await cloudTrail.send(new PutEventSelectorsCommand({ TrailName: 'main', EventSelectors }))
    await cloudTrail.send(new StartLoggingCommand({ Name: 'main' }))
    s3.destroy()
    cloudTrail.destroy()
  }

  /** Waits until IAM says of the user what is asked for. */
  function userWho(is: (user: AwsUser) => boolean, what: string): Promise<AwsUser> {
    return eventually(
      async () => {
        const user = await awsUser(moto.iam, adaName)
        return user !== undefined && is(user) && user
      },
      { what },
    )
  }

  const inGroups = (...groups: string[]) =>
    userWho((user) => isSame(user.groups, groups), `being in ${groups}`)

  async function hire({ muster, settings }: { muster: MusterProcess; settings: Settings }, role: string) {
    await tell(muster.url, settings, hrEvent('employee.hired', 'E1001', { ...ada, role }))
  }

  /** What an employee may have collected when HR sends them away. */
  async function makeCredentialsByHand(UserName: string): Promise<void> {
    const { VirtualMFADevice } = await moto.iam.send(
      new CreateVirtualMFADeviceCommand({ VirtualMFADeviceName: UserName, Path: '/muster/' }),
    )
    const SerialNumber = VirtualMFADevice?.SerialNumber
    await moto.iam.send(
      new EnableMFADeviceCommand({
        UserName,
        SerialNumber,
        AuthenticationCode1: '123456',
        AuthenticationCode2: '654321',
      }),
    )
    await moto.iam.send(new CreateLoginProfileCommand({ UserName, Password: 'Correct-Horse-1' }))
    await moto.iam.send(new CreateAccessKeyCommand({ UserName }))
    await moto.iam.send(
      new UploadSSHPublicKeyCommand({ UserName, SSHPublicKeyBody: 'ssh-rsa AAAAB3NzaC1yc2E= ada' }),
    )
    await moto.iam.send(
      new AttachUserPolicyCommand({ UserName, PolicyArn: 'arn:aws:iam::aws:policy/ReadOnlyAccess' }),
    )
  }

  forPostgres(() => {
    test('somebody is hired, moves and leaves; a lock leaves nothing that works, and the user stays', async (t) => {
      const it = await live(t)
      const { muster, settings } = it
      await hire(it, 'backend-engineer')
      const joined = await inGroups('deploy-staging', 'engineering', 'muster-baseline')
      assert.deepEqual(joined, {
        path: '/muster/',
        boundary: boundaryOf('engineer'),
        tags: { 'muster:employee-id': 'E1001', 'muster:managed': 'true' },
        groups: ['deploy-staging', 'engineering', 'muster-baseline'],
        policies: [],
        hasPassword: false,
        accessKeys: [],
        sshKeys: [],
        mfaDevices: [],
      })

      await tell(muster.url, settings, hrEvent('employee.role_changed', 'E1001', { role: 'data-analyst' }))
      const moved = await inGroups('analytics', 'muster-baseline')
      assert.equal(moved.boundary, boundaryOf('analyst'))

      await makeCredentialsByHand(adaName)
      await tell(muster.url, settings, hrEvent('employee.terminated', 'E1001'))
      const locked = await userWho(
        ({ groups, policies }) => isSame(groups, ['muster-quarantine']) && policies.length === 0,
        'the whole lock',
      )
      assert.equal(locked.hasPassword, false)
      assert.deepEqual(locked.accessKeys, ['Inactive'])
      assert.deepEqual(locked.sshKeys, ['Inactive'])
      assert.equal(locked.boundary, boundaryOf('analyst'))
      assert.deepEqual(locked.tags, joined.tags)
      const afterwards = moto.calls.slice(moto.calls.lastIndexOf('AttachUserPolicy') + 1)
      const first = afterwards.find((action) => !byThisTest.has(action))
      assert.equal(first, 'AddUserToGroup', 'the first call of a lock is the quarantine')
      await muster.stop()
    })

    test('with no retention, a leaver is deleted with all they had, the virtual MFA device too', async (t) => {
      const it = await live(t, { MUSTER_RETENTION_DAYS: '0' })
      const { muster, settings } = it
      await hire(it, 'data-analyst')
      await inGroups('analytics', 'muster-baseline')
      await makeCredentialsByHand(adaName)
      await tell(muster.url, settings, hrEvent('employee.terminated', 'E1001'))
      await eventually(async () => (await awsUser(moto.iam, adaName)) === undefined, {
        what: 'the purge',
      })
      const { VirtualMFADevices } = await moto.iam.send(new ListVirtualMFADevicesCommand({}))
      assert.deepEqual(VirtualMFADevices, [])
      const api = await apiOf(muster.url)
      await eventually(
        async () => {
          const { body } = await api.get('/v1/employees/E1001').expect(200)
          return body.status === 'terminated' && body.identities[0].state === 'deleted'
        },
        { what: 'the state "deleted"' },
      )
      const { body: audit } = await api.get('/v1/audit/verify').expect(200)
      assert.equal(audit.ok, true)
      await muster.stop()
    })

    test('in observe mode nothing in the account changes, whatever HR says', async (t) => {
      const it = await live(t)
      await hire(it, 'backend-engineer')
      await inGroups('deploy-staging', 'engineering', 'muster-baseline')
      await tell(
        it.muster.url,
        it.settings,
        hrEvent('employee.hired', 'E1002', { ...ada, familyName: 'Byron', role: 'finance' }),
      )
      await eventually(async () => (await awsUser(moto.iam, 'ada.byron'))?.groups.length === 2)
      await it.muster.stop()
      await makeCredentialsByHand(adaName)
      await moto.iam.send(new CreateUserCommand({ UserName: 'by-hand' }))
      const before = await everythingIn(moto)
      const callsBefore = moto.calls.length

      const settings = { ...it.settings, MUSTER_MODE: 'observe', MUSTER_RETENTION_DAYS: '0' }
      const observer = await startMuster(t, settings)
      await tell(
        observer.url,
        settings,
        hrEvent('employee.role_changed', 'E1001', { role: 'site-reliability-engineer' }),
      )
      await tell(observer.url, settings, hrEvent('employee.terminated', 'E1002'))
      await tell(
        observer.url,
        settings,
        hrEvent('employee.hired', 'E1003', { ...ada, familyName: 'King', role: 'finance' }),
      )
      const api = await apiOf(observer.url)
      await eventually(
        async () => {
          const { body } = await api.get('/v1/operations').expect(200)
          const planned = body.items.filter((operation: { status: string }) => operation.status === 'planned')
          const planners = planned.map((operation: { employeeId: string | null }) => operation.employeeId)
          return ['E1001', 'E1002', 'E1003'].every((employeeId) => planners.includes(employeeId))
        },
        { what: 'a plan for each of the three' },
      )
      await observer.stop()

      const called = moto.calls.slice(callsBefore)
      assert.deepEqual(
        called.filter((action) => !/^(Get|List|GenerateCredentialReport)/.test(action)),
        [],
      )
      assert.deepEqual(await everythingIn(moto), before)
    })

    test('a lock gets through everything else while one of its reads keeps failing', async (t) => {
      const it = await live(t)
      const { muster, settings } = it
      await hire(it, 'data-analyst')
      await inGroups('analytics', 'muster-baseline')
      await makeCredentialsByHand(adaName)
      moto.failing.add('ListServiceSpecificCredentials')
      await tell(muster.url, settings, hrEvent('employee.terminated', 'E1001'))
      const locked = await userWho(
        ({ groups, policies }) => isSame(groups, ['muster-quarantine']) && policies.length === 0,
        'the lock but for what cannot be read',
      )
      assert.equal(locked.hasPassword, false)
      assert.deepEqual(locked.accessKeys, ['Inactive'])
      assert.deepEqual(locked.sshKeys, ['Inactive'])

      const api = await apiOf(muster.url)
      const told = await eventually(
        async () => {
          const { body } = await api.get('/v1/employees/E1001').expect(200)
          const [identity] = body.identities
          return identity.state === 'locked' && identity.reason && identity
        },
        { what: 'a reason' },
      )
      assert.match(told.reason, /ListServiceSpecificCredentials/)

      moto.failing.clear()
      await eventually(
        async () => {
          const { body } = await api.get('/v1/employees/E1001').expect(200)
          return body.identities[0].state === 'locked' && !body.identities[0].reason
        },
        { what: 'a lock without anything left' },
      )
      await muster.stop()
    })
  })
})

/** What `awsUser` calls, and the sweep of the whole account, which may be under way. */
const byThisTest = new Set<string>([
  ...gatheringCalls,
  'GetUser',
  'GetLoginProfile',
  'ListGroupsForUser',
  'ListAttachedUserPolicies',
  'ListUserPolicies',
  'ListAccessKeys',
  'ListSSHPublicKeys',
  'ListMFADevices',
])

/** All that moto tells of an account's IAM. */
async function everythingIn({ iam }: Moto) {
  const details = await iam.send(new GetAccountAuthorizationDetailsCommand({}))
  const users = await iam.send(new ListUsersCommand({}))
  const groups = await iam.send(new ListGroupsCommand({}))
  const policies = await iam.send(new ListPoliciesCommand({ Scope: 'Local' }))
  const devices = await iam.send(new ListVirtualMFADevicesCommand({}))
  const each = await Promise.all(
    (users.Users ?? []).map(async ({ UserName = '' }) => [UserName, await awsUser(iam, UserName)]),
  )
  return {
    details: details.UserDetailList,
    groupDetails: details.GroupDetailList,
    roles: details.RoleDetailList,
    users: users.Users,
    groups: groups.Groups,
    policies: policies.Policies,
    devices: devices.VirtualMFADevices,
    each,
  }
}

function isSame(actual: readonly string[], expected: readonly string[]): boolean {
  return actual.join() === expected.toSorted().join()
}
