import { NEVER } from '../../../../src/catalog/own-groups.ts'
import {
  allow,
  authorization,
  daysAgo,
  denied,
  fineAccount,
  group,
  groupArn,
  hoursAgo,
  identity,
  inOrder,
  line,
  newStranger,
  noDevices,
  policy,
  policyArn,
  put,
  seen,
  stranger,
  unreported,
  user,
  userArn,
} from '../../accounts.ts'
import type { Row, Table } from '../row.ts'
import { reportOpen, someUnseen } from './credential-rotation.ts'

const unread: Row['unknown'][number] = {
  says: 'users, groups and policies may not be read',
  when: put({ authorization: denied('iam:GetAccountAuthorizationDetails') }),
  permissions: ['iam:GetAccountAuthorizationDetails'],
}
const noMfa = (name: string) => inOrder(noDevices, line(name, { hasMfa: false }))
/** Made since the report was, and without a virtual device. */
const isNew = (...names: readonly string[]) => inOrder(noDevices, unreported(...names))
const BASELINE = policyArn('muster-baseline')
const { baselineDocument } = fineAccount().muster
const shorter = { ...baselineDocument, Statement: (baselineDocument.Statement as unknown[]).slice(0, -1) }
/** The same, as IAM may well give it back: lists in another order, one action not in a list. */
const rewritten = JSON.parse(
  JSON.stringify({ Statement: baselineDocument.Statement, Version: '2012-10-17' }).replace(
    JSON.stringify(NEVER),
    JSON.stringify([...NEVER].reverse()),
  ),
)
const noKeys = [
  { active: false, rotatedAt: null, usedAt: null },
  { active: false, rotatedAt: null, usedAt: null },
] as const

/** The device of the account's own users is seen in the list of virtual ones. */
const noneSeen = someUnseen.map(({ when, ...row }) => ({ ...row, when: inOrder(when, noDevices) }))
const newAndFine: NonNullable<Row['passes']> = [
  { says: 'Muster made a user since the report was', when: inOrder(isNew('user-1'), seen('user-1')) },
  {
    says: 'a user that is not in the report yet has a virtual device',
    when: unreported('user-1'),
  },
]

