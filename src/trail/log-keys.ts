/**
 * Where CloudTrail puts log files and digest files, and what their names say. All moments are UTC.
 *
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html
 */

/** The part of a bucket that has one account's files of one Region. */
export interface LogPlace {
  readonly bucket: string
  /** As the trail has it, without a slash at its end. */
  readonly keyPrefix: string | null
  /** `o-...` for an organization's trail, otherwise null. */
  readonly organizationId: string | null
  readonly accountId: string
  readonly region: string
}

/** Whose digest files: several trails may deliver to one place, and only digests name theirs. */
export interface DigestSource {
  readonly trailName: string
  readonly homeRegion: string
}

/** All accounts of the bucket: `prefix/AWSLogs/`. */
export const logRoot = ({ keyPrefix }: Pick<LogPlace, 'keyPrefix'>): string =>
  `${keyPrefix ? `${keyPrefix}/` : ''}AWSLogs/`

/** `AWSLogs/o-abc/123456789012/`. */
export const accountFolder = (place: LogPlace): string =>
  `${logRoot(place)}${place.organizationId ? `${place.organizationId}/` : ''}${place.accountId}/`

export const logFolder = (place: LogPlace): string => `${accountFolder(place)}CloudTrail/${place.region}/`

export const digestFolder = (place: LogPlace): string =>
  `${accountFolder(place)}CloudTrail-Digest/${place.region}/`

/** Sorts before every log file of that minute and later, and after all earlier ones: for `StartAfter`. */
export function logKeyBefore(place: LogPlace, from: Date): string {
  const { day, minute } = stampsOf(from)
  return `${logFolder(place)}${day}/${place.accountId}_CloudTrail_${place.region}_${minute}`
}

/** The same for digest files of one trail that end at that second or later. */
export function digestKeyBefore(place: LogPlace, source: DigestSource, from: Date): string {
  const { day, second } = stampsOf(from)
  return `${digestFolder(place)}${day}/${digestName(place, source)}_${second}`
}

const digestName = ({ accountId, region }: LogPlace, { trailName, homeRegion }: DigestSource) =>
  `${accountId}_CloudTrail-Digest_${region}_${trailName}_${homeRegion}`

function stampsOf(at: Date) {
  const [date = '', time = ''] = at.toISOString().split('T')
  const compact = `${date.replaceAll('-', '')}T${time.slice(0, 8).replaceAll(':', '')}`
  return { day: date.replaceAll('-', '/'), minute: compact.slice(0, -2), second: compact }
}

/** Whoever can write to the bucket can name objects: names of other letters, or without end, are none of CloudTrail's. */
const logFile = /\/\d{12}_CloudTrail_[a-z0-9-]+_(\d{8}T\d{4})Z_[\w.-]{1,100}\.json\.gz$/

/** The minute that a log file's name tells; undefined for what is no log file. */
export function timeOfLogKey(key: string): Date | undefined {
  return momentOf(logFile.exec(key)?.[1])
}

export interface DigestKey {
  readonly key: string
  /** The end of the hour that it covers. */
  readonly endedAt: Date
  /** It brings log files that were left out of an earlier digest. */
  readonly isBackfill: boolean
}

/** Undefined for what is no digest file of that trail. */
export function readDigestKey(place: LogPlace, source: DigestSource, key: string): DigestKey | undefined {
  const folder = digestFolder(place)
  const day = key.slice(folder.length, folder.length + '2026/12/01/'.length)
  if (!key.startsWith(folder) || !/^\d{4}\/\d\d\/\d\d\/$/.test(day)) return undefined
  const name = key.slice(folder.length + day.length)
  const start = `${digestName(place, source)}_`
  if (!name.startsWith(start)) return undefined
  const [, stamp, backfill] = /^(\d{8}T\d{6})Z(_backfill)?\.json\.gz$/.exec(name.slice(start.length)) ?? []
  const endedAt = momentOf(stamp)
  return endedAt && { key, endedAt, isBackfill: backfill !== undefined }
}

/** `20260817T1501` and `20260817T150131`. */
function momentOf(stamp: string | undefined): Date | undefined {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)?$/.exec(stamp ?? '')
  if (!parts) return undefined
  const [, year, month, day, hour, minute, second = '00'] = parts
  const at = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  return Number.isNaN(at.getTime()) ? undefined : at
}

/** What the folders of organizations begin with, and those of accounts do not: `prefix/AWSLogs/o-`. */
export const organizationsBelow = (place: Pick<LogPlace, 'keyPrefix'>): string => `${logRoot(place)}o-`

/** The organizations among the folders below `AWSLogs/`, from the common prefixes of a listing. */
export function organizationsIn(prefixes: readonly string[]): readonly string[] {
  return prefixes.flatMap((prefix) => /(?:^|\/)AWSLogs\/(o-[a-z0-9]+)\/$/.exec(prefix)?.[1] ?? [])
}
