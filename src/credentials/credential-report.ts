/**
 * Reading the credential report: CSV, made at most every four hours, whoever asks for it.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html
 *
 * It shows whom to look at. Nothing is taken from anybody on the report alone.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { GenerateCredentialReportCommand, GetCredentialReportCommand } from '@aws-sdk/client-iam'
import type { Account } from '../aws/account.ts'
import { AwsCallError } from '../aws/errors.ts'
import { priorities } from '../aws/limiter.ts'

/** One user; `null` where the report says `N/A`, `not_supported` or `no_information`. */
export interface ReportedUser {
  readonly userName: string
  readonly arn: string
  readonly hasPassword: boolean
  readonly passwordChangedAt: Date | null
  readonly hasMfa: boolean
  readonly activeKeys: number
}

export interface CredentialReport {
  /** Up to four hours ago. */
  readonly madeAt: Date
  readonly users: readonly ReportedUser[]
}

const tries = 20
const waitMs = 2000

/**
 * The users of the account, root left out. Waits for a report that is still being made.
 *
 * @throws AwsCallError when IAM refuses, or does not finish within about 40 seconds
 */
export async function readCredentialReport(account: Account): Promise<CredentialReport> {
  for (let attempt = 1; ; attempt++) {
    const { output: started } = await account.call(new GenerateCredentialReportCommand({}), {
      priority: priorities.bulk,
    })
    try {
      if (started.State === 'COMPLETE' || attempt > 1) return await content(account)
    } catch (error) {
      if (attempt >= tries || !isNotReady(error)) throw error
    }
    await delay(attempt === 1 ? 100 : waitMs)
  }
}

async function content(account: Account): Promise<CredentialReport> {
  const { output } = await account.call(new GetCredentialReportCommand({}), { priority: priorities.bulk })
  return {
    madeAt: output.GeneratedTime ?? new Date(0),
    users: parse(Buffer.from(output.Content ?? []).toString('utf8')),
  }
}

const notReady: ReadonlySet<string> = new Set([
  'CredentialReportNotReady',
  'CredentialReportNotPresent',
  'CredentialReportExpired',
  'ReportInProgress',
  'ReportNotPresent',
  'ReportExpired',
])

function isNotReady(error: unknown): boolean {
  return error instanceof AwsCallError && notReady.has(error.code)
}

/** A user name may hold commas, and the ARN repeats it; nothing after them does. */
export function parse(csv: string): ReportedUser[] {
  const [head = '', ...lines] = csv.trim().split(/\r?\n/)
  const [, , ...columns] = head.split(',')
  return lines
    .map((line) => {
      const values = line.split(',')
      const identity = values.slice(0, values.length - columns.length).join(',')
      const cut = identity.indexOf(',arn:')
      const rest = values.slice(-columns.length)
      const field = (name: string) => rest[columns.indexOf(name)] ?? ''
      return {
        userName: identity.slice(0, cut),
        arn: identity.slice(cut + 1),
        hasPassword: field('password_enabled') === 'true',
        passwordChangedAt: momentOf(field('password_last_changed')),
        hasMfa: field('mfa_active') === 'true',
        activeKeys: [1, 2].filter((key) => field(`access_key_${key}_active`) === 'true').length,
      }
    })
    .filter(({ userName }) => userName !== '<root_account>')
}

function momentOf(text: string): Date | null {
  const moment = new Date(text)
  return Number.isNaN(moment.getTime()) ? null : moment
}
