/** Time-based one-time passwords: RFC 6238 over HMAC-SHA-1, steps of 30 seconds, as IAM's virtual MFA. */
import { createHmac } from 'node:crypto'

const stepMs = 30_000
/** Clocks of tokens drift; beyond five minutes either way a code is wrong. */
const toleratedSteps = 10

export const stepAt = (now: Date) => Math.floor(now.getTime() / stepMs)

/** The code of one time step (RFC 4226, section 5.3). */
export function codeOfStep(secret: Uint8Array, step: number, digits = 6): string {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(step))
  const mac = createHmac('sha1', secret).update(counter).digest()
  const offset = (mac[19] ?? 0) & 0xf
  const truncated = mac.readUInt32BE(offset) & 0x7fff_ffff
  return String(truncated % 10 ** digits).padStart(digits, '0')
}

/** The step of the second of two codes in a row, near enough to now; undefined when they are not. */
export function stepOfCodes(
  secret: Uint8Array,
  first: string,
  second: string,
  now: Date,
): number | undefined {
  const current = stepAt(now)
  for (let step = current - toleratedSteps; step <= current + toleratedSteps; step += 1) {
    if (codeOfStep(secret, step) === first && codeOfStep(secret, step + 1) === second) return step + 1
  }
  return undefined
}

/** Of one code, for a device whose clock is right. */
export function stepOfCode(secret: Uint8Array, code: string, now: Date): number | undefined {
  const current = stepAt(now)
  return [current, current - 1, current + 1].find((step) => codeOfStep(secret, step) === code)
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** Base32 of RFC 4648, upper case; padding is ignored. */
export function fromBase32(text: string): Uint8Array {
  const bytes: number[] = []
  let bits = 0
  let value = 0
  for (const character of text.replace(/=+$/, '')) {
    value = ((value << 5) | alphabet.indexOf(character)) & 0xfff
    bits += 5
    if (bits >= 8) {
      bits -= 8
      bytes.push((value >> bits) & 0xff)
    }
  }
  return Uint8Array.from(bytes)
}
