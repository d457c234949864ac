import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openTestAccount, type TestAccount } from './account.ts'

/** The line of the root user in a fresh credential report, by column. */
function reportedRoot({ call }: TestAccount): Record<string, string> {
  call('GenerateCredentialReport')
  const [names = '', root = ''] = Buffer.from(call('GetCredentialReport').Content).toString().split('\n')
  const cells = root.split(',')
  return Object.fromEntries(names.split(',').map((name, index) => [name, cells[index] ?? '']))
}

test('the root user of a new account has a hardware device, no keys, and was never used', () => {
  const account = openTestAccount()
  const { SummaryMap: summary } = account.call('GetAccountSummary')
  assert.equal(summary.get('AccountMFAEnabled'), 1)
  assert.equal(summary.get('AccountAccessKeysPresent'), 0)
  assert.deepEqual(account.call('ListVirtualMFADevices').VirtualMFADevices, [])
  const root = reportedRoot(account)
  assert.equal(root.user, '<root_account>')
  assert.equal(root.mfa_active, 'true')
  assert.equal(root.password_last_used, 'no_information')
  assert.equal(root.access_key_1_active, 'false')
})

test('a virtual device of the root user is listed by its own name, and counted', () => {
  const account = openTestAccount()
  account.account.root.mfaDevice = 'virtual'
  const [device, ...others] = account.call('ListVirtualMFADevices', {
    AssignmentStatus: 'Assigned',
  }).VirtualMFADevices
  assert.deepEqual(others, [])
  assert.equal(device.SerialNumber, 'arn:aws:iam::123456789012:mfa/root-account-mfa-device')
  assert.equal(device.User.Arn, 'arn:aws:iam::123456789012:root')
  assert.deepEqual(
    account.call('ListVirtualMFADevices', { AssignmentStatus: 'Unassigned' }).VirtualMFADevices,
    [],
  )
  assert.equal(account.call('GetAccountSummary').SummaryMap.get('MFADevicesInUse'), 1)
  account.account.root.mfaActive = false
  assert.deepEqual(account.call('ListVirtualMFADevices').VirtualMFADevices, [])
  assert.equal(account.call('GetAccountSummary').SummaryMap.get('AccountMFAEnabled'), 0)
})

test('keys and use of the root user are in the summary and in the credential report', () => {
  const account = openTestAccount()
  const { root } = account.account
  root.passwordLastUsed = '2026-11-20T08:00:00Z'
  root.accessKeys = [
    {
      status: 'Active',
      createDate: '2020-01-01T00:00:00Z',
      lastUsed: { date: '2026-11-21T00:00:00Z', service: 's3', region: 'eu-west-1' },
    },
  ]
  assert.equal(account.call('GetAccountSummary').SummaryMap.get('AccountAccessKeysPresent'), 1)
  const reported = reportedRoot(account)
  assert.equal(reported.password_last_used, '2026-11-20T08:00:00+00:00')
  assert.equal(reported.access_key_1_active, 'true')
  assert.equal(reported.access_key_1_last_rotated, '2020-01-01T00:00:00+00:00')
  assert.equal(reported.access_key_1_last_used_date, '2026-11-21T00:00:00+00:00')
  assert.equal(reported.access_key_1_last_used_service, 's3')
  assert.equal(reported.access_key_2_active, 'false')
})

test('central management of root credentials is on, can be switched off, and is not told to a member account', () => {
  const { account, call, refusal } = openTestAccount()
  assert.deepEqual(call('ListOrganizationsFeatures').EnabledFeatures, [
    'RootCredentialsManagement',
    'RootSessions',
  ])
  call('DisableOrganizationsRootCredentialsManagement')
  assert.deepEqual(call('ListOrganizationsFeatures').EnabledFeatures, ['RootSessions'])
  call('EnableOrganizationsRootCredentialsManagement')
  assert.ok(call('ListOrganizationsFeatures').EnabledFeatures.includes('RootCredentialsManagement'))
  if (account.organization) account.organization.isManagementAccount = false
  assert.equal(refusal('ListOrganizationsFeatures'), 'AccountNotManagementOrDelegatedAdministratorException')
  account.organization = null
  assert.equal(refusal('ListOrganizationsFeatures'), 'OrganizationNotFoundException')
})
