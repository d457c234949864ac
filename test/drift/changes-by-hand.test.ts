/**
 * Tampering by hand, kind by kind: each is detected, attributed to whoever did it, set right where Muster owns the
 * thing, and left alone where it does not.
 */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { before, test } from 'node:test'
import {
  CloudTrailClient,
  CreateTrailCommand,
  DeleteTrailCommand,
  StartLoggingCommand,
  UpdateTrailCommand,
} from '@aws-sdk/client-cloudtrail'
import {
  AddUserToGroupCommand,
  AttachGroupPolicyCommand,
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreateLoginProfileCommand,
  CreatePolicyVersionCommand,
  CreateServiceSpecificCredentialCommand,
  DeactivateMFADeviceCommand,
  DeleteGroupCommand,
  DeletePolicyCommand,
  DeleteUserCommand,
  DeleteUserPermissionsBoundaryCommand,
  DetachGroupPolicyCommand,
  IAMClient,
  PutGroupPolicyCommand,
  PutUserPermissionsBoundaryCommand,
  PutUserPolicyCommand,
  RemoveUserFromGroupCommand,
  UntagUserCommand,
  UpdateAccessKeyCommand,
  UpdateAccountPasswordPolicyCommand,
  UpdateUserCommand,
  UploadSSHPublicKeyCommand,
} from '@aws-sdk/client-iam'
import { sql } from 'drizzle-orm'
import type { DriftKind } from '../../src/drift/kinds.ts'
import { requestLook } from '../../src/identity/request.ts'
import { rowsOf } from '../../src/store/open.ts'
import { ownerOf } from '../credentials/link-owner.ts'
import { documented } from '../harness/api.ts'
import { call, forEachEngine, type RunningService, withMovedClock } from '../harness/service.ts'
import { eventually } from '../harness/waiting.ts'

const eventsKey = 'the-key-of-event-bridge-in-these-tests'
const administrator = 'arn:aws:iam::aws:policy/AdministratorAccess'
const denyAll = 'arn:aws:iam::aws:policy/AWSDenyAll'
const quarantine = 'muster-quarantine'
const document = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 's3:ListAllMyBuckets', Resource: '*' }],
})
const sshKey = 'ssh-rsa AAAAB3NzaC1yc2E= mallory'

/** Somebody of ours, as the case finds them. */
interface Victim {
  readonly userName: string
  readonly userId: string
  readonly keyId: string
  readonly mfaSerial: string
}

type StoredUser = NonNullable<ReturnType<RunningService['sandbox']['state']['users']['get']>>

interface UserCase {
  readonly kind: DriftKind
  /** What makes Muster look: an event of EventBridge, a sweep, or an administrator. */
  readonly by: 'event' | 'sweep' | 'look'
  /** As what the victim stands before; `enrolled` has MFA and a password, `locked` has left. */
  readonly victim?: 'enrolled' | 'locked'
  readonly status?: 'repaired' | 'reported'
  /** By the intruder's own calls; the last one is the one that the drift is attributed to. */
  readonly tamper: (
    victim: Victim,
    place: { readonly policy: (name: string) => string },
  ) => readonly IamCall[]
  readonly isRight: (user: StoredUser | undefined, victim: Victim) => boolean
}

interface IamCall {
  readonly input: object
}

