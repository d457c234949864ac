/**
 * The token of a one-time link: its random id with an HMAC over it, under a key from the environment.
 *
 * Whoever sends the link can make the token again, and the database holds nothing that opens it.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Keyring, Subkey } from '../keys.ts'

const idBytes = 16
const macBytes = 32

/** 128 random bits, written as a UUID. */
export function newLinkId(): string {
  return uuidOf(randomBytes(idBytes))
}

/** 64 characters of base64url. */
export function linkToken(keyring: Keyring, id: string): string {
  const bytes = bytesOf(id)
  return Buffer.concat([bytes, macOf(keyring['enrollment link'][0], bytes)]).toString('base64url')
}

/** The id in a token that was made with one of the keys; undefined for anything else. Takes the same time for both. */
export function idOfToken(keyring: Keyring, token: string): string | undefined {
  const bytes = Buffer.from(token, 'base64url')
  const isWhole = bytes.length === idBytes + macBytes && bytes.toString('base64url') === token
  const presented = isWhole ? bytes : Buffer.alloc(idBytes + macBytes)
  const id = presented.subarray(0, idBytes)
  let isRight = false
  for (const key of keyring['enrollment link']) {
    if (timingSafeEqual(presented.subarray(idBytes), macOf(key, id))) isRight = true
  }
  return isWhole && isRight ? uuidOf(id) : undefined
}

export const linkUrl = (publicUrl: string, token: string) => `${publicUrl}/enroll/${token}`

function macOf({ key }: Subkey, id: Uint8Array): Buffer {
  return createHmac('sha256', key).update(id).digest()
}

const bytesOf = (id: string) => Buffer.from(id.replaceAll('-', ''), 'hex')

function uuidOf(bytes: Buffer): string {
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
