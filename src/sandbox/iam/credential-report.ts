/**
 * The credential report: CSV, made at most every four hours.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html
 */
import { type OperationTable, reads, writes } from '../operation.ts'
import { Refusal } from '../refusal.ts'
import type { AccessKey, Account, RootKey, User } from './account-data.ts'
import { moment, userArn } from './account-state.ts'

const validMs = 4 * 3_600_000

export const credentialReportOperations: OperationTable = {
  GenerateCredentialReport: writes({}, (account, _params, { now }) => {
    const report = account.credentialReport
    if (report && now.getTime() - report.generatedAt < validMs) return { State: 'COMPLETE' }
    account.credentialReport = { generatedAt: now.getTime(), content: content(account) }
    const description = report
      ? 'The report has expired. Starting a new report generation task'
      : 'No report exists. Starting a new report generation task'
    return { State: 'STARTED', Description: description }
  }),
  GetCredentialReport: reads({}, ({ credentialReport: report }, _params, { now }) => {
    if (!report) throw new Refusal('ReportNotPresent', 'No report exists.')
    if (now.getTime() - report.generatedAt >= validMs) {
      throw new Refusal('ReportExpired', 'The credential report has expired.')
    }
    return {
      Content: Buffer.from(report.content),
      ReportFormat: 'text/csv',
      GeneratedTime: moment(new Date(report.generatedAt)),
    }
  }),
}

const keyColumns = (index: number) =>
  ['active', 'last_rotated', 'last_used_date', 'last_used_region', 'last_used_service'].map(
    (column) => `access_key_${index}_${column}`,
  )
const columns = [
  'user',
  'arn',
  'user_creation_time',
  'password_enabled',
  'password_last_used',
  'password_last_changed',
  'password_next_rotation',
  'mfa_active',
  ...keyColumns(1),
  ...keyColumns(2),
  'cert_1_active',
  'cert_1_last_rotated',
  'cert_2_active',
  'cert_2_last_rotated',
]

function content(account: Account): string {
  const rows = [
    columns,
    rootRow(account),
    ...[...account.users.values()].map((user) => userRow(account, user)),
  ]
  return rows.map((row) => row.join(',')).join('\n')
}

const none = 'N/A'

function rootRow({ accountId, createDate, root }: Account): string[] {
  return [
    '<root_account>',
    `arn:aws:iam::${accountId}:root`,
    reportMoment(createDate),
    'not_supported',
    root.passwordLastUsed ? reportMoment(root.passwordLastUsed) : 'no_information',
    'not_supported',
    'not_supported',
    String(root.mfaActive),
    ...keyCells(root.accessKeys[0]),
    ...keyCells(root.accessKeys[1]),
    ...['false', none, 'false', none],
  ]
}

function userRow(account: Account, user: User): string[] {
  const { loginProfile: profile, accessKeys, signingCertificates: certificates } = user
  const maxAge = account.passwordPolicy?.maxPasswordAge
  const nextRotation =
    profile && maxAge !== undefined
      ? moment(new Date(Date.parse(profile.lastChanged) + maxAge * 86_400_000))
      : undefined
  const certificate = (index: number) => {
    const found = certificates[index]
    return found ? [String(found.status === 'Active'), reportMoment(found.uploadDate)] : ['false', none]
  }
  const lastUsed = user.passwordLastUsed ? reportMoment(user.passwordLastUsed) : 'no_information'
  return [
    user.userName,
    userArn(account, user),
    reportMoment(user.createDate),
    String(profile !== undefined),
    profile ? lastUsed : none,
    profile ? reportMoment(profile.lastChanged) : none,
    nextRotation === undefined ? none : reportMoment(nextRotation),
    String(user.mfaDevices.length > 0),
    ...keyCells(accessKeys[0]),
    ...keyCells(accessKeys[1]),
    ...certificate(0),
    ...certificate(1),
  ]
}

function keyCells(key: AccessKey | RootKey | undefined): string[] {
  if (!key) return ['false', none, none, none, none]
  const { lastUsed } = key
  const usage = lastUsed
    ? [reportMoment(lastUsed.date), lastUsed.region, lastUsed.service]
    : [none, none, none]
  const changedAt = 'lastChanged' in key ? key.lastChanged : key.createDate
  return [String(key.status === 'Active'), reportMoment(changedAt), ...usage]
}

/** The report writes its zone as an offset. */
const reportMoment = (at: string) => at.replace(/Z$/, '+00:00')
