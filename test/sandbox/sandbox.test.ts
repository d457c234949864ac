import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import {
  AddUserToGroupCommand,
  CreateAccessKeyCommand,
  CreateGroupCommand,
  CreateLoginProfileCommand,
  CreateUserCommand,
  CreateVirtualMFADeviceCommand,
  DeleteAccessKeyCommand,
  GetAccessKeyLastUsedCommand,
  GetAccountSummaryCommand,
  GetUserCommand,
  NoSuchEntityException,
  paginateListUsers,
  UpdateAccessKeyCommand,
} from '@aws-sdk/client-iam'
import { GetCallerIdentityCommand, GetSessionTokenCommand } from '@aws-sdk/client-sts'
import { missing } from './moto-server.ts'
import { codeOf, openTestSandbox } from './sandbox.ts'

test('the SDK reads what AWS would have sent: moments, bytes, maps, errors and request ids', async (t) => {
  const { sandbox, iam } = await openTestSandbox(t)
  const { User: user, $metadata } = await iam.send(new CreateUserCommand({ UserName: 'ada' }))
  assert.ok(user?.CreateDate instanceof Date)
  assert.equal($metadata.requestId, sandbox.calls.entries[0]?.requestId)
  const made = await iam.send(new CreateVirtualMFADeviceCommand({ VirtualMFADeviceName: 'ada' }))
  assert.match(Buffer.from(made.VirtualMFADevice?.Base32StringSeed ?? []).toString(), /^[A-Z2-7]{64}$/)
  assert.equal((await iam.send(new GetAccountSummaryCommand({}))).SummaryMap?.Users, 1)
  const error = await iam.send(new GetUserCommand({ UserName: 'nobody' })).catch((caught) => caught)
  assert.ok(error instanceof NoSuchEntityException)
  assert.equal(error.message, 'The user with name nobody cannot be found.')
  assert.equal(error.$metadata.requestId, sandbox.calls.entries.at(-1)?.requestId)
})

test('texts with every kind of character survive the way there and back', async (t) => {
  const { iam } = await openTestSandbox(t)
  const tags = [{ Key: 'muster:name', Value: 'Zoë Ångström+1 = a/b@c' }]
  await iam.send(new CreateUserCommand({ UserName: 'a+b=c,d.e@f-g_h', Tags: tags }))
  const { User: user } = await iam.send(new GetUserCommand({ UserName: 'a+b=c,d.e@f-g_h' }))
  assert.deepEqual(user?.Tags, tags)
})

test("the SDK's paginator reads all users", async (t) => {
  const { iam } = await openTestSandbox(t)
  for (let i = 0; i < 7; i += 1) await iam.send(new CreateUserCommand({ UserName: `user${i}` }))
  const names: (string | undefined)[] = []
  for await (const page of paginateListUsers({ client: iam, pageSize: 3 }, {})) {
    names.push(...(page.Users ?? []).map(({ UserName }) => UserName))
  }
  assert.equal(names.length, 7)
})

test('a call is made by whose key it is; keys that are off or gone are refused', async (t) => {
  const { sandbox, iam, sts, clientsWith } = await openTestSandbox(t)
  assert.match((await sts.send(new GetCallerIdentityCommand({}))).Arn ?? '', /assumed-role/)
  assert.equal((await sts.send(new GetCallerIdentityCommand({}))).Account, sandbox.accountId)
  await iam.send(new CreateUserCommand({ UserName: 'ada' }))
  const { AccessKey: key } = await iam.send(new CreateAccessKeyCommand({ UserName: 'ada' }))
  assert.ok(key?.AccessKeyId && key.SecretAccessKey)
  const accessKeyId = key.AccessKeyId
  const ada = clientsWith({ accessKeyId, secretAccessKey: key.SecretAccessKey })
  const arn = 'arn:aws:iam::123456789012:user/ada'
  assert.equal((await ada.sts.send(new GetCallerIdentityCommand({}))).Arn, arn)
  assert.equal((await ada.iam.send(new GetUserCommand({}))).User?.UserName, 'ada')
  assert.ok((await ada.sts.send(new GetSessionTokenCommand({}))).Credentials?.SessionToken)
  const used = await iam.send(new GetAccessKeyLastUsedCommand({ AccessKeyId: accessKeyId }))
  assert.equal(used.AccessKeyLastUsed?.ServiceName, 'sts')
  const its = { UserName: 'ada', AccessKeyId: accessKeyId }
  await iam.send(new UpdateAccessKeyCommand({ ...its, Status: 'Inactive' }))
  assert.equal(await codeOf(ada.iam.send(new GetUserCommand({}))), 'InvalidClientTokenId')
  await iam.send(new DeleteAccessKeyCommand(its))
  assert.equal(await codeOf(ada.iam.send(new GetUserCommand({}))), 'InvalidClientTokenId')
})

