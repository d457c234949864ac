/** Ids and secrets, drawn from the account's own seed so that equal histories give equal accounts. */
import type { Account } from './account-data.ts'

const idAlphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
const secretAlphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/**
 * A unique id: prefix and `length` characters in all.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-prefixes
 */
export function drawId(account: Account, prefix: string, length = 21): string {
  return prefix + drawText(account, idAlphabet, length - prefix.length)
}

export function drawSecret(account: Account, length: number): string {
  return drawText(account, secretAlphabet, length)
}

export function drawBase32(account: Account, length: number): string {
  return drawText(account, idAlphabet, length)
}

/** The lengths of both alphabets are powers of two, so every character is equally likely. */
function drawText(account: Account, alphabet: string, length: number): string {
  account.drawn += 1
  const next = generator(account.seed, account.drawn)
  let text = ''
  for (let i = 0; i < length; i += 1) text += alphabet[(next() >>> 8) & (alphabet.length - 1)]
  return text
}

/** sfc32 (Chris Doty-Humphrey's small fast counter), 32 random bits a call. */
function generator(seed: number, stream: number): () => number {
  let a = seed | 0
  let b = stream | 0
  let c = Math.trunc(seed / 0x1_0000_0000) | 0
  let counter = 1
  const next = () => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum
    c |= 0
    return sum >>> 0
  }
  for (let i = 0; i < 12; i += 1) next()
  return next
}
