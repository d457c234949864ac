import { known } from '../../../../src/aws/fact.ts'
import type { ReportedKey, ReportedUser } from '../../../../src/compliance/snapshot.ts'
import {
  authorization,
  daysAgo,
  denied,
  hoursAgo,
  inOrder,
  line,
  newStranger,
  put,
  ROOT,
  reported,
  seen,
  stranger,
  unreported,
  user,
  userArn,
} from '../../accounts.ts'
import type { Row, Table } from '../row.ts'

export const reportOpen: Row['unknown'] = [
  {
    says: 'the report may not be read',
    when: put({ report: denied('iam:GetCredentialReport') }),
    permissions: ['iam:GetCredentialReport'],
  },
  {
    says: 'the report is of yesterday',
    when: put({ report: known({ madeAt: hoursAgo(30), root: null, users: [reported('user-1')] }) }),
  },
]

/** Of controls that ask something of new users too. */
export const someUnseen: Row['unknown'] = [
  ...reportOpen,
  { says: 'a user was made by hand since the report was', when: newStranger() },
  {
    says: 'Muster has not looked at a user of its own since the report was made',
    when: unreported('user-2'),
  },
  {
    says: 'what Muster saw of a user that is missing in the report is of yesterday',
    when: inOrder(unreported('user-2'), seen('user-2', { at: hoursAgo(30) })),
  },
  {
    says: 'a user was deleted and made anew under the same name since the report was made',
    when: user('user-2', { createdAt: hoursAgo(1) }),
  },
  {
    says: 'it is not known who is there',
    when: put({ authorization: denied('iam:GetAccountAuthorizationDetails') }),
    permissions: ['iam:GetAccountAuthorizationDetails'],
  },
]

const none: ReportedKey = { active: false, rotatedAt: null, usedAt: null }
const key = (rotatedDaysAgo: number, usedDaysAgo: number | null, active = true): ReportedKey => ({
  active,
  rotatedAt: daysAgo(rotatedDaysAgo),
  usedAt: usedDaysAgo === null ? null : daysAgo(usedDaysAgo),
})
const keys = (first: ReportedKey, second = none) => line('user-1', { keys: [first, second] })
const names = [userArn('user-1')]
const newlyMade = inOrder(unreported('user-1'), seen('user-1'))
const madeDaysAgo = (days: number, change: Partial<ReportedUser>) =>
  inOrder(
    user('user-1', { createdAt: daysAgo(days) }),
    line('user-1', { createdAt: daysAgo(days), ...change }),
  )

export const credentialRotation: Table = {
  'access-key-age': {
    fails: [
      { says: 'a key is 91 days old', when: keys(key(91, 1)), names, message: /91 days/ },
      { says: 'the second key is', when: keys(key(1, 1), key(200, 1)), names, message: /200 days/ },
      {
        says: 'a key of root is',
        when: line('<root_account>', { keys: [key(91, 1), none] }),
        names: [ROOT],
      },
      {
        says: 'a key of a user that is not of Muster is',
        when: stranger({}, { keys: [key(400, 1), none] }),
        names: [userArn('stranger')],
      },
    ],
    unknown: reportOpen,
    passes: [
      { says: 'a key is 90 days old', when: keys(key(90.9, 1)) },
      { says: 'an old key is switched off', when: keys(key(400, 1, false)) },
      { says: 'a user was made by hand since the report was', when: newStranger() },
      {
        says: 'the user was deleted since the report was made',
        when: inOrder(
          keys(key(400, 1)),
          authorization(({ users }) => ({ users: users.filter(({ userName }) => userName !== 'user-1') })),
        ),
      },
    ],
  },
  'unused-access-keys': {
    fails: [
      { says: 'a key was last used 45 days ago', when: keys(key(80, 45)), names, message: /45 days/ },
      { says: 'a key of 45 days was never used', when: keys(key(45, null)), names },
      { says: 'the second key is unused', when: keys(key(80, 1), key(80, 60)), names },
    ],
    unknown: reportOpen,
    passes: [
      { says: 'a key was used 44 days ago', when: keys(key(80, 44.9)) },
      { says: 'a key made lately was never used', when: keys(key(3, null)) },
      { says: 'an unused key is switched off', when: keys(key(400, null, false)) },
      { says: 'a user was made by hand since the report was', when: newStranger() },
    ],
  },
  'unused-passwords': {
    fails: [
      {
        says: 'a password was last used 45 days ago',
        when: line('user-1', { passwordUsedAt: daysAgo(45) }),
        names,
      },
      {
        says: 'a password of 60 days was never used',
        when: line('user-1', { passwordUsedAt: null, passwordChangedAt: daysAgo(60) }),
        names,
        message: /60 days/,
      },
      {
        says: 'neither is known, and the user is old',
        when: line('user-1', { passwordUsedAt: null, passwordChangedAt: null }),
        names,
      },
    ],
    unknown: reportOpen,
    passes: [
      { says: 'a password was used 44 days ago', when: line('user-1', { passwordUsedAt: daysAgo(44.9) }) },
      {
        says: 'a new password was not used yet',
        when: line('user-1', { passwordUsedAt: null, passwordChangedAt: daysAgo(1) }),
      },
      {
        says: 'there is no password any more',
        when: line('user-1', { hasPassword: false, passwordUsedAt: daysAgo(100) }),
      },
      { says: 'a user was made by hand since the report was', when: newStranger() },
    ],
  },
  'two-active-keys': {
    fails: [
      { says: 'a user has two', when: keys(key(1, 1), key(2, 2)), names },
      {
        says: 'Muster saw two of a user that is not in the report yet',
        when: inOrder(
          unreported('user-1'),
          seen('user-1', {
            hasMfa: true,
            activeKeys: [
              { createdAt: hoursAgo(2), usedAt: null },
              { createdAt: hoursAgo(1), usedAt: null },
            ],
          }),
        ),
        names,
      },
      {
        says: 'root has two',
        when: line('<root_account>', { keys: [key(1, 1), key(2, 2)] }),
        names: [ROOT],
      },
    ],
    unknown: [
      ...someUnseen,
      {
        says: 'a user was made by hand since the report was, and another has two for sure',
        when: inOrder(newStranger(), keys(key(1, 1), key(2, 2))),
        finds: names,
      },
    ],
    passes: [
      { says: 'one of two is switched off', when: keys(key(1, 1), key(2, 2, false)) },
      { says: 'Muster made a user since the report was', when: newlyMade },
    ],
  },
  'setup-access-keys': {
    fails: [
      {
        says: 'a console user has a key from the minute they were made, never used',
        when: madeDaysAgo(20, { keys: [key(20, null), none] }),
        names,
      },
    ],
    unknown: someUnseen,
    passes: [
      { says: 'Muster made a user since the report was', when: newlyMade },
      {
        says: 'the key was used',
        when: madeDaysAgo(20, { keys: [key(20, 3), none] }),
      },
      {
        says: 'the key was made the day after',
        when: madeDaysAgo(20, { keys: [key(19, null), none] }),
      },
      {
        says: 'the user has no password',
        when: madeDaysAgo(20, { hasPassword: false, keys: [key(20, null), none] }),
      },
    ],
  },
}
