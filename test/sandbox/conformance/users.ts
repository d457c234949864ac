/** Users, asked of both. */
import { ada, grace, nobody } from './cast.ts'
import { type Step, step } from './step.ts'

export const users: readonly Step[] = [
  step('make Ada', 'CreateUserCommand', {
    ...ada,
    Path: '/muster/',
    Tags: [
      { Key: 'muster:employee-id', Value: 'E1001' },
      { Key: 'muster:managed', Value: 'true' },
    ],
  }),
  step('make Ada again', 'CreateUserCommand', ada),
  step('make Grace without extras', 'CreateUserCommand', grace),
  step('get Ada', 'GetUserCommand', ada),
  step('get Grace', 'GetUserCommand', grace),
  step('get nobody', 'GetUserCommand', nobody),
  step('list users', 'ListUsersCommand', {}),
  step('list users of a path', 'ListUsersCommand', { PathPrefix: '/muster/' }),
  step('list one user a page', 'ListUsersCommand', { MaxItems: 1 }),
  step('list users on with the marker', 'ListUsersCommand', (seen) => ({
    MaxItems: 1,
    Marker: seen.of('list one user a page')?.Marker,
  })),
  step('list no user a page', 'ListUsersCommand', { MaxItems: 0 }),
  step('list 1001 users a page', 'ListUsersCommand', { MaxItems: 1001 }),
  step('tag Grace', 'TagUserCommand', { ...grace, Tags: [{ Key: 'team', Value: 'compilers' }] }),
  step('tag Grace anew', 'TagUserCommand', { ...grace, Tags: [{ Key: 'team', Value: 'languages' }] }),
  step('tag nobody', 'TagUserCommand', { ...nobody, Tags: [{ Key: 'team', Value: 'x' }] }),
  step('list tags of Grace', 'ListUserTagsCommand', grace),
  step('untag Grace', 'UntagUserCommand', { ...grace, TagKeys: ['team'] }),
  step('untag nobody', 'UntagUserCommand', { ...nobody, TagKeys: ['team'] }),
  step('list tags of untagged Grace', 'ListUserTagsCommand', grace),
  step('list tags of nobody', 'ListUserTagsCommand', nobody),
  step('rename Grace', 'UpdateUserCommand', { ...grace, NewUserName: 'grace.hopper' }),
  step('get Grace by her old name', 'GetUserCommand', grace),
  step('rename Grace back, and move her', 'UpdateUserCommand', {
    UserName: 'grace.hopper',
    NewUserName: 'grace',
    NewPath: '/navy/',
  }),
  step('get moved Grace', 'GetUserCommand', grace),
  step('rename nobody', 'UpdateUserCommand', { ...nobody, NewUserName: 'somebody' }),
]
