import assert from 'node:assert/strict'
import { test } from 'node:test'
import { callIam } from '../../../src/sandbox/index.ts'
import { certificatePem, listBuckets, sshPublicKey } from '../samples.ts'
import { openTestAccount } from './account.ts'

test('user names are unique regardless of case, and found in any case', () => {
  const { call, refusal } = openTestAccount()
  call('CreateUser', { UserName: 'Ada' })
  assert.equal(refusal('CreateUser', { UserName: 'ADA' }), 'EntityAlreadyExists')
  assert.equal(call('GetUser', { UserName: 'ada' }).User.UserName, 'Ada')
  assert.equal(refusal('UpdateUser', { UserName: 'Ada', NewUserName: 'aDA' }), 'EntityAlreadyExists')
})

test('users carry the path in their ARN and an id of 21 characters', () => {
  const { call } = openTestAccount()
  const { User: user } = call('CreateUser', { UserName: 'ada', Path: '/muster/eng/' })
  assert.equal(user.Arn, 'arn:aws:iam::123456789012:user/muster/eng/ada')
  assert.match(user.UserId, /^AIDA[A-Z2-7]{17}$/)
  assert.equal(user.CreateDate, '2026-11-23T09:00:00Z')
})

test('a user who was deleted and made again is another user', () => {
  const { call } = openTestAccount()
  const first = call('CreateUser', { UserName: 'ada' }).User.UserId
  call('DeleteUser', { UserName: 'ada' })
  assert.notEqual(call('CreateUser', { UserName: 'ada' }).User.UserId, first)
})

test('lists of users leave out tags and boundary', () => {
  const { call } = openTestAccount()
  const boundary = 'arn:aws:iam::aws:policy/ReadOnlyAccess'
  call('CreateUser', { UserName: 'ada', Tags: [{ Key: 'a', Value: 'b' }], PermissionsBoundary: boundary })
  const [listed] = call('ListUsers').Users
  assert.equal(listed.Tags, undefined)
  assert.equal(listed.PermissionsBoundary, undefined)
  const { User: user } = call('GetUser', { UserName: 'ada' })
  assert.deepEqual(user.Tags, [{ Key: 'a', Value: 'b' }])
  assert.equal(user.PermissionsBoundary.PermissionsBoundaryArn, boundary)
})

test('pages of users hold every user once, also when users come and go between two pages', () => {
  const { call } = openTestAccount()
  for (let i = 0; i < 25; i += 1) call('CreateUser', { UserName: `user${String(i).padStart(2, '0')}` })
  const names: string[] = []
  let marker: string | undefined
  do {
    const page = call('ListUsers', { MaxItems: 10, ...(marker ? { Marker: marker } : {}) })
    names.push(...page.Users.map(({ UserName }: { UserName: string }) => UserName))
    assert.equal(page.IsTruncated, page.Marker !== undefined)
    marker = page.Marker
    if (names.length === 10) {
      call('DeleteUser', { UserName: 'user09' })
      call('CreateUser', { UserName: 'a-late-one' })
    }
  } while (marker)
  assert.equal(names.length, 25)
  assert.deepEqual(names, [...new Set(names)].sort())
})

test('a page holds 100 users unless asked otherwise, and markers cannot be made up', () => {
  const { call, refusal } = openTestAccount()
  for (let i = 0; i < 101; i += 1) call('CreateUser', { UserName: `user${i}` })
  assert.equal(call('ListUsers').Users.length, 100)
  assert.equal(call('ListUsers', { MaxItems: 1000 }).Users.length, 101)
  assert.equal(refusal('ListUsers', { Marker: 'user50' }), 'ValidationError')
})

test('an account has as many users as its quota, and says so in its summary', () => {
  const { call, refusal } = openTestAccount({ quotas: { users: 2 } })
  call('CreateUser', { UserName: 'ada' })
  call('CreateUser', { UserName: 'grace' })
  assert.equal(refusal('CreateUser', { UserName: 'joan' }), 'LimitExceeded')
  assert.equal(call('GetAccountSummary').SummaryMap.get('UsersQuota'), 2)
})