const users: readonly UserCase[] = [
  {
    kind: 'group-added',
    by: 'event',
    tamper: ({ userName: UserName }) => [new AddUserToGroupCommand({ UserName, GroupName: 'operations' })],
    isRight: (user) => user !== undefined && !user.groups.includes('operations'),
  },
  {
    kind: 'group-removed',
    by: 'event',
    tamper: ({ userName: UserName }) => [
      new RemoveUserFromGroupCommand({ UserName, GroupName: 'deploy-staging' }),
    ],
    isRight: (user) => user?.groups.includes('deploy-staging') ?? false,
  },
  {
    kind: 'policy-attached',
    by: 'event',
    tamper: ({ userName: UserName }) => [new AttachUserPolicyCommand({ UserName, PolicyArn: administrator })],
    isRight: (user) => user?.attachedPolicies.length === 0,
  },
  {
    kind: 'deny-attached',
    by: 'look',
    status: 'reported',
    tamper: ({ userName: UserName }) => [new AttachUserPolicyCommand({ UserName, PolicyArn: denyAll })],
    isRight: (user) => user?.attachedPolicies.includes(denyAll) ?? false,
  },
  {
    kind: 'inline-policy-put',
    by: 'sweep',
    tamper: ({ userName: UserName }) => [
      new PutUserPolicyCommand({ UserName, PolicyName: 'by-hand', PolicyDocument: document }),
    ],
    isRight: (user) => user?.inlinePolicies.size === 0,
  },
  {
    kind: 'boundary-changed',
    by: 'look',
    tamper: ({ userName: UserName }) => [
      new PutUserPermissionsBoundaryCommand({ UserName, PermissionsBoundary: administrator }),
    ],
    isRight: (user) => user?.permissionsBoundary?.endsWith('muster-boundary-engineer') ?? false,
  },
  {
    kind: 'boundary-removed',
    by: 'event',
    tamper: ({ userName: UserName }) => [new DeleteUserPermissionsBoundaryCommand({ UserName })],
    isRight: (user) => user?.permissionsBoundary?.endsWith('muster-boundary-engineer') ?? false,
  },
  {
    kind: 'user-renamed',
    by: 'event',
    tamper: ({ userName: UserName }) => [new UpdateUserCommand({ UserName, NewUserName: `${UserName}.x` })],
    isRight: (user) => user !== undefined,
  },
  {
    kind: 'path-changed',
    by: 'sweep',
    tamper: ({ userName: UserName }) => [new UpdateUserCommand({ UserName, NewPath: '/elsewhere/' })],
    isRight: (user) => user?.path === '/muster/',
  },
  {
    kind: 'tags-changed',
    by: 'event',
    tamper: ({ userName: UserName }) => [new UntagUserCommand({ UserName, TagKeys: ['muster:employee-id'] })],
    isRight: (user) => user?.tags.some(({ Key }) => Key === 'muster:employee-id') ?? false,
  },
  {
    kind: 'user-deleted',
    by: 'event',
    tamper: ({ userName: UserName }) => [
      ...['muster-baseline', 'engineering', 'deploy-staging'].map(
        (GroupName) => new RemoveUserFromGroupCommand({ UserName, GroupName }),
      ),
      new DeleteUserCommand({ UserName }),
    ],
    isRight: (user, { userId }) => user !== undefined && user.userId !== userId && user.groups.length === 3,
  },
  {
    kind: 'password-made',
    by: 'event',
    tamper: ({ userName: UserName }) => [
      new CreateLoginProfileCommand({ UserName, Password: 'Correct-horse-battery-9' }),
    ],
    isRight: (user) => user !== undefined && user.loginProfile === undefined,
  },
  {
    kind: 'mfa-removed',
    by: 'event',
    victim: 'enrolled',
    tamper: ({ userName: UserName, mfaSerial: SerialNumber }) => [
      new DeactivateMFADeviceCommand({ UserName, SerialNumber }),
    ],
    // Nobody can put the device back: without it there is no password.
    isRight: (user) => user !== undefined && user.loginProfile === undefined,
  },
  {
    kind: 'access-key-made',
    by: 'event',
    victim: 'enrolled',
    tamper: ({ userName: UserName }) => [new CreateAccessKeyCommand({ UserName })],
    isRight: (user) => user?.accessKeys.every(({ status }) => status === 'Inactive') ?? false,
  },
  {
    kind: 'quarantine-left',
    by: 'event',
    victim: 'locked',
    tamper: ({ userName: UserName }) => [new RemoveUserFromGroupCommand({ UserName, GroupName: quarantine })],
    isRight: (user) => user?.groups.includes(quarantine) ?? false,
  },
  {
    kind: 'access-key-activated',
    by: 'sweep',
    victim: 'locked',
    tamper: ({ userName: UserName, keyId: AccessKeyId }) => [
      new UpdateAccessKeyCommand({ UserName, AccessKeyId, Status: 'Active' }),
    ],
    isRight: (user) => user?.accessKeys.every(({ status }) => status === 'Inactive') ?? false,
  },
  {
    kind: 'ssh-key-added',
    by: 'look',
    victim: 'locked',
    tamper: ({ userName: UserName }) => [
      new UploadSSHPublicKeyCommand({ UserName, SSHPublicKeyBody: sshKey }),
    ],
    isRight: (user) => user?.sshPublicKeys.every(({ status }) => status === 'Inactive') ?? false,
  },
  {
    kind: 'service-credential-added',
    by: 'event',
    victim: 'locked',
    tamper: ({ userName: UserName }) => [
      new CreateServiceSpecificCredentialCommand({ UserName, ServiceName: 'codecommit.amazonaws.com' }),
    ],
    isRight: (user) => user?.serviceCredentials.every(({ status }) => status === 'Inactive') ?? false,
  },
]

