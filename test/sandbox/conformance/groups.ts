/** Groups, asked of both. */
import { ada, engineers, nobody } from './cast.ts'
import { type Step, step } from './step.ts'

export const groups: readonly Step[] = [
  step('make a group', 'CreateGroupCommand', { ...engineers, Path: '/muster/' }),
  step('make a group again', 'CreateGroupCommand', engineers),
  step('make another group', 'CreateGroupCommand', { GroupName: 'analysts' }),
  step('get a group', 'GetGroupCommand', engineers),
  step('get an unknown group', 'GetGroupCommand', { GroupName: 'unknown' }),
  step('list groups', 'ListGroupsCommand', {}),
  step('list groups of a path', 'ListGroupsCommand', { PathPrefix: '/muster/' }),
  step('join', 'AddUserToGroupCommand', { ...engineers, ...ada }),
  step('join again', 'AddUserToGroupCommand', { ...engineers, ...ada }),
  step('join as nobody', 'AddUserToGroupCommand', { ...engineers, ...nobody }),
  step('join an unknown group', 'AddUserToGroupCommand', { GroupName: 'unknown', ...ada }),
  step('list members', 'GetGroupCommand', engineers),
  step('list groups of Ada', 'ListGroupsForUserCommand', ada),
  step('list groups of nobody', 'ListGroupsForUserCommand', nobody),
  step('leave', 'RemoveUserFromGroupCommand', { ...engineers, ...ada }),
  step('leave again', 'RemoveUserFromGroupCommand', { ...engineers, ...ada }),
  step('leave as nobody', 'RemoveUserFromGroupCommand', { ...engineers, ...nobody }),
  step('leave an unknown group', 'RemoveUserFromGroupCommand', { GroupName: 'unknown', ...ada }),
  step('list groups of Ada who left', 'ListGroupsForUserCommand', ada),
  step('join once more', 'AddUserToGroupCommand', { ...engineers, ...ada }),
  step('rename a group', 'UpdateGroupCommand', { GroupName: 'analysts', NewGroupName: 'data' }),
  step('get the renamed group', 'GetGroupCommand', { GroupName: 'data' }),
  step('rename an unknown group', 'UpdateGroupCommand', { GroupName: 'unknown', NewGroupName: 'x' }),
  step('rename a group to a taken name', 'UpdateGroupCommand', {
    GroupName: 'data',
    NewGroupName: 'engineers',
  }),
  step('delete a group', 'DeleteGroupCommand', { GroupName: 'data' }),
  step('delete an unknown group', 'DeleteGroupCommand', { GroupName: 'unknown' }),
]