test('everything that belongs to a user stands in the way of deleting them', () => {
  const account = openTestAccount()
  const { call, refusal } = account
  const ada = { UserName: 'ada' }
  call('CreateUser', ada)
  call('CreateGroup', { GroupName: 'engineers' })
  const remove: (() => unknown)[] = []
  const give = (
    action: string,
    params: object,
    takeAway: (output: ReturnType<typeof call>) => [string, object],
  ) => {
    const [undo, undoParams] = takeAway(call(action, { ...ada, ...params }))
    remove.push(() => call(undo, { ...ada, ...undoParams }))
  }
  give('CreateLoginProfile', { Password: 'Analytical-1843' }, () => ['DeleteLoginProfile', {}])
  give('CreateAccessKey', {}, ({ AccessKey }) => ['DeleteAccessKey', { AccessKeyId: AccessKey.AccessKeyId }])
  give('UploadSigningCertificate', { CertificateBody: certificatePem }, ({ Certificate }) => [
    'DeleteSigningCertificate',
    { CertificateId: Certificate.CertificateId },
  ])
  give('UploadSSHPublicKey', { SSHPublicKeyBody: sshPublicKey }, ({ SSHPublicKey }) => [
    'DeleteSSHPublicKey',
    { SSHPublicKeyId: SSHPublicKey.SSHPublicKeyId },
  ])
  give('CreateServiceSpecificCredential', { ServiceName: 'codecommit.amazonaws.com' }, (output) => [
    'DeleteServiceSpecificCredential',
    { ServiceSpecificCredentialId: output.ServiceSpecificCredential.ServiceSpecificCredentialId },
  ])
  give('PutUserPolicy', { PolicyName: 'inline', PolicyDocument: listBuckets }, () => [
    'DeleteUserPolicy',
    { PolicyName: 'inline' },
  ])
  const readOnly = { PolicyArn: 'arn:aws:iam::aws:policy/ReadOnlyAccess' }
  give('AttachUserPolicy', readOnly, () => ['DetachUserPolicy', readOnly])
  give('AddUserToGroup', { GroupName: 'engineers' }, () => [
    'RemoveUserFromGroup',
    { GroupName: 'engineers' },
  ])
  for (const takeAway of remove) {
    assert.equal(refusal('DeleteUser', ada), 'DeleteConflict')
    takeAway()
  }
  call('DeleteUser', ada)
  assert.equal(refusal('GetUser', ada), 'NoSuchEntity')
})

test('a renamed user keeps id, groups, keys and devices', () => {
  const { account, call } = openTestAccount()
  const { UserId: userId } = call('CreateUser', { UserName: 'ada' }).User
  call('CreateGroup', { GroupName: 'engineers' })
  call('AddUserToGroup', { UserName: 'ada', GroupName: 'engineers' })
  const { AccessKeyId: keyId } = call('CreateAccessKey', { UserName: 'ada' }).AccessKey
  call('UpdateUser', { UserName: 'ada', NewUserName: 'countess', NewPath: '/nobility/' })
  const [member] = call('GetGroup', { GroupName: 'engineers' }).Users
  assert.deepEqual([member.UserName, member.UserId, member.Path], ['countess', userId, '/nobility/'])
  assert.equal(call('GetAccessKeyLastUsed', { AccessKeyId: keyId }).UserName, 'countess')
  assert.equal(account.users.has('ada'), false)
})

test('a name that is made again soon after is temporarily unmodifiable, if that is asked for', () => {
  const test = openTestAccount({ nameReuseWindowMs: 60_000 })
  const ada = { UserName: 'ada' }
  test.call('CreateUser', ada)
  test.call('UpdateUser', { ...ada, NewPath: '/first/' })
  test.call('DeleteUser', ada)
  test.call('CreateUser', ada)
  assert.equal(test.refusal('UpdateUser', { ...ada, NewPath: '/again/' }), 'EntityTemporarilyUnmodifiable')
  test.now = new Date(test.now.getTime() + 60_000)
  test.call('UpdateUser', { ...ada, NewPath: '/again/' })
})

test('a refused parameter is named, every one of several, and a password is never repeated', () => {
  const { account, now } = openTestAccount()
  const message = (action: string, params: object) => {
    const answer = callIam(account, action, { ...params }, { now })
    return answer.ok ? '' : answer.error.message
  }
  assert.match(message('CreateUser', {}), /Value null at 'userName'/)
  assert.match(message('CreateUser', { UserName: 'x'.repeat(65) }), /'userName'.*less than or equal to 64/)
  assert.match(message('ListUsers', { MaxItems: 0, PathPrefix: 'x' }), /^2 validation errors detected/)
  const password = `geheim${'x'.repeat(200)}`
  assert.doesNotMatch(message('CreateLoginProfile', { UserName: 'a', Password: password }), /geheim/)
})

test('equal calls on equal accounts give equal accounts', () => {
  const history = (seed: number) => {
    const { account, call } = openTestAccount({ seed })
    call('CreateUser', { UserName: 'ada' })
    call('CreateAccessKey', { UserName: 'ada' })
    return account
  }
  assert.deepEqual(history(7), history(7))
  assert.notDeepEqual(history(7), history(8))
})
