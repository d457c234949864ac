/**
 * Signatures after the Standard Webhooks specification, over the raw bytes.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Fault } from '../problem.ts'

/** A decoded `whsec_` secret. */
export type WebhookKey = Buffer

export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>

export type Verification =
  | { readonly ok: true; readonly senderId: string }
  | { readonly ok: false; readonly fault: Fault }

/** How far the sender's clock may be from ours, in whole seconds, either way. */
const toleranceSeconds = 5 * 60

/** @param secrets each `whsec_` and base64, as the configuration has checked them */
export function webhookKeys(secrets: readonly string[]): readonly WebhookKey[] {
  return secrets.map((secret) => Buffer.from(secret.replace(/^whsec_/, ''), 'base64'))
}

/**
 * Whether one of `keys` signed these bytes within five minutes of `now`.
 *
 * @param headers by lower-case name, as Node gives them: repeated ones are a list, or joined by a comma
 */
export function verifyWebhook(
  keys: readonly WebhookKey[],
  headers: Headers,
  body: Buffer,
  now: Date,
): Verification {
  const senderId = one(headers, 'webhook-id')
  if (typeof senderId !== 'string') return senderId
  const timestamp = one(headers, 'webhook-timestamp')
  if (typeof timestamp !== 'string') return timestamp
  const signatures = signaturesOf(headers)
  if (signatures.length === 0) return refused('webhook-signature', 'is missing: send v1,<base64 of the HMAC>')

  if (!/^\d{1,15}$/.test(timestamp)) {
    return refused('webhook-timestamp', 'must be the seconds since 1970-01-01T00:00:00Z, as digits')
  }
  const offBySeconds = Math.abs(Math.floor(now.getTime() / 1000) - Number(timestamp))
  if (offBySeconds > toleranceSeconds) {
    return refused('webhook-timestamp', 'is more than five minutes off: sign every attempt anew')
  }
  // Node reads header bytes as Latin-1; written the same way, they are the bytes that were signed.
  const signedHead = Buffer.from(`${senderId}.${timestamp}.`, 'latin1')
  return isSigned(keys, signatures, signedHead, body)
    ? { ok: true, senderId }
    : refused('webhook-signature', 'fits none of the active secrets and these bytes')
}

/** Every pair is compared, whatever came before, so that the time taken does not tell which one fits. */
function isSigned(
  keys: readonly WebhookKey[],
  signatures: readonly Buffer[],
  signedHead: Buffer,
  body: Buffer,
): boolean {
  let fits = false
  for (const key of keys) {
    const expected = Buffer.from(createHmac('sha256', key).update(signedHead).update(body).digest('base64'))
    for (const signature of signatures) {
      if (signature.length === expected.length && timingSafeEqual(signature, expected)) fits = true
    }
  }
  return fits
}

/**
 * The symmetric signatures as base64 text. Text is compared, not what it decodes to: several texts decode
 * to the same bytes. Other versions (`v1a`, ...) may stand beside them and are passed over.
 */
function signaturesOf(headers: Headers): readonly Buffer[] {
  const given = headers['webhook-signature'] ?? ''
  const entries =
    typeof given === 'string' && !given.includes(' ') ? [given] : separated([given].flat().join(' '))
  return entries
    .filter((entry) => entry.startsWith('v1,'))
    .map((entry) => Buffer.from(entry.slice('v1,'.length), 'latin1'))
}

/** By spaces; where Node has joined repeated headers, by a comma and a space. */
const separated = (entries: string) => entries.split(/,? +/)

function one(headers: Headers, name: string): string | Verification {
  const value = headers[name]
  if (value === undefined || value === '') return refused(name, 'is missing')
  return typeof value === 'string' ? value : refused(name, 'must be given once')
}

function refused(at: string, message: string): Verification {
  return { ok: false, fault: { at, message } }
}
