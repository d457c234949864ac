/** The arithmetic of the audit chain: pure, and small enough to be written again by an auditor. */
import { createHmac, type KeyObject } from 'node:crypto'

export interface Head {
  /** Number of the last sealed record; the first one is 1. */
  readonly seq: number
  /** Its hash: 64 hexadecimal digits. */
  readonly hash: string
}

/** What stands in the place of the hash before the first record. */
export const genesisHash = '0'.repeat(64)

/**
 * The hash of record number `seq`: HMAC-SHA256, in hexadecimal, over the UTF-8 text
 *
 *     muster audit 1 LF previous hash LF seq LF record
 *
 * No part but the last can hold a line feed, so no two inputs give the same text.
 */
export function chainHash(key: KeyObject, previousHash: string, seq: number, record: string): string {
  return createHmac('sha256', key).update(`muster audit 1\n${previousHash}\n${seq}\n${record}`).digest('hex')
}