test('the call log tells the calls in order, and no secret', async (t) => {
  const { sandbox, iam } = await openTestSandbox(t)
  await iam.send(new CreateUserCommand({ UserName: 'ada' }))
  await codeOf(iam.send(new GetUserCommand({ UserName: 'nobody' })))
  await iam.send(new CreateLoginProfileCommand({ UserName: 'ada', Password: 'Analytical-1843' }))
  const { AccessKey: key } = await iam.send(new CreateAccessKeyCommand({ UserName: 'ada' }))
  assert.deepEqual(sandbox.calls.actions(), [
    'CreateUser',
    'GetUser',
    'CreateLoginProfile',
    'CreateAccessKey',
  ])
  assert.deepEqual(sandbox.calls.actions('writes'), ['CreateUser', 'CreateLoginProfile', 'CreateAccessKey'])
  const [refused] = sandbox.calls.of('GetUser')
  assert.deepEqual([refused?.status, refused?.errorCode, refused?.readOnly], [404, 'NoSuchEntity', true])
  const told = JSON.stringify(sandbox.calls.entries)
  assert.doesNotMatch(told, /Analytical/)
  assert.ok(!told.includes(key?.SecretAccessKey ?? 'none'))
  sandbox.calls.clear()
  assert.equal(sandbox.calls.entries.length, 0)
})

test('what is no AWS call gets a friendly word, and an unknown action an error of AWS', async (t) => {
  const { sandbox } = await openTestSandbox(t)
  const hello = await fetch(sandbox.url)
  assert.equal(hello.status, 404)
  assert.match(await hello.text(), /Muster sandbox/)
  const authorization = 'AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/iam/aws4_request, Signature=x'
  const post = (body: string) =>
    fetch(sandbox.url, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/x-www-form-urlencoded' },
      body,
    })
  const unknown = await post('Action=DrawUnicorn&Version=2010-05-08')
  assert.equal(unknown.status, 400)
  assert.match(await unknown.text(), /<Code>InvalidAction<\/Code>/)
  const polluting = await post('Action=ListUsers&__proto__.polluted=1&constructor.prototype.polluted=1')
  assert.equal(polluting.status, 200)
  assert.equal(({} as { polluted?: string }).polluted, undefined)
})

test('the aws command line lists users and their groups', { skip: missing('aws') }, async (t) => {
  const { sandbox, iam } = await openTestSandbox(t)
  await iam.send(new CreateUserCommand({ UserName: 'ada', Path: '/muster/' }))
  await iam.send(new CreateGroupCommand({ GroupName: 'engineers' }))
  await iam.send(new AddUserToGroupCommand({ UserName: 'ada', GroupName: 'engineers' }))
  const env = {
    ...process.env,
    AWS_ENDPOINT_URL: sandbox.url,
    AWS_ACCESS_KEY_ID: sandbox.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: sandbox.credentials.secretAccessKey,
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_PAGER: '',
  }
  const aws = async (...command: string[]) => {
    const { stdout } = await promisify(execFile)('aws', [...command, '--output', 'json'], { env })
    return JSON.parse(stdout)
  }
  const { Users: users } = await aws('iam', 'list-users')
  assert.equal(users[0].Arn, 'arn:aws:iam::123456789012:user/muster/ada')
  const { Groups: groups } = await aws('iam', 'list-groups-for-user', '--user-name', 'ada')
  assert.equal(groups[0].GroupName, 'engineers')
  assert.equal((await aws('sts', 'get-caller-identity')).Account, sandbox.accountId)
  assert.equal((await aws('cloudtrail', 'describe-trails')).trailList[0].IsMultiRegionTrail, true)
})
