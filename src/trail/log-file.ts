/**
 * What is inside a log file: `{"Records": [...]}`, compressed. Read as a stream, record by record: a file has up to
 * 50 MB before it is inflated, and nothing of it is kept but what was looked for.
 *
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-examples.html
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/WhatIsCloudTrail-Limits.html
 */
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { jsonOutline } from './json-outline.ts'

/** https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html */
export interface LogRecord {
  readonly requestId: string | null
  readonly eventId: string
  readonly eventName: string
  readonly eventAt: Date
  readonly readOnly: boolean
  /** Without a role's session. */
  readonly principalId: string
  readonly arn: string | null
}

/** It is not what CloudTrail delivers: no gzip, no JSON, or larger than any log file. */
export class LogFileError extends Error {}

type Bytes = AsyncIterable<Uint8Array> | Iterable<Uint8Array>

/** What was inflated so far: a small object may hold a thousand times its size. */
export interface Inflated {
  bytes: number
}

/** A file that holds more, inflated, is no log file but a bomb. */
const maxInflatedBytes = 512 * 1024 * 1024
/** An event has up to 1 MB. */
const maxRecordBytes = 2 * 1024 * 1024
/** One file is of some minutes: whoever calls IAM a thousand times a minute is throttled. */
const maxWantedRecords = 10_000

export interface RecordSearch {
  /** What a record that is wanted has somewhere: a principal's unique id. Empty: any may be wanted. */
  readonly mention: string
  isWanted(record: LogRecord): boolean
}

/**
 * The records that are wanted. What cannot be made sense of is left out. Whoever can write to the bucket can write
 * anything: no record is read deeper than is needed, and nothing else of the file is kept.
 *
 * @throws LogFileError, and what the source of the bytes throws
 */
export async function readRecords(
  compressed: Bytes,
  { mention, isWanted }: RecordSearch,
  inflated: Inflated = { bytes: 0 },
): Promise<readonly LogRecord[]> {
  const records: LogRecord[] = []
  const splitter = splitRecords((bytes) => {
    if (mention !== '' && !bytes.includes(mention)) return
    const record = readRecord(bytes)
    if (!record || !isWanted(record)) return
    if (records.length >= maxWantedRecords)
      throw new LogFileError(`it has more than ${maxWantedRecords} calls of Muster's`)
    records.push(record)
  })
  await inflate(compressed, splitter.take, inflated)
  splitter.end()
  return records
}

/**
 * SHA-256 of what is inside, as digest files have it: in hexadecimal, over the inflated content.
 *
 * @throws as `readRecords`
 */
export async function hashInflated(compressed: Bytes, inflated: Inflated = { bytes: 0 }): Promise<string> {
  const hash = createHash('sha256')
  await inflate(compressed, (chunk) => hash.update(chunk), inflated)
  return hash.digest('hex')
}

/** @throws as `readRecords` */
export async function inflateWhole(
  compressed: Bytes,
  maxBytes: number,
  inflated: Inflated = { bytes: 0 },
): Promise<Buffer> {
  const chunks: Buffer[] = []
  await inflate(compressed, (chunk) => chunks.push(chunk), inflated, maxBytes)
  return Buffer.concat(chunks)
}

async function inflate(
  compressed: Bytes,
  take: (chunk: Buffer) => void,
  inflated: Inflated,
  maxBytes = maxInflatedBytes,
) {
  let size = 0
  try {
    await pipeline(Readable.from(compressed), createGunzip(), async (chunks: AsyncIterable<Buffer>) => {
      for await (const chunk of chunks) {
        size += chunk.length
        inflated.bytes += chunk.length
        if (size > maxBytes) throw new LogFileError(`it holds more than ${maxBytes} bytes`)
        take(chunk)
      }
    })
  } catch (error) {
    const { code } = error as { code?: unknown }
    // zlib's own codes: `Z_DATA_ERROR`, `Z_BUF_ERROR`.
    if (typeof code === 'string' && code.startsWith('Z_')) throw new LogFileError('it is not gzip')
    throw error
  }
  if (size === 0) throw new LogFileError('it is empty')
}

const quote = 0x22
const backslash = 0x5c

/** Cuts `{"Records":[{...},{...}]}` into its records, without reading JSON that nobody asked for. */
function splitRecords(onRecord: (bytes: Buffer) => void) {
  let depth = 0
  let inString = false
  let escaped = false
  let record: Buffer[] = []
  let recordBytes = 0
  let hasBegun = false

  function keep(bytes: Buffer): void {
    recordBytes += bytes.length
    if (recordBytes > maxRecordBytes) throw new LogFileError('one of its records is larger than any event')
    record.push(bytes)
  }

  return {
    take(chunk: Buffer): void {
      let start = 0
      for (let at = 0; at < chunk.length; at++) {
        const byte = chunk[at] as number
        if (escaped) escaped = false
        else if (inString) {
          if (byte === backslash) escaped = true
          else if (byte === quote) inString = false
        } else if (byte === quote) inString = true
        // `{` and `[`
        else if (byte === 0x7b || byte === 0x5b) {
          hasBegun = true
          if (depth === 2) start = at
          depth++
        }
        // `}` and `]`
        else if (byte === 0x7d || byte === 0x5d) {
          depth--
          if (depth === 2) {
            keep(chunk.subarray(start, at + 1))
            onRecord(record.length === 1 ? (record[0] as Buffer) : Buffer.concat(record))
            record = []
            recordBytes = 0
          }
        } else if (!hasBegun && byte > 0x20) throw new LogFileError('it is not JSON')
      }
      if (depth > 2) keep(chunk.subarray(start))
    },
    end(): void {
      if (!hasBegun || depth !== 0 || inString) throw new LogFileError('it is not JSON')
    },
  }
}

function readRecord(bytes: Buffer): LogRecord | undefined {
  // Who called is one bracket deeper than what was called.
  const record = (jsonOutline(bytes, 2) ?? {}) as Readonly<Record<string, unknown>>
  const { requestID, eventID, eventName, eventTime, readOnly, userIdentity } = record
  const { principalId, arn } = (userIdentity ?? {}) as Readonly<Record<string, unknown>>
  const eventAt = momentIn(eventTime)
  if (!isWord(eventID) || !isWord(eventName) || !eventAt) return undefined
  return {
    requestId: isWord(requestID) ? requestID : null,
    eventId: eventID,
    eventName,
    eventAt,
    readOnly: readOnly === true,
    principalId: typeof principalId === 'string' ? (principalId.split(':')[0] ?? '') : '',
    arn: typeof arn === 'string' ? arn : null,
  }
}

/** Whoever can write to the bucket can write anything: what is no id or name goes no further. */
const isWord = (value: unknown): value is string => typeof value === 'string' && /^[!-~]{1,200}$/.test(value)

/** `new Date` takes years that no database does, before Christ and of six digits. */
function momentIn(value: unknown): Date | undefined {
  if (typeof value !== 'string' || !/^[2-9]\d{3}-/.test(value)) return undefined
  const at = new Date(value)
  const year = at.getUTCFullYear()
  return year >= 2000 && year <= 9999 ? at : undefined
}
