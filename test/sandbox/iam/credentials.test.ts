import assert from 'node:assert/strict'
import { test } from 'node:test'
import { codeOfStep, fromBase32, stepAt } from '../../../src/sandbox/index.ts'
import { openTestAccount } from './account.ts'

const ada = { UserName: 'ada' }

function withAda() {
  const account = openTestAccount()
  account.call('CreateUser', ada)
  return account
}

test('an MFA device is enabled by two consecutive codes of its seed only', () => {
  const test = withAda()
  const { SerialNumber: serial, Base32StringSeed: seed } = test.call('CreateVirtualMFADevice', {
    VirtualMFADeviceName: 'ada',
    Path: '/muster/',
  }).VirtualMFADevice
  assert.equal(serial, 'arn:aws:iam::123456789012:mfa/muster/ada')
  const secret = fromBase32(Buffer.from(seed).toString())
  const code = (offset: number) => codeOfStep(secret, stepAt(test.now) + offset)
  const enable = (first: string, second: string) => ({
    ...ada,
    SerialNumber: serial,
    AuthenticationCode1: first,
    AuthenticationCode2: second,
  })
  const wrong = code(0) === '000000' ? '000001' : '000000'
  assert.equal(test.refusal('EnableMFADevice', enable(code(-1), wrong)), 'InvalidAuthenticationCode')
  assert.equal(test.refusal('EnableMFADevice', enable(code(0), code(-1))), 'InvalidAuthenticationCode')
  test.call('EnableMFADevice', enable(code(-1), code(0)))
  assert.equal(test.refusal('EnableMFADevice', enable(code(-1), code(0))), 'EntityAlreadyExists')
  assert.equal(test.call('ListMFADevices', ada).MFADevices[0].SerialNumber, serial)
  // Each code is good once.
  assert.equal(test.refusal('ResyncMFADevice', enable(code(-1), code(0))), 'InvalidAuthenticationCode')
  test.call('ResyncMFADevice', enable(code(1), code(2)))
  assert.equal(test.refusal('DeleteUser', ada), 'DeleteConflict')
  assert.equal(test.refusal('DeleteVirtualMFADevice', { SerialNumber: serial }), 'DeleteConflict')
  assert.equal(
    test.call('ListVirtualMFADevices', { AssignmentStatus: 'Assigned' }).VirtualMFADevices.length,
    1,
  )
  test.call('DeactivateMFADevice', { ...ada, SerialNumber: serial })
  test.call('DeleteUser', ada)
  const { VirtualMFADevices: orphans } = test.call('ListVirtualMFADevices', {
    AssignmentStatus: 'Unassigned',
  })
  assert.equal(orphans.length, 1)
  test.call('DeleteVirtualMFADevice', { SerialNumber: serial })
})

test('virtual MFA devices are as many as users, those that nobody enabled included', () => {
  const { call, refusal } = openTestAccount({ quotas: { users: 1 } })
  call('CreateVirtualMFADevice', { VirtualMFADeviceName: 'one' })
  assert.equal(refusal('CreateVirtualMFADevice', { VirtualMFADeviceName: 'two' }), 'LimitExceeded')
})

test('a user has two access keys at most, and their secrets are kept nowhere', () => {
  const { account, call, refusal } = withAda()
  const first = call('CreateAccessKey', ada).AccessKey
  call('CreateAccessKey', ada)
  assert.equal(refusal('CreateAccessKey', ada), 'LimitExceeded')
  assert.match(first.AccessKeyId, /^AKIA[A-Z2-7]{16}$/)
  assert.equal(first.SecretAccessKey.length, 40)
  const everything = JSON.stringify(account, (_, value) => (value instanceof Map ? [...value] : value))
  assert.ok(everything.includes(first.AccessKeyId))
  assert.ok(!everything.includes(first.SecretAccessKey))
})

test('passwords follow the policy of the account', () => {
  const { call, refusal } = withAda()
  const password = (text: string) => ({ ...ada, Password: text })
  assert.equal(refusal('CreateLoginProfile', password('short1A')), 'PasswordPolicyViolation')
  call('UpdateAccountPasswordPolicy', { MinimumPasswordLength: 14, RequireSymbols: true, MaxPasswordAge: 90 })
  assert.equal(refusal('CreateLoginProfile', password('longenoughwithout')), 'PasswordPolicyViolation')
  call('CreateLoginProfile', password('long-enough-with'))
  assert.equal(refusal('UpdateLoginProfile', password('short-1')), 'PasswordPolicyViolation')
})

test('an update of the password policy returns what it leaves out to its default', () => {
  const { call, refusal } = openTestAccount()
  assert.equal(refusal('GetAccountPasswordPolicy'), 'NoSuchEntity')
  call('UpdateAccountPasswordPolicy', { MinimumPasswordLength: 14, AllowUsersToChangePassword: true })
  call('UpdateAccountPasswordPolicy', { RequireNumbers: true })
  const { PasswordPolicy: policy } = call('GetAccountPasswordPolicy')
  assert.equal(policy.MinimumPasswordLength, 6)
  assert.equal(policy.AllowUsersToChangePassword, false)
  assert.equal(policy.RequireNumbers, true)
  assert.equal(policy.ExpirePasswords, false)
})

test('service-specific credentials are listed for one user and for all', () => {
  const { call, refusal } = withAda()
  call('CreateUser', { UserName: 'grace' })
  const codeCommit = { ServiceName: 'codecommit.amazonaws.com' }
  const made = call('CreateServiceSpecificCredential', { ...ada, ...codeCommit }).ServiceSpecificCredential
  call('CreateServiceSpecificCredential', { UserName: 'grace', ...codeCommit })
  const count = (params: object) =>
    call('ListServiceSpecificCredentials', { ...params }).ServiceSpecificCredentials.length
  assert.equal(count(ada), 1)
  assert.equal(count({ AllUsers: 'true' }), 2)
  const { ServiceSpecificCredentialId: id } = made
  call('UpdateServiceSpecificCredential', { ...ada, ServiceSpecificCredentialId: id, Status: 'Inactive' })
  const [listed] = call('ListServiceSpecificCredentials', ada).ServiceSpecificCredentials
  assert.equal(listed.Status, 'Inactive')
  assert.equal(listed.ServicePassword, undefined)
  assert.equal(
    refusal('CreateServiceSpecificCredential', { ...ada, ServiceName: 'toaster.amazonaws.com' }),
    'NotSupportedService',
  )
})

test('a credential report stays as it is for four hours', () => {
  const test = withAda()
  assert.equal(test.refusal('GetCredentialReport'), 'ReportNotPresent')
  assert.equal(test.call('GenerateCredentialReport').State, 'STARTED')
  test.call('CreateLoginProfile', { ...ada, Password: 'Analytical-1843' })
  test.now = new Date(test.now.getTime() + 3 * 3_600_000)
  assert.equal(test.call('GenerateCredentialReport').State, 'COMPLETE')
  const rows = () => Buffer.from(test.call('GetCredentialReport').Content).toString().split('\n')
  assert.match(rows()[1] ?? '', /^<root_account>,arn:aws:iam::123456789012:root,/)
  assert.match(rows()[2] ?? '', /^ada,arn:aws:iam::123456789012:user\/ada,[^,]+,false,/)
  test.now = new Date(test.now.getTime() + 3_600_000)
  assert.equal(test.refusal('GetCredentialReport'), 'ReportExpired')
  assert.equal(test.call('GenerateCredentialReport').State, 'STARTED')
  assert.match(rows()[2] ?? '', /^ada,[^,]+,[^,]+,true,/)
})
