import assert from 'node:assert/strict'
import { test } from 'node:test'
import { listBuckets, readBuckets } from '../samples.ts'
import { openTestAccount } from './account.ts'

const reader = { PolicyArn: 'arn:aws:iam::123456789012:policy/reader' }

function withReader() {
  const account = openTestAccount()
  account.call('CreatePolicy', { PolicyName: 'reader', PolicyDocument: readBuckets })
  return account
}

test('a policy has five versions at most, and its default version stays', () => {
  const { call, refusal } = withReader()
  for (let i = 0; i < 4; i += 1) {
    call('CreatePolicyVersion', { ...reader, PolicyDocument: listBuckets, SetAsDefault: 'true' })
  }
  assert.equal(refusal('CreatePolicyVersion', { ...reader, PolicyDocument: listBuckets }), 'LimitExceeded')
  assert.equal(refusal('DeletePolicyVersion', { ...reader, VersionId: 'v5' }), 'DeleteConflict')
  call('DeletePolicyVersion', { ...reader, VersionId: 'v1' })
  const made = call('CreatePolicyVersion', { ...reader, PolicyDocument: listBuckets })
  assert.equal(made.PolicyVersion.VersionId, 'v6')
  assert.equal(call('GetPolicy', reader).Policy.DefaultVersionId, 'v5')
})

test('a policy that is attached, a boundary, or has several versions cannot be deleted', () => {
  const { call, refusal } = withReader()
  call('CreateUser', { UserName: 'ada' })
  call('AttachUserPolicy', { UserName: 'ada', ...reader })
  assert.equal(refusal('DeletePolicy', reader), 'DeleteConflict')
  call('DetachUserPolicy', { UserName: 'ada', ...reader })
  call('PutUserPermissionsBoundary', { UserName: 'ada', PermissionsBoundary: reader.PolicyArn })
  assert.equal(refusal('DeletePolicy', reader), 'DeleteConflict')
  assert.equal(call('GetPolicy', reader).Policy.PermissionsBoundaryUsageCount, 1)
  call('DeleteUserPermissionsBoundary', { UserName: 'ada' })
  call('CreatePolicyVersion', { ...reader, PolicyDocument: listBuckets })
  assert.equal(refusal('DeletePolicy', reader), 'DeleteConflict')
  call('DeletePolicyVersion', { ...reader, VersionId: 'v2' })
  call('DeletePolicy', reader)
  call('CreatePolicy', { PolicyName: 'reader', PolicyDocument: readBuckets })
})

test('a policy name is unique whatever the path', () => {
  const { refusal } = withReader()
  const again = { PolicyName: 'Reader', Path: '/muster/', PolicyDocument: readBuckets }
  assert.equal(refusal('CreatePolicy', again), 'EntityAlreadyExists')
})

test('the size of a policy is counted without white space', () => {
  const { call, refusal } = openTestAccount()
  const policy = (actions: number) => ({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Action: Array.from({ length: actions }, (_, i) => `s3:Get${String(i).padStart(5, '0')}`),
        Resource: '*',
      },
    ],
  })
  call('CreatePolicy', { PolicyName: 'spacious', PolicyDocument: JSON.stringify(policy(350), null, 8) })
  const dense = JSON.stringify(policy(450))
  assert.ok(dense.length > 6144)
  assert.equal(refusal('CreatePolicy', { PolicyName: 'dense', PolicyDocument: dense }), 'LimitExceeded')
})

test('ten policies can be attached to a group, and none that does not exist', () => {
  const { call, refusal } = openTestAccount()
  call('CreateGroup', { GroupName: 'engineers' })
  for (let i = 0; i < 11; i += 1) call('CreatePolicy', { PolicyName: `p${i}`, PolicyDocument: readBuckets })
  const attach = (name: string) => ({
    GroupName: 'engineers',
    PolicyArn: `arn:aws:iam::123456789012:policy/${name}`,
  })
  for (let i = 0; i < 10; i += 1) call('AttachGroupPolicy', attach(`p${i}`))
  assert.equal(refusal('AttachGroupPolicy', attach('p10')), 'LimitExceeded')
  assert.equal(refusal('AttachGroupPolicy', attach('unknown')), 'NoSuchEntity')
  assert.equal(refusal('AttachGroupPolicy', { ...attach('x'), PolicyArn: 'x'.repeat(20) }), 'InvalidInput')
})

test("AWS's own policies are there, can be attached, and cannot be changed", () => {
  const { call, refusal } = openTestAccount()
  call('CreateGroup', { GroupName: 'quarantine' })
  const denyAll = { PolicyArn: 'arn:aws:iam::aws:policy/AWSDenyAll' }
  call('AttachGroupPolicy', { GroupName: 'quarantine', ...denyAll })
  const { DefaultVersionId: version, AttachmentCount: count } = call('GetPolicy', denyAll).Policy
  assert.equal(count, 1)
  const { Document: document } = call('GetPolicyVersion', { ...denyAll, VersionId: version }).PolicyVersion
  assert.equal(JSON.parse(decodeURIComponent(document)).Statement[0].Effect, 'Deny')
  assert.equal(refusal('DeletePolicy', denyAll), 'AccessDenied')
  assert.equal(refusal('GetPolicy', { PolicyArn: 'arn:aws:iam::aws:policy/Invented' }), 'NoSuchEntity')
  assert.equal(call('ListPolicies', { Scope: 'Local' }).Policies.length, 0)
})

test('authorization details give users, groups and policies in use, page by page, without credentials', () => {
  const { call } = withReader()
  for (const name of ['ada', 'grace']) call('CreateUser', { UserName: name })
  call('CreateGroup', { GroupName: 'engineers' })
  call('AddUserToGroup', { UserName: 'ada', GroupName: 'engineers' })
  call('AttachGroupPolicy', { GroupName: 'engineers', PolicyArn: 'arn:aws:iam::aws:policy/SecurityAudit' })
  call('CreateLoginProfile', { UserName: 'ada', Password: 'Analytical-1843' })
  const kinds: string[] = []
  let marker: string | undefined
  do {
    const page = call('GetAccountAuthorizationDetails', {
      MaxItems: 2,
      ...(marker ? { Marker: marker } : {}),
    })
    for (const user of page.UserDetailList) kinds.push(`user ${user.UserName} in ${user.GroupList}`)
    for (const group of page.GroupDetailList)
      kinds.push(`group ${group.AttachedManagedPolicies[0].PolicyName}`)
    for (const policy of page.Policies) kinds.push(`policy ${policy.PolicyName}`)
    assert.doesNotMatch(JSON.stringify(page), /Password|LoginProfile/)
    marker = page.Marker
  } while (marker)
  assert.deepEqual(kinds, [
    'user ada in engineers',
    'user grace in ',
    'group SecurityAudit',
    'policy reader',
    'policy SecurityAudit',
  ])
  const { Policies: own } = call('GetAccountAuthorizationDetails', { Filter: ['LocalManagedPolicy'] })
  assert.equal(own.length, 1)
})
