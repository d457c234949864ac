import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openTestAccount } from './account.ts'

test('a user is in ten groups at most', () => {
  const { call, refusal } = openTestAccount()
  call('CreateUser', { UserName: 'ada' })
  for (let i = 0; i < 11; i += 1) call('CreateGroup', { GroupName: `group${i}` })
  for (let i = 0; i < 10; i += 1) call('AddUserToGroup', { UserName: 'ada', GroupName: `group${i}` })
  assert.equal(refusal('AddUserToGroup', { UserName: 'ada', GroupName: 'group10' }), 'LimitExceeded')
  call('AddUserToGroup', { UserName: 'ada', GroupName: 'group3' })
  call('RemoveUserFromGroup', { UserName: 'ada', GroupName: 'group3' })
  call('AddUserToGroup', { UserName: 'ada', GroupName: 'group10' })
})

test('a group with members or policies cannot be deleted', () => {
  const { call, refusal } = openTestAccount()
  call('CreateUser', { UserName: 'ada' })
  call('CreateGroup', { GroupName: 'engineers' })
  call('AddUserToGroup', { UserName: 'ada', GroupName: 'engineers' })
  assert.equal(refusal('DeleteGroup', { GroupName: 'engineers' }), 'DeleteConflict')
  call('RemoveUserFromGroup', { UserName: 'ada', GroupName: 'engineers' })
  const denyAll = { GroupName: 'engineers', PolicyArn: 'arn:aws:iam::aws:policy/AWSDenyAll' }
  call('AttachGroupPolicy', denyAll)
  assert.equal(refusal('DeleteGroup', { GroupName: 'engineers' }), 'DeleteConflict')
  call('DetachGroupPolicy', denyAll)
  call('DeleteGroup', { GroupName: 'engineers' })
})

test('a renamed group keeps its members', () => {
  const { call, refusal } = openTestAccount()
  call('CreateUser', { UserName: 'ada' })
  call('CreateGroup', { GroupName: 'engineers' })
  call('AddUserToGroup', { UserName: 'ada', GroupName: 'engineers' })
  call('UpdateGroup', { GroupName: 'engineers', NewGroupName: 'Builders' })
  assert.equal(call('ListGroupsForUser', { UserName: 'ada' }).Groups[0].GroupName, 'Builders')
  assert.equal(refusal('GetGroup', { GroupName: 'engineers' }), 'NoSuchEntity')
})
