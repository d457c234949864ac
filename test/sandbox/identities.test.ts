import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LookupEventsCommand } from '@aws-sdk/client-cloudtrail'
import {
  CreateAccessKeyCommand,
  CreateGroupCommand,
  CreateUserCommand,
  DeleteUserCommand,
  GetUserCommand,
  ListAccessKeysCommand,
  ListUsersCommand,
  UpdateAccessKeyCommand,
} from '@aws-sdk/client-iam'
import { GetCallerIdentityCommand, GetSessionTokenCommand } from '@aws-sdk/client-sts'
import type { Credentials } from '../../src/sandbox/index.ts'
import { codeOf, openTestSandbox } from './sandbox.ts'

test('Muster, the administrator, root and a user are told apart, by STS and in events', async (t) => {
  const { sandbox, iam, cloudtrail, clientsWith } = await openTestSandbox(t)
  await iam.send(new CreateUserCommand({ UserName: 'ada', Path: '/muster/' }))
  const { AccessKey: key } = await iam.send(new CreateAccessKeyCommand({ UserName: 'ada' }))
  assert.ok(key?.AccessKeyId && key.SecretAccessKey)
  const adasKey = { accessKeyId: key.AccessKeyId, secretAccessKey: key.SecretAccessKey }
  const everybody: readonly (readonly [Credentials, string, string, string])[] = [
    [sandbox.credentials, 'AssumedRole', 'arn:aws:sts::123456789012:assumed-role/muster/sandbox', 'sandbox'],
    [
      sandbox.administrator,
      'AssumedRole',
      'arn:aws:sts::123456789012:assumed-role/admin/administrator',
      'administrator',
    ],
    [sandbox.root, 'Root', 'arn:aws:iam::123456789012:root', 'root'],
    [adasKey, 'IAMUser', 'arn:aws:iam::123456789012:user/muster/ada', 'ada'],
  ]
  for (const [credentials, type, arn, userName] of everybody) {
    const theirs = clientsWith(credentials)
    const identity = await theirs.sts.send(new GetCallerIdentityCommand({}))
    assert.equal(identity.Arn, arn)
    await theirs.iam.send(new CreateGroupCommand({ GroupName: `made-by-${userName}` }))
    const attribute = { AttributeKey: 'ResourceName', AttributeValue: `made-by-${userName}` } as const
    const { Events: events = [] } = await cloudtrail.send(
      new LookupEventsCommand({ LookupAttributes: [attribute] }),
    )
    const told = JSON.parse(events[0]?.CloudTrailEvent ?? '{}')
    assert.equal(events[0]?.Username, userName)
    assert.deepEqual(
      [told.userIdentity.type, told.userIdentity.arn, told.userIdentity.principalId],
      [type, arn, identity.UserId],
    )
    assert.equal(told.userIdentity.accessKeyId, credentials.accessKeyId)
    assert.match(told.sourceIPAddress, /127\.0\.0\.1/)
    assert.match(told.userAgent, /aws-sdk-js/)
  }
})

test("a role's session says in its events whose role it is", async (t) => {
  const { iam, cloudtrail, sts } = await openTestSandbox(t)
  await iam.send(new ListUsersCommand({}))
  const { Events: events = [] } = await cloudtrail.send(new LookupEventsCommand({}))
  const { userIdentity } = JSON.parse(events[0]?.CloudTrailEvent ?? '{}')
  const { UserId: userId = '' } = await sts.send(new GetCallerIdentityCommand({}))
  assert.deepEqual(userIdentity.sessionContext.sessionIssuer, {
    type: 'Role',
    principalId: userId.split(':')[0],
    arn: 'arn:aws:iam::123456789012:role/muster',
    accountId: '123456789012',
    userName: 'muster',
  })
  assert.equal(userIdentity.sessionContext.attributes.mfaAuthenticated, 'false')
})

test("a user's session is that user, adds no key, and ends with the user", async (t) => {
  const { sandbox, iam, clientsWith } = await openTestSandbox(t)
  assert.throws(() => sandbox.credentialsOf('mallory'), /cannot be found/)
  await iam.send(new CreateUserCommand({ UserName: 'Mallory' }))
  const mallory = clientsWith(sandbox.credentialsOf('mallory'))
  assert.equal((await mallory.iam.send(new GetUserCommand({}))).User?.UserName, 'Mallory')
  const { AccessKeyMetadata: keys } = await iam.send(new ListAccessKeysCommand({ UserName: 'mallory' }))
  assert.deepEqual(keys, [])
  assert.equal(await codeOf(mallory.sts.send(new GetSessionTokenCommand({}))), 'AccessDenied')
  await iam.send(new DeleteUserCommand({ UserName: 'mallory' }))
  await iam.send(new CreateUserCommand({ UserName: 'mallory' }))
  assert.equal(await codeOf(mallory.iam.send(new GetUserCommand({}))), 'InvalidClientTokenId')
})

test('GetSessionToken gives credentials of the same user', async (t) => {
  const { iam, clientsWith } = await openTestSandbox(t)
  await iam.send(new CreateUserCommand({ UserName: 'ada' }))
  const { AccessKey: key } = await iam.send(new CreateAccessKeyCommand({ UserName: 'ada' }))
  const { AccessKeyId: accessKeyId = '', SecretAccessKey: secretAccessKey = '' } = key ?? {}
  const { Credentials: made } = await clientsWith({ accessKeyId, secretAccessKey }).sts.send(
    new GetSessionTokenCommand({}),
  )
  const session = clientsWith({
    accessKeyId: made?.AccessKeyId ?? '',
    secretAccessKey: made?.SecretAccessKey ?? '',
    sessionToken: made?.SessionToken ?? '',
  })
  const { Arn: arn } = await session.sts.send(new GetCallerIdentityCommand({}))
  assert.equal(arn, 'arn:aws:iam::123456789012:user/ada')
})

test('a call with a key that is switched off is no event of anybody', async (t) => {
  const { iam, cloudtrail, clientsWith } = await openTestSandbox(t)
  await iam.send(new CreateUserCommand({ UserName: 'ada' }))
  const { AccessKey: key } = await iam.send(new CreateAccessKeyCommand({ UserName: 'ada' }))
  const { AccessKeyId: accessKeyId = '', SecretAccessKey: secretAccessKey = '' } = key ?? {}
  const off = { UserName: 'ada', AccessKeyId: accessKeyId, Status: 'Inactive' } as const
  await iam.send(new UpdateAccessKeyCommand(off))
  await codeOf(clientsWith({ accessKeyId, secretAccessKey }).iam.send(new ListUsersCommand({})))
  const attribute = { AttributeKey: 'EventName', AttributeValue: 'ListUsers' } as const
  const { Events: events } = await cloudtrail.send(new LookupEventsCommand({ LookupAttributes: [attribute] }))
  assert.deepEqual(events, [])
})