export const mfa: Table = {
  'console-mfa': {
    fails: [
      {
        says: 'a user has a password and no MFA',
        when: noMfa('user-1'),
        names: [userArn('user-1')],
      },
      {
        says: 'virtual devices may not be listed: then the report decides',
        when: inOrder(
          put({ virtualMfaDevices: denied('iam:ListVirtualMFADevices') }),
          line('user-1', { hasMfa: false }),
        ),
        names: [userArn('user-1')],
      },
      {
        says: 'Muster saw a password and no MFA of a user that is not in the report yet',
        when: inOrder(isNew('user-1'), seen('user-1', { hasPassword: true })),
        names: [userArn('user-1')],
      },
    ],
    unknown: [
      ...noneSeen,
      {
        says: 'a user was made by hand since the report was, and another has no MFA for sure',
        when: inOrder(newStranger(), noMfa('user-1')),
        finds: [userArn('user-1')],
      },
    ],
    passes: [
      ...newAndFine,
      { says: 'a user enrolled since the report was made', when: line('user-1', { hasMfa: false }) },
      { says: 'the device is no virtual one', when: noDevices },
      {
        says: 'a user has neither MFA nor a password',
        when: inOrder(noMfa('user-1'), line('user-1', { hasPassword: false })),
      },
    ],
  },
  'privileged-mfa': {
    fails: [
      {
        says: "somebody's role is privileged",
        when: noMfa('user-0'),
        names: [userArn('user-0')],
        message: /role administrator is privileged/,
      },
      {
        says: 'a group of a user allows everything',
        when: inOrder(noMfa('user-1'), policy(policyArn('x'), allow('*'), 'engineering')),
        names: [userArn('user-1')],
        message: /allow everything/,
      },
      {
        says: 'an inline policy of a user leads up, and there is a key only',
        when: inOrder(
          noMfa('user-1'),
          line('user-1', { hasPassword: false }),
          user('user-1', { inlinePolicies: [{ name: 'tmp', document: allow('iam:CreateAccessKey') }] }),
        ),
        names: [userArn('user-1')],
        message: /iam:CreateAccessKey/,
      },
      {
        says: 'it is a user that is not of Muster, by a policy attached to it',
        when: inOrder(
          stranger({ attachedPolicyArns: [policyArn('x')] }, { hasMfa: false }),
          policy(policyArn('x'), allow('*')),
        ),
        names: [userArn('stranger')],
      },
      {
        says: 'what one group passes runs in another',
        when: inOrder(
          noMfa('user-1'),
          policy(policyArn('x'), allow('iam:PassRole'), 'engineering'),
          policy(policyArn('y'), allow('lambda:CreateFunction'), 'muster-baseline'),
        ),
        names: [userArn('user-1')],
      },
    ],
    unknown: [
      unread,
      ...reportOpen,
      {
        says: 'a user with a privileged role was made since the report was, and nobody has looked',
        when: isNew('user-0'),
      },
      {
        says: 'a user made by hand since the report was allows itself everything',
        when: newStranger({ inlinePolicies: [{ name: 'all', document: allow('*') }] }),
      },
      {
        says: 'a policy of a user made by hand since the report was could not be read',
        when: newStranger({ inlinePolicies: [{ name: 'all', document: undefined }] }),
      },
      {
        says: 'a policy of a user without MFA could not be read, and another is privileged for sure',
        when: inOrder(
          noMfa('user-0'),
          line('user-1', { hasMfa: false }),
          policy(policyArn('x'), undefined, 'engineering'),
        ),
        finds: [userArn('user-0')],
      },
    ],
    passes: [
      { says: 'a user without MFA is not privileged', when: noMfa('user-1') },
      { says: 'a user made by hand since the report was is not privileged', when: newStranger() },
      {
        says: 'Muster made a user with a privileged role since the report was',
        when: inOrder(isNew('user-0'), seen('user-0')),
      },
      {
        says: 'who is privileged has neither password nor key yet',
        when: inOrder(noMfa('user-0'), line('user-0', { hasPassword: false, keys: noKeys })),
      },
      {
        says: 'the policy that could not be read is of users with MFA',
        when: policy(policyArn('x'), undefined, 'engineering'),
      },
    ],
  },
  'access-key-mfa': {
    fails: [
      {
        says: 'a user has a key, no password and no MFA',
        when: inOrder(noMfa('user-1'), line('user-1', { hasPassword: false })),
        names: [userArn('user-1')],
      },
      {
        says: 'Muster saw a key and no MFA of a user that is not in the report yet',
        when: inOrder(
          isNew('user-1'),
          seen('user-1', { activeKeys: [{ createdAt: hoursAgo(1), usedAt: null }] }),
        ),
        names: [userArn('user-1')],
      },
    ],
    unknown: noneSeen,
    passes: [
      ...newAndFine,
      {
        says: 'the key is switched off',
        when: inOrder(
          noMfa('user-1'),
          line('user-1', { keys: [{ active: false, rotatedAt: daysAgo(3), usedAt: null }, noKeys[1]] }),
        ),
      },
    ],
  },
  'mfa-enforcement': {
    fails: [
      {
        says: 'the policy is gone',
        when: authorization(({ policies }) => ({ policies: policies.filter(({ arn }) => arn !== BASELINE) })),
        names: [BASELINE],
        message: /not there/,
      },
      {
        says: 'a statement was taken out of the policy',
        when: policy(BASELINE, shorter),
        names: [BASELINE],
        message: /altered/,
      },
      {
        says: 'the group does not carry the policy',
        when: group('muster-baseline', { attachedPolicyArns: [] }),
        names: [groupArn('muster-baseline')],
      },
      {
        says: 'the group is gone',
        when: authorization(({ groups }) => ({
          groups: groups.filter(({ groupName }) => groupName !== 'muster-baseline'),
        })),
        names: [groupArn('muster-baseline')],
      },
      {
        says: 'a user of Muster is not in the group',
        when: user('user-1', { groups: ['engineering'] }),
        names: [userArn('user-1')],
      },
      {
        says: 'Muster may not put a user back into the group',
        when: inOrder(user('user-1', { groups: ['engineering'] }), identity('user-1', { state: 'blocked' })),
        names: [userArn('user-1')],
      },
      {
        says: 'a user whose role is not known was taken out of the group',
        when: inOrder(
          user('user-1', { groups: [] }),
          identity('user-1', { state: 'blocked', role: 'wizard', groups: [], boundaryArn: null }),
        ),
        names: [userArn('user-1')],
      },
    ],
    unknown: [
      unread,
      {
        says: 'the policy could not be read, and a user is not in the group for sure',
        when: inOrder(policy(BASELINE, undefined), user('user-1', { groups: [] })),
        finds: [userArn('user-1')],
      },
    ],
    passes: [
      { says: 'IAM writes the policy in another order', when: policy(BASELINE, rewritten) },
      {
        says: 'somebody is locked, and in quarantine only',
        when: inOrder(
          user('user-1', { groups: ['muster-quarantine'] }),
          identity('user-1', { state: 'locked' }),
        ),
      },
      {
        says: 'somebody is in quarantine only, and waits for work to begin again',
        when: inOrder(
          user('user-1', { groups: ['muster-quarantine'] }),
          identity('user-1', { state: 'blocked' }),
        ),
      },
      { says: 'a user that is not of Muster is not in the group', when: stranger() },
    ],
  },
}
