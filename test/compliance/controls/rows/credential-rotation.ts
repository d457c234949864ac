import { known } from '../../../../src/aws/fact.ts'
import type { ReportedKey } from '../../../../src/compliance/snapshot.ts'
import {
  authorization,
  daysAgo,
  denied,
  hoursAgo,
  inOrder,
  line,
  put,
  ROOT,
  reported,
  stranger,
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

const none: ReportedKey = { active: false, rotatedAt: null, usedAt: null }
const key = (rotatedDaysAgo: number, usedDaysAgo: number | null, active = true): ReportedKey => ({
  active,
  rotatedAt: daysAgo(rotatedDaysAgo),
  usedAt: usedDaysAgo === null ? null : daysAgo(usedDaysAgo),
})
const keys = (first: ReportedKey, second = none) => line('user-1', { keys: [first, second] })
const names = [userArn('user-1')]

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
    ],
  },
  'two-active-keys': {
    fails: [
      { says: 'a user has two', when: keys(key(1, 1), key(2, 2)), names },
      {
        says: 'root has two',
        when: line('<root_account>', { keys: [key(1, 1), key(2, 2)] }),
        names: [ROOT],
      },
    ],
    unknown: reportOpen,
    passes: [{ says: 'one of two is switched off', when: keys(key(1, 1), key(2, 2, false)) }],
  },
  'setup-access-keys': {
    fails: [
      {
        says: 'a console user has a key from the minute they were made, never used',
        when: line('user-1', { createdAt: daysAgo(20), keys: [key(20, null), none] }),
        names,
      },
    ],
    unknown: reportOpen,
    passes: [
      {
        says: 'the key was used',
        when: line('user-1', { createdAt: daysAgo(20), keys: [key(20, 3), none] }),
      },
      {
        says: 'the key was made the day after',
        when: line('user-1', { createdAt: daysAgo(20), keys: [key(19, null), none] }),
      },
      {
        says: 'the user has no password',
        when: line('user-1', { createdAt: daysAgo(20), hasPassword: false, keys: [key(20, null), none] }),
      },
    ],
  },
}
