import assert from 'node:assert/strict'
import { test } from 'node:test'
import { certificatePem, samlMetadata } from '../samples.ts'
import { openTestSandbox } from '../sandbox.ts'
import { openTestAccount } from './account.ts'

const trustPolicy = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { AWS: '123456789012' }, Action: 'sts:AssumeRole' }],
})

test('a fresh sandbox has a role for AWS Support and an identity provider, and an unkept one has neither', async (t) => {
  const { sandbox } = await openTestSandbox(t)
  assert.deepEqual(sandbox.state.roles.get('support')?.attachedPolicies, [
    'arn:aws:iam::aws:policy/AWSSupportAccess',
  ])
  assert.equal(sandbox.state.samlProviders.size, 1)
  const { sandbox: unkept } = await openTestSandbox(t, { wellKept: false })
  assert.equal(unkept.state.roles.size + unkept.state.samlProviders.size, 0)
})

test('a role needs a trust policy that names a principal', () => {
  const { call, refusal } = openTestAccount()
  const withTrust = (document: unknown) => ({
    RoleName: 'r',
    AssumeRolePolicyDocument: JSON.stringify(document),
  })
  assert.equal(refusal('CreateRole', withTrust({})), 'MalformedPolicyDocument')
  assert.equal(
    refusal('CreateRole', withTrust({ Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }] })),
    'MalformedPolicyDocument',
  )
  call('CreateRole', { RoleName: 'r', AssumeRolePolicyDocument: trustPolicy })
  assert.equal(
    refusal('CreateRole', { RoleName: 'R', AssumeRolePolicyDocument: trustPolicy }),
    'EntityAlreadyExists',
  )
})

test('who has a policy can be asked by kind, by path and by the use they make of it', () => {
  const { call } = openTestAccount()
  const policy = { PolicyArn: 'arn:aws:iam::aws:policy/ReadOnlyAccess' }
  const boundary = { PermissionsBoundary: policy.PolicyArn }
  call('CreateUser', { UserName: 'attached', Path: '/people/' })
  call('AttachUserPolicy', { UserName: 'attached', ...policy })
  call('CreateUser', { UserName: 'bounded', ...boundary })
  call('CreateGroup', { GroupName: 'readers' })
  call('AttachGroupPolicy', { GroupName: 'readers', ...policy })
  call('CreateRole', { RoleName: 'bounded-role', AssumeRolePolicyDocument: trustPolicy, ...boundary })
  call('CreateRole', { RoleName: 'reading-role', AssumeRolePolicyDocument: trustPolicy })
  call('AttachRolePolicy', { RoleName: 'reading-role', ...policy })
  const who = (asked: object) => {
    const found = call('ListEntitiesForPolicy', { ...policy, ...asked })
    return [...found.PolicyGroups, ...found.PolicyUsers, ...found.PolicyRoles].map(
      ({ GroupName, UserName, RoleName }) => GroupName ?? UserName ?? RoleName,
    )
  }
  assert.deepEqual(who({}), ['readers', 'attached', 'bounded', 'bounded-role', 'reading-role'])
  assert.deepEqual(who({ EntityFilter: 'Role' }), ['bounded-role', 'reading-role'])
  assert.deepEqual(who({ PathPrefix: '/people/' }), ['attached'])
  assert.deepEqual(who({ PolicyUsageFilter: 'PermissionsBoundary' }), ['bounded', 'bounded-role'])
  assert.deepEqual(who({ PolicyUsageFilter: 'PermissionsPolicy' }), ['readers', 'attached', 'reading-role'])
  assert.equal(call('GetPolicy', policy).Policy.AttachmentCount, 3)
  assert.equal(call('GetPolicy', policy).Policy.PermissionsBoundaryUsageCount, 2)
})

test('a server certificate is listed with its end, and a malformed one is refused', () => {
  const { call, refusal } = openTestAccount()
  const upload = { ServerCertificateName: 'www', CertificateBody: certificatePem, PrivateKey: 'x' }
  call('UploadServerCertificate', upload)
  assert.equal(refusal('UploadServerCertificate', upload), 'EntityAlreadyExists')
  assert.equal(
    refusal('UploadServerCertificate', { ...upload, ServerCertificateName: 'w', CertificateBody: 'none' }),
    'MalformedCertificate',
  )
  const [listed] = call('ListServerCertificates').ServerCertificateMetadataList
  assert.equal(listed.Expiration, '2126-10-30T23:41:35Z')
  assert.equal(call('GetAccountSummary').SummaryMap.get('ServerCertificates'), 1)
  call('DeleteServerCertificate', { ServerCertificateName: 'www' })
  assert.deepEqual(call('ListServerCertificates').ServerCertificateMetadataList, [])
})

test('an identity provider goes by its name once', () => {
  const { call, refusal } = openTestAccount()
  const provider = { Name: 'directory', SAMLMetadataDocument: samlMetadata }
  const { SAMLProviderArn: arn } = call('CreateSAMLProvider', provider)
  assert.equal(refusal('CreateSAMLProvider', provider), 'EntityAlreadyExists')
  assert.equal(
    refusal('CreateSAMLProvider', { Name: 'other', SAMLMetadataDocument: ' '.repeat(1000) }),
    'InvalidInput',
  )
  assert.deepEqual(
    call('ListSAMLProviders').SAMLProviderList.map(({ Arn }: { Arn: string }) => Arn),
    [arn],
  )
  call('DeleteSAMLProvider', { SAMLProviderArn: arn })
  assert.equal(refusal('DeleteSAMLProvider', { SAMLProviderArn: arn }), 'NoSuchEntity')
})
