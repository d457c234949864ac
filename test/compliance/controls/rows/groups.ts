import {
  allow,
  authorization,
  awsPolicyArn,
  denied,
  fineGroup,
  groupArn,
  identity,
  inOrder,
  policyArn,
  put,
  stranger,
  user,
  userArn,
} from '../../accounts.ts'
import type { Row, Table } from '../row.ts'

const unread: Row['unknown'] = [
  {
    says: 'users and groups may not be read',
    when: put({ authorization: denied('iam:GetAccountAuthorizationDetails') }),
    permissions: ['iam:GetAccountAuthorizationDetails'],
  },
]

export const groups: Table = {
  'user-attached-policies': {
    fails: [
      {
        says: 'a policy is attached to a user',
        when: user('user-1', { attachedPolicyArns: [policyArn('muster-engineering')] }),
        names: [userArn('user-1')],
        message: /has policies attached: muster-engineering/,
      },
      {
        says: 'AWS put its quarantine on a user, which Muster leaves there',
        when: user('user-1', { attachedPolicyArns: [awsPolicyArn('AWSCompromisedKeyQuarantineV3')] }),
        names: [userArn('user-1')],
        message: /only denies: an incident is not over/,
      },
      {
        says: 'it is on a user that is not of Muster',
        when: stranger({ attachedPolicyArns: [awsPolicyArn('ReadOnlyAccess')] }),
        names: [userArn('stranger')],
      },
    ],
    unknown: unread,
  },
  'user-inline-policies': {
    fails: [
      {
        says: 'a user has an inline policy',
        when: user('user-1', {
          inlinePolicies: [
            { name: 'tmp', document: allow('s3:*') },
            { name: 'unreadable', document: undefined },
          ],
        }),
        names: [userArn('user-1')],
        message: /tmp, unreadable/,
      },
    ],
    unknown: unread,
  },
  'users-without-group': {
    fails: [
      {
        says: 'a user of Muster is in the baseline only',
        when: user('user-1', { groups: ['muster-baseline'] }),
        names: [userArn('user-1')],
        message: /role engineer/,
      },
      {
        says: 'a user of Muster is in a group of another role only',
        when: user('user-1', { groups: ['muster-baseline', 'administration'] }),
        names: [userArn('user-1')],
      },
      {
        says: 'a user is in no group, and Muster may not put it into one',
        when: inOrder(user('user-1', { groups: [] }), identity('user-1', { state: 'blocked' })),
        names: [userArn('user-1')],
        message: /is in no group/,
      },
      {
        says: 'a user that is not of Muster is in no group',
        when: stranger({ groups: [] }),
        names: [userArn('stranger')],
      },
    ],
    unknown: unread,
    passes: [
      {
        says: 'somebody is locked, and in quarantine only',
        when: inOrder(
          user('user-1', { groups: ['muster-quarantine'] }),
          identity('user-1', { state: 'locked', groups: [] }),
        ),
      },
      {
        says: 'somebody has the groups of a former role still, and waits for those of the new one',
        when: inOrder(
          user('user-1', { groups: ['muster-baseline', 'administration'] }),
          identity('user-1', { state: 'blocked' }),
        ),
      },
      {
        says: "somebody's role means the baseline only",
        when: inOrder(
          user('user-1', { groups: ['muster-baseline'] }),
          identity('user-1', { groups: ['muster-baseline'] }),
        ),
      },
    ],
  },
  'foreign-members': {
    fails: [
      {
        says: 'a user who is no employee is in groups of the catalog',
        when: stranger({ groups: ['engineering', 'own', 'administration'] }),
        names: [userArn('stranger')],
        message: /stranger belongs to no employee, and is in engineering, administration$/,
      },
      {
        says: 'they are in the baseline, whatever their tags say',
        when: stranger({ groups: ['muster-baseline'], tags: { 'muster:managed': 'true' } }),
        names: [userArn('stranger')],
      },
      {
        says: 'a user was deleted and made anew under the same name',
        when: user('user-1', { userId: 'AIDAOTHER' }),
        names: [userArn('user-1')],
      },
    ],
    unknown: unread,
    passes: [
      { says: 'a user who is no employee is in a group of their own', when: stranger({ groups: ['own'] }) },
      {
        says: 'a user who is no employee was put into quarantine, which only denies',
        when: stranger({ groups: ['muster-quarantine'] }),
      },
      {
        says: 'a user of Muster was put into a group of another role: that is drift',
        when: user('user-1', { groups: ['muster-baseline', 'engineering', 'administration'] }),
      },
    ],
  },
  'unmanaged-users': {
    fails: [
      { says: 'there is a user who is no employee', when: stranger(), names: [userArn('stranger')] },
      {
        says: 'a user was deleted and made anew under the same name, with the tags of the first',
        when: user('user-1', { userId: 'AIDAOTHER' }),
        names: [userArn('user-1')],
      },
    ],
    unknown: unread,
    passes: [
      {
        says: 'a user of Muster was renamed and untagged by hand: that is drift',
        when: user('user-1', { userName: 'other', arn: userArn('other'), tags: {} }),
      },
      {
        says: 'the id of a user made just now is not on record yet',
        when: identity('user-1', { userId: null }),
      },
    ],
  },
  'unmanaged-groups': {
    fails: [
      {
        says: 'there is a group that is not in the catalog',
        when: authorization(({ groups }) => ({ groups: [...groups, fineGroup('toString', [])] })),
        names: [groupArn('toString')],
      },
    ],
    unknown: unread,
  },
}