interface AccountCase {
  readonly kind: DriftKind
  readonly tamper: (place: { readonly policy: (name: string) => string }) => readonly IamCall[]
  readonly isRight: (state: RunningService['sandbox']['state'], policy: (name: string) => string) => boolean
}

/** All told by one event each: they are of the catalog, or the password policy. */
const accounts: readonly AccountCase[] = [
  {
    kind: 'group-policy-attached',
    tamper: () => [new AttachGroupPolicyCommand({ GroupName: 'analytics', PolicyArn: administrator })],
    isRight: ({ groups }) => !groups.get('analytics')?.attachedPolicies.includes(administrator),
  },
  {
    kind: 'group-policy-detached',
    tamper: ({ policy }) => [
      new DetachGroupPolicyCommand({ GroupName: 'engineering', PolicyArn: policy('muster-engineering') }),
    ],
    isRight: ({ groups }, policy) =>
      groups.get('engineering')?.attachedPolicies.includes(policy('muster-engineering')) ?? false,
  },
  {
    kind: 'group-inline-policy-put',
    tamper: () => [
      new PutGroupPolicyCommand({ GroupName: 'operations', PolicyName: 'x', PolicyDocument: document }),
    ],
    isRight: ({ groups }) => groups.get('operations')?.inlinePolicies.size === 0,
  },
  {
    kind: 'policy-edited',
    tamper: ({ policy }) => [
      new CreatePolicyVersionCommand({
        PolicyArn: policy('muster-operations'),
        PolicyDocument: document,
        SetAsDefault: true,
      }),
    ],
    isRight: ({ policies }, policy) => {
      const found = policies.get(policy('muster-operations'))
      return (
        found?.versions.find(({ versionId }) => versionId === found.defaultVersionId)?.document !== document
      )
    },
  },
  {
    kind: 'policy-deleted',
    tamper: ({ policy }) => [
      new DetachGroupPolicyCommand({
        GroupName: 'deploy-production',
        PolicyArn: policy('muster-deploy-production'),
      }),
      new DeletePolicyCommand({ PolicyArn: policy('muster-deploy-production') }),
    ],
    isRight: ({ policies }, policy) => policies.has(policy('muster-deploy-production')),
  },
  {
    kind: 'group-deleted',
    tamper: ({ policy }) => [
      ...[
        policy('muster-billing-read'),
        'arn:aws:iam::aws:policy/AWSBillingReadOnlyAccess',
        'arn:aws:iam::aws:policy/AWSBudgetsReadOnlyAccess',
      ].map((PolicyArn) => new DetachGroupPolicyCommand({ GroupName: 'billing-read', PolicyArn })),
      new DeleteGroupCommand({ GroupName: 'billing-read' }),
    ],
    isRight: ({ groups }) => groups.get('billing-read')?.attachedPolicies.length === 3,
  },
  {
    kind: 'password-policy-weakened',
    tamper: () => [new UpdateAccountPasswordPolicyCommand({ MinimumPasswordLength: 6 })],
    isRight: ({ passwordPolicy }) => passwordPolicy?.minimumPasswordLength === 14,
  },
]

