import { known } from '../../../../src/aws/fact.ts'
import { daysAgo, denied, hoursAgo, inOrder, line, put, ROOT, reported, summary } from '../../accounts.ts'
import type { Table } from '../row.ts'

const noSummary = {
  says: 'the summary may not be read',
  when: put({ summary: denied('iam:GetAccountSummary') }),
  permissions: ['iam:GetAccountSummary'],
}
const withoutCredentials = inOrder(
  summary({ rootHasMfa: false, entries: { AccountPasswordPresent: 0 } }),
  put({ virtualMfaDevices: known([]) }),
)
const rootDevice = {
  serial: 'arn:aws:iam::123456789012:mfa/root-account-mfa-device',
  userName: null,
  isRoot: true,
}
const key = (change: object) => ({ active: true, rotatedAt: daysAgo(100), usedAt: null, ...change })

export const rootAccount: Table = {
  'root-access-keys': {
    fails: [{ says: 'root has a key', when: summary({ rootAccessKeys: 1 }), names: [ROOT] }],
    unknown: [noSummary],
  },
  'root-mfa': {
    fails: [{ says: 'root has no MFA', when: summary({ rootHasMfa: false }), names: [ROOT] }],
    unknown: [noSummary],
    passes: [{ says: 'nobody can sign in as root', when: withoutCredentials }],
  },
  'root-hardware-mfa': {
    fails: [
      { says: 'root has no MFA', when: summary({ rootHasMfa: false }), names: [ROOT], message: /at all/ },
      {
        says: 'the device of root is virtual',
        when: put({ virtualMfaDevices: known([rootDevice]) }),
        names: [ROOT],
        message: /virtual/,
      },
      {
        says: 'the virtual device of root is told by its name alone',
        when: put({ virtualMfaDevices: known([{ ...rootDevice, isRoot: false }]) }),
        names: [ROOT],
      },
    ],
    unknown: [
      noSummary,
      {
        says: 'virtual devices may not be listed',
        when: put({ virtualMfaDevices: denied('iam:ListVirtualMFADevices') }),
        permissions: ['iam:ListVirtualMFADevices'],
      },
    ],
    passes: [
      { says: 'nobody can sign in as root', when: withoutCredentials },
      {
        says: 'in GovCloud, where root has no such device',
        when: inOrder(summary({ rootHasMfa: false }), put({ partition: 'aws-us-gov' })),
      },
    ],
  },
  'root-use': {
    fails: [
      {
        says: 'root signed in 10 days ago',
        when: line('<root_account>', { passwordUsedAt: daysAgo(10) }),
        names: [ROOT],
        message: /2026-11-15/,
      },
      {
        says: 'the second key of root was used 90 days ago, the first long before',
        when: line('<root_account>', {
          keys: [key({ usedAt: daysAgo(300) }), key({ active: false, usedAt: daysAgo(90.5) })],
        }),
        names: [ROOT],
      },
    ],
    unknown: [
      {
        says: 'the report may not be read',
        when: put({ report: denied('iam:GetCredentialReport') }),
        permissions: ['iam:GetCredentialReport'],
      },
      {
        says: 'the report has no line of root',
        when: put({ report: known({ madeAt: hoursAgo(1), root: null, users: [] }) }),
      },
      {
        says: 'the report is of yesterday',
        when: put({
          report: known({
            madeAt: hoursAgo(30),
            root: reported('<root_account>', { passwordUsedAt: daysAgo(200) }),
            users: [],
          }),
        }),
      },
    ],
    passes: [
      {
        says: 'root was never used',
        when: line('<root_account>', { passwordUsedAt: null, keys: [key({}), key({})] }),
      },
      {
        says: 'root was last used 91 days ago',
        when: line('<root_account>', { passwordUsedAt: daysAgo(91) }),
      },
    ],
  },
  'root-credentials-management': {
    fails: [
      {
        says: 'the organization leaves root credentials with its accounts',
        when: put({ rootCredentialsManagement: known('off') }),
        names: [ROOT],
      },
    ],
    passes: [
      {
        says: 'the account is in no organization',
        when: put({ rootCredentialsManagement: known('no-organization') }),
      },
      {
        says: 'another account manages the organization',
        when: put({ rootCredentialsManagement: known('member-account') }),
      },
    ],
    unknown: [
      {
        says: 'Muster may not ask',
        when: put({ rootCredentialsManagement: denied('iam:ListOrganizationsFeatures') }),
        permissions: ['iam:ListOrganizationsFeatures'],
      },
    ],
  },
}
