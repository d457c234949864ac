/**
 * Reading the credential report: CSV, made at most every four hours, whoever asks for it.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html
 *
 * It shows whom to look at. Nothing is taken from anybody on the report alone.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { GenerateCredentialReportCommand, GetCredentialReportCommand } from '@aws-sdk/client-iam'
import type { Account } from '../aws/account.ts'
import { type Ask, asker } from '../aws/ask.ts'
import { AwsCallError } from '../aws/errors.ts'
import { priorities } from '../aws/limiter.ts'

export interface CredentialReport {
  /** Up to four hours ago. */
  readonly madeAt: Date
  readonly root: ReportedUser | null
  readonly users: readonly ReportedUser[]
}

/** One line of the report. Null where it says `N/A`, `not_supported` or `no_information`. */
export interface ReportedUser {
  readonly userName: string
  readonly arn: string
  readonly createdAt: Date | null
  readonly hasPassword: boolean
  readonly passwordUsedAt: Date | null
  readonly passwordChangedAt: Date | null
  readonly hasMfa: boolean
  /** Two, the first and the second. */
  readonly keys: readonly [ReportedKey, ReportedKey]
}

export interface ReportedKey {
  readonly active: boolean
  /** Also moves when the key's status changes. */
  readonly rotatedAt: Date | null
  readonly usedAt: Date | null
}

const tries = 20
const waitMs = 2000

/**
 * Waits for a report that is still being made.
 *
 * @throws AwsCallError when IAM refuses, or does not finish within about 40 seconds
 */
export async function readCredentialReport(account: Account): Promise<CredentialReport> {
  const ask = asker({ account, priority: priorities.bulk })
  return await takeCredentialReport(ask, await beginCredentialReport(ask))
}

/** Has a report made, unless there is one that is young enough. @returns whether it is there already */
export async function beginCredentialReport(ask: Ask): Promise<boolean> {
  return (await ask(new GenerateCredentialReportCommand({}))).State === 'COMPLETE'
}

/** The report that was begun. @throws AwsCallError as `readCredentialReport` */
export async function takeCredentialReport(ask: Ask, isComplete: boolean): Promise<CredentialReport> {
  if (!isComplete) await delay(100)
  for (let attempt = 1; ; attempt++) {
    try {
      return await content(ask)
    } catch (error) {
      if (attempt >= tries || !isNotReady(error)) throw error
      await delay(attempt === 1 ? 100 : waitMs)
      // One that has expired meanwhile, say, is not made by waiting.
      if (!isInProgress(error)) await beginCredentialReport(ask)
    }
  }
}

async function content(ask: Ask): Promise<CredentialReport> {
  const output = await ask(new GetCredentialReportCommand({}))
  return {
    madeAt: output.GeneratedTime ?? new Date(0),
    ...parse(Buffer.from(output.Content ?? []).toString('utf8')),
  }
}

const inProgress: ReadonlySet<string> = new Set(['CredentialReportNotReady', 'ReportInProgress'])

const notReady: ReadonlySet<string> = new Set([
  ...inProgress,
  'CredentialReportNotPresent',
  'CredentialReportExpired',
  'ReportNotPresent',
  'ReportExpired',
])

const isInProgress = (error: unknown) => error instanceof AwsCallError && inProgress.has(error.code)

function isNotReady(error: unknown): boolean {
  return error instanceof AwsCallError && notReady.has(error.code)
}

/** How many keys of a user are active. */
export const activeKeysOf = ({ keys }: ReportedUser) => keys.filter(({ active }) => active).length

const rootName = '<root_account>'

/**
 * Read from the left: the last column (`additional_credentials_info`, of users with more than two keys or certificates)
 * is a sentence of AWS's, and whatever is in it moves no other.
 */
export function parse(csv: string): Pick<CredentialReport, 'root' | 'users'> {
  const [head = '', ...lines] = csv.trim().split(/\r?\n/)
  const places = new Map(
    head
      .split(',')
      .slice(2)
      .map((column, place) => [column, place] as const),
  )
  const all = lines.map((line) => userOf(line, places))
  return {
    root: all.find(({ userName }) => userName === rootName) ?? null,
    users: all.filter(({ userName }) => userName !== rootName),
  }
}

function userOf(line: string, places: ReadonlyMap<string, number>): ReportedUser {
  const { userName, arn, rest } = identityIn(fieldsOf(line))
  const field = (name: string) => rest[places.get(name) ?? -1] ?? ''
  const isTrue = (name: string) => field(name).toLowerCase() === 'true'
  const key = (number: 1 | 2): ReportedKey => ({
    active: isTrue(`access_key_${number}_active`),
    rotatedAt: momentOf(field(`access_key_${number}_last_rotated`)),
    usedAt: momentOf(field(`access_key_${number}_last_used_date`)),
  })
  return {
    userName,
    arn,
    createdAt: momentOf(field('user_creation_time')),
    hasPassword: isTrue('password_enabled'),
    passwordUsedAt: momentOf(field('password_last_used')),
    passwordChangedAt: momentOf(field('password_last_changed')),
    hasMfa: isTrue('mfa_active'),
    keys: [key(1), key(2)],
  }
}

/** A user name may hold commas, quoted or not; the ARN begins after it, and ends with it. */
function identityIn(fields: readonly string[]) {
  const start = Math.max(
    fields.findIndex((field) => field.startsWith('arn:')),
    1,
  )
  const userName = fields.slice(0, start).join(',')
  const ending = userName === rootName ? ':root' : `/${userName}`
  const arnTo = (end: number) => fields.slice(start, end).join(',')
  let end = start + 1
  while (end < fields.length && !arnTo(end).endsWith(ending)) end++
  return { userName, arn: arnTo(end), rest: fields.slice(end) }
}

/** https://www.rfc-editor.org/rfc/rfc4180 */
function fieldsOf(line: string): string[] {
  return [...line.matchAll(/(?<=^|,)(?:"((?:[^"]|"")*)"|[^,]*)/g)].map(
    ([plain, quoted]) => quoted?.replaceAll('""', '"') ?? plain,
  )
}

function momentOf(text: string): Date | null {
  const moment = new Date(text)
  return Number.isNaN(moment.getTime()) ? null : moment
}