interface TrailCase {
  readonly kind: DriftKind
  /** By calls to CloudTrail; the last one is the one that the drift is attributed to. */
  readonly tamper: readonly IamCall[]
  readonly message: RegExp
}

const Name = 'muster-sandbox'
const elsewhere = 'a-bucket-of-mallorys'

/** One after the other; after each there is a trail that is good enough, and the gate is open. */
const trails: readonly TrailCase[] = [
  {
    kind: 'trail-redirected',
    tamper: [new UpdateTrailCommand({ Name, S3BucketName: elsewhere })],
    message: /its bucket from .+ to a-bucket-of-mallorys/,
  },
  {
    kind: 'trail-deleted',
    tamper: [
      new CreateTrailCommand({ Name: 'mallorys', S3BucketName: elsewhere, IsMultiRegionTrail: true }),
      new StartLoggingCommand({ Name: 'mallorys' }),
      new DeleteTrailCommand({ Name }),
    ],
    message: /muster-sandbox was deleted/,
  },
]

forEachEngine((_name, openAny) => {
  const settings = { MUSTER_AWS_EVENTS_KEY: eventsKey }
  const { move, running, clock } = withMovedClock((options) => openAny({ ...options, settings }))
  let mallory: IAMClient
  let malloryAtCloudTrail: CloudTrailClient
  let bystanders: string
  const victims = new Map<DriftKind, Victim>()
  const idOf = (kind: string) => `T-${kind}`

  /** Whoever else is in the account, as it is. */
  const others = async () => {
    const { sandbox } = await running()
    const user = sandbox.state.users.get('mallory')
    const group = sandbox.state.groups.get('bystanders')
    return JSON.stringify([user?.groups, user?.attachedPolicies, user?.path, user?.tags, group])
  }

  before(async () => {
    const muster = await running()
    const { sandbox } = muster
    call(sandbox, 'CreateUser', { UserName: 'mallory' })
    call(sandbox, 'CreateGroup', { GroupName: 'bystanders' })
    call(sandbox, 'AddUserToGroup', { UserName: 'mallory', GroupName: 'bystanders' })
    call(sandbox, 'AttachUserPolicy', { UserName: 'mallory', PolicyArn: administrator })
    const { AccessKey } = call(sandbox, 'CreateAccessKey', { UserName: 'mallory' }) as unknown as {
      AccessKey: { AccessKeyId: string; SecretAccessKey: string }
    }
    const settings = {
      endpoint: sandbox.url,
      region: 'us-east-1',
      credentials: { accessKeyId: AccessKey.AccessKeyId, secretAccessKey: AccessKey.SecretAccessKey },
    }
    mallory = new IAMClient(settings)
    malloryAtCloudTrail = new CloudTrailClient(settings)
    bystanders = await others()
    await Promise.all(users.map((each) => muster.hire(idOf(each.kind), { role: 'backend-engineer' })))
    for (const { kind, victim } of users) victims.set(kind, await prepare(kind, victim))
    // Everything that Muster itself has done shows by now.
    move(10 * 60_000)
  })

  async function prepare(kind: DriftKind, as: UserCase['victim']): Promise<Victim> {
    const employeeId = idOf(kind)
    const muster = await running()
    const { user_name: userName, aws_user_id } = await muster.until(employeeId, 'awaiting_mfa')
    const user = () => muster.sandbox.state.users.get(userName)
    let keyId = ''
    if (as === 'enrolled') {
      const { link } = await muster.api('POST', `/v1/employees/${employeeId}/enrollments`)
      const me = ownerOf({ service: muster.service, clock }, link)
      const scan = await me.start()
      assert.equal((await me.send(me.codes(scan.seed), scan.device)).status, 200)
      await muster.until(employeeId, 'active')
    }
    if (kind === 'access-key-activated') {
      const made = call(muster.sandbox, 'CreateAccessKey', { UserName: userName }) as unknown as {
        AccessKey: { AccessKeyId: string }
      }
      keyId = made.AccessKey.AccessKeyId
      await muster.api('POST', `/v1/employees/${employeeId}/reconcile`)
      await muster.until(employeeId, 'awaiting_mfa')
    }
    if (as === 'locked') {
      await muster.tell('employee.terminated', employeeId)
      await muster.until(employeeId, 'locked')
    }
    return {
      userName,
      userId: aws_user_id ?? '',
      keyId,
      mfaSerial: user()?.mfaDevices[0]?.serialNumber ?? '',
    }
  }

  async function tamper(commands: readonly IamCall[], told: boolean): Promise<void> {
    const { service, sandbox } = await running()
    for (const command of commands) await mallory.send(command as never)
    const last = commands.at(-1)
    if (!last || !told) return
    const response = await service.app.inject({
      method: 'POST',
      url: '/webhooks/aws-events',
      headers: { 'x-api-key': eventsKey, 'content-type': 'application/json' },
      payload: JSON.stringify(eventOf(last, sandbox.accountId)),
    })
    assert.equal(documented('POST', '/webhooks/aws-events', response).statusCode, 202)
  }

  const place = async () => {
    const { sandbox } = await running()
    return { policy: (name: string) => `arn:aws:iam::${sandbox.accountId}:policy/muster/${name}` }
  }

  const driftOf = async (kind: DriftKind, employeeId?: string) => {
    const { api } = await running()
    const query = `kind=${kind}${employeeId === undefined ? '' : `&employeeId=${employeeId}`}`
    const { items } = await api('GET', `/v1/drifts?${query}`)
    // Nothing for as long as the service has too much to do to answer.
    return items?.[0]
  }

  /** Known by whom, from where and when; the culprit is the caller of that very event. */
  async function mustBeMallorys(kind: DriftKind, eventName: string, employeeId?: string) {
    const { api, sandbox } = await running()
    const drift = await eventually(
      async () => {
        const found = await driftOf(kind, employeeId)
        return found?.attribution === 'known' && found
      },
      { what: `attributing ${kind}` },
    ).catch(async (error) => {
      throw new Error(`${error.message}: ${JSON.stringify(await driftOf(kind, employeeId))}`)
    })
    const { culprit } = await api('GET', `/v1/drifts/${drift.id}`)
    assert.deepEqual(
      [culprit.by, culprit.eventName, culprit.from],
      [`arn:aws:iam::${sandbox.accountId}:user/mallory`, eventName, '127.0.0.1'],
    )
    assert.ok(Date.parse(culprit.at) <= Date.parse(drift.detectedAt) + 1000)
    return drift
  }

  test(`${users.length} kinds of tampering with a user are each found, set right and attributed`, async (t) => {
    const muster = await running()
    for (const each of users) {
      const victim = victims.get(each.kind) ?? assert.fail(each.kind)
      await tamper(each.tamper(victim, await place()), each.by === 'event')
      if (each.by === 'look') await muster.api('POST', `/v1/employees/${idOf(each.kind)}/reconcile`)
      if (each.by === 'sweep') {
        const { id } = await muster.identity(idOf(each.kind))
        await muster.service.store.db.transaction((tx) =>
          requestLook(tx, muster.service.jobs, [{ id, cause: 'sweep' }]),
        )
      }
    }
    // IAM's reads show it by then, and events are worked on; who is gone is looked for once more.
    move(15_000)
    const ways = new Set<string>()
    for (const each of users) {
      await t.test(`${each.kind}, told by ${each.by}`, async () => {
        const victim = victims.get(each.kind) ?? assert.fail(each.kind)
        const drift = await eventually(async () => await driftOf(each.kind, idOf(each.kind)), {
          what: `noticing ${each.kind}`,
        })
        await eventually(
          async () => (await driftOf(each.kind, idOf(each.kind)))?.status === (each.status ?? 'repaired'),
          { what: `setting ${each.kind} right` },
        )
        ways.add(drift.foundBy)
        assert.ok(each.isRight(muster.sandbox.state.users.get(victim.userName), victim), 'it is not right')
        const last = each.tamper(victim, await place()).at(-1)
        await mustBeMallorys(each.kind, nameOf(last), idOf(each.kind))
      })
    }
    // A lock's own second look may be faster than the event: each way has found some.
    assert.deepEqual([...ways].sort(), ['event', 'look', 'sweep'])
  })

  test(`${accounts.length} kinds of tampering with groups and policies are each found, set right and attributed`, async (t) => {
    const { sandbox } = await running()
    const at = await place()
    for (const each of accounts) await tamper(each.tamper(at), true)
    move(15_000)
    for (const each of accounts) {
      await t.test(each.kind, async () => {
        await eventually(async () => (await driftOf(each.kind))?.status === 'repaired', {
          what: `setting ${each.kind} right`,
        })
        assert.ok(each.isRight(sandbox.state, at.policy), 'it is not right')
        const { foundBy } = await mustBeMallorys(each.kind, nameOf(each.tamper(at).at(-1)))
        assert.equal(foundBy, 'event')
      })
    }
  })

  test(`${trails.length} kinds of tampering with a trail that leave a good one are each found, reported and attributed`, async (t) => {
    const { api, sandbox } = await running()
    sandbox.buckets.create(elsewhere, 'us-east-1', clock())
    for (const { kind, tamper, message } of trails) {
      await t.test(kind, async () => {
        for (const command of tamper) await malloryAtCloudTrail.send(command as never)
        move(15_000)
        const { status } = await eventually(async () => await driftOf(kind), { what: `noticing ${kind}` })
        assert.equal(status, 'reported')
        const drift = await mustBeMallorys(kind, nameOf(tamper.at(-1)))
        assert.match(drift.message, message)
        assert.deepEqual((await api('GET', '/v1/audit?action=trail_gate.closed')).items, [])
      })
    }
  })

  test('nothing else was called drift, and whoever Muster does not manage was not touched', async () => {
    const { api, service } = await running()
    await eventually(async () => {
      const [row] = await rowsOf<{ waiting: boolean }>(
        service.store.db,
        sql`select exists (select 1 from identities where generation <> reconciled_generation) as waiting`,
      )
      return row?.waiting === false
    })
    const found = await rowsOf<{ kind: string; employee_id: string | null }>(
      service.store.db,
      sql`select distinct kind, employee_id from drifts`,
    )
    const unexpected = found.filter(
      ({ kind, employee_id }) =>
        employee_id !== null && employee_id !== idOf(kind) && `${kind} ${employee_id}` !== keyOfPreparation,
    )
    assert.deepEqual(unexpected, [])
    assert.equal(await others(), bystanders)
    const { items } = await api('GET', '/v1/drifts?status=reported')
    // A sweep that happens to come meanwhile tells of what Mallory made for all this beside Muster.
    const kinds = items.map(({ kind }: { kind: string }) => kind)
    assert.deepEqual(
      kinds.filter((kind: string) => !kind.endsWith('-unmanaged')),
      ['trail-deleted', 'trail-redirected', 'deny-attached'],
    )
  })
})

/** The key that is there to be activated was made by hand, too. */
const keyOfPreparation = 'access-key-made T-access-key-activated'

const nameOf = (command: IamCall | undefined) => command?.constructor.name.replace(/Command$/, '') ?? ''

/** As an EventBridge API destination sends it. */
function eventOf(command: IamCall, accountId: string) {
  const input = command.input as Readonly<Record<string, unknown>>
  const requestParameters = Object.fromEntries(
    Object.entries(input).map(([name, value]) => [name.charAt(0).toLowerCase() + name.slice(1), value]),
  )
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'AWS API Call via CloudTrail',
    source: 'aws.iam',
    account: accountId,
    region: 'us-east-1',
    detail: {
      eventID: randomUUID(),
      eventSource: 'iam.amazonaws.com',
      eventName: nameOf(command),
      eventTime: new Date().toISOString(),
      awsRegion: 'us-east-1',
      userIdentity: {
        type: 'IAMUser',
        arn: `arn:aws:iam::${accountId}:user/mallory`,
        principalId: 'AIDAMALLORY',
        userName: 'mallory',
      },
      requestParameters,
    },
  }
}
