import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  AddUserToGroupCommand,
  AttachGroupPolicyCommand,
  CreateAccessKeyCommand,
  CreateGroupCommand,
  CreateUserCommand,
  GenerateServiceLastAccessedDetailsCommand,
  GetServiceLastAccessedDetailsCommand,
} from '@aws-sdk/client-iam'
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts'
import { noteAttempt } from '../../../src/sandbox/iam/last-accessed.ts'
import { codeOf, openTestSandbox } from '../sandbox.ts'
import { openTestAccount } from './account.ts'

const readersArn = 'arn:aws:iam::123456789012:group/readers'

function withReaders() {
  const opened = openTestAccount()
  const { call } = opened
  call('CreateGroup', { GroupName: 'readers' })
  const statement = (Effect: string, ...Action: string[]) => ({ Effect, Action, Resource: '*' })
  const document = { Version: '2012-10-17', Statement: [statement('Allow', 's3:Get*', 'EC2:Describe*')] }
  call('PutGroupPolicy', {
    GroupName: 'readers',
    PolicyName: 'inline',
    PolicyDocument: JSON.stringify({
      ...document,
      Statement: [...document.Statement, statement('Deny', 'iam:*')],
    }),
  })
  const ids = ['ada', 'grace'].map((UserName) => {
    const { User: user } = call('CreateUser', { UserName })
    call('AddUserToGroup', { UserName, GroupName: 'readers' })
    return user.UserId as string
  })
  return { ...opened, ids: ids as [string, string] }
}

test('a report is in progress at first, then says who of the group last tried each service it allows', () => {
  const { account, call, ids } = withReaders()
  noteAttempt(account, ids[0], 's3', { at: '2026-11-01T00:00:00Z', region: 'eu-west-1' })
  noteAttempt(account, ids[1], 's3', { at: '2026-11-02T00:00:00Z', region: 'us-east-1' })
  noteAttempt(account, ids[1], 'iam', { at: '2026-11-02T00:00:00Z', region: 'us-east-1' })
  const { JobId } = call('GenerateServiceLastAccessedDetails', { Arn: readersArn })
  assert.match(JobId, /^[0-9a-f-]{36}$/)
  const first = call('GetServiceLastAccessedDetails', { JobId })
  assert.equal(first.JobStatus, 'IN_PROGRESS')
  assert.deepEqual(first.ServicesLastAccessed, [])
  const second = call('GetServiceLastAccessedDetails', { JobId })
  assert.equal(second.JobStatus, 'COMPLETED')
  const never = { LastAuthenticated: undefined, LastAuthenticatedEntity: undefined }
  assert.deepEqual(second.ServicesLastAccessed, [
    {
      ServiceName: 'Amazon EC2',
      ServiceNamespace: 'ec2',
      ...never,
      LastAuthenticatedRegion: undefined,
      TotalAuthenticatedEntities: 0,
    },
    {
      ServiceName: 'Amazon S3',
      ServiceNamespace: 's3',
      LastAuthenticated: '2026-11-02T00:00:00Z',
      LastAuthenticatedEntity: 'arn:aws:iam::123456789012:user/grace',
      LastAuthenticatedRegion: 'us-east-1',
      TotalAuthenticatedEntities: 2,
    },
  ])
})

test('what is longer ago than AWS tracks is not told', () => {
  const { account, call, ids } = withReaders()
  noteAttempt(account, ids[0], 's3', { at: '2025-10-01T00:00:00Z', region: 'eu-west-1' })
  const { JobId } = call('GenerateServiceLastAccessedDetails', { Arn: readersArn })
  call('GetServiceLastAccessedDetails', { JobId })
  const { ServicesLastAccessed: services } = call('GetServiceLastAccessedDetails', { JobId })
  assert.deepEqual(
    services.map((each: { LastAuthenticated?: string }) => each.LastAuthenticated),
    [undefined, undefined],
  )
})

test('users, policies and roles are reported on, in pages', () => {
  const { call, refusal } = withReaders()
  const servicesOf = (Arn: string) => {
    const { JobId } = call('GenerateServiceLastAccessedDetails', { Arn, Granularity: 'ACTION_LEVEL' })
    call('GetServiceLastAccessedDetails', { JobId })
    const names: string[] = []
    let Marker: string | undefined
    do {
      const got = call('GetServiceLastAccessedDetails', { JobId, MaxItems: 1, Marker })
      names.push(
        ...got.ServicesLastAccessed.map((each: { ServiceNamespace: string }) => each.ServiceNamespace),
      )
      Marker = got.Marker
    } while (Marker)
    return names
  }
  assert.deepEqual(servicesOf('arn:aws:iam::123456789012:user/ada'), ['ec2', 's3'])
  assert.deepEqual(servicesOf('arn:aws:iam::aws:policy/AWSCloudTrail_FullAccess'), ['cloudtrail'])
  assert.ok(servicesOf('arn:aws:iam::aws:policy/AdministratorAccess').length > 40)
  const unknown = (Arn: string) => refusal('GenerateServiceLastAccessedDetails', { Arn })
  assert.equal(unknown('arn:aws:iam::123456789012:group/other/readers'), 'NoSuchEntity')
  assert.equal(unknown('arn:aws:iam::123456789012:user/nobody'), 'NoSuchEntity')
  assert.equal(unknown('arn:aws:s3:::bucket-of-some-name'), 'InvalidInput')
})

test('the sandbox learns from calls that users make, and gives a job to the session that ordered it alone', async (t) => {
  const { sandbox, iam, clientsWith } = await openTestSandbox(t)
  await iam.send(new CreateUserCommand({ UserName: 'ada' }))
  await iam.send(new CreateGroupCommand({ GroupName: 'auditors' }))
  await iam.send(new AddUserToGroupCommand({ UserName: 'ada', GroupName: 'auditors' }))
  const PolicyArn = 'arn:aws:iam::aws:policy/AdministratorAccess'
  await iam.send(new AttachGroupPolicyCommand({ GroupName: 'auditors', PolicyArn }))
  const { AccessKey: key } = await iam.send(new CreateAccessKeyCommand({ UserName: 'ada' }))
  const credentials = { accessKeyId: key?.AccessKeyId ?? '', secretAccessKey: key?.SecretAccessKey ?? '' }
  await clientsWith(credentials).sts.send(new GetCallerIdentityCommand({}))

  const Arn = `arn:aws:iam::${sandbox.accountId}:group/auditors`
  const { JobId } = await iam.send(new GenerateServiceLastAccessedDetailsCommand({ Arn }))
  const ask = new GetServiceLastAccessedDetailsCommand({ JobId, MaxItems: 1000 })
  const other = clientsWith({ accessKeyId: 'ASIAANOTHERSESSION00', secretAccessKey: 'other' })
  assert.equal(await codeOf(other.iam.send(ask)), 'NoSuchEntity')
  assert.equal((await iam.send(ask)).JobStatus, 'IN_PROGRESS')
  const { ServicesLastAccessed: services, JobStatus: status } = await iam.send(ask)
  assert.equal(status, 'COMPLETED')
  const used = services?.filter(({ LastAuthenticated: at }) => at !== undefined)
  assert.deepEqual(
    used?.map(({ ServiceNamespace, LastAuthenticatedEntity }) => [ServiceNamespace, LastAuthenticatedEntity]),
    [['sts', `arn:aws:iam::${sandbox.accountId}:user/ada`]],
  )
})
