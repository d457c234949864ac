/** First passwords: from a CSPRNG, of every kind of character that any policy asks for, without look-alikes. */
import { randomInt } from 'node:crypto'
import type { PasswordPolicy } from './password-policy.ts'

/** What can be told apart in any typeface: no 0 O o, no 1 I l, no 5 S, no 2 Z, no 8 B. */
const kinds = {
  upper: 'ACDEFGHJKLMNPQRTUVWXY',
  lower: 'abcdefghijkmnpqrtuvwxy',
  digit: '34679',
  /** Of those that IAM counts as symbols, what every keyboard has and no shell or form minds much. */
  symbol: '!@#%+-=',
} as const

const all = Object.values(kinds).join('')

/** More than 115 bits. */
const usualLength = 20

/** IAM takes no longer one. */
const longest = 128

/** A password that every account policy of at most that minimum length accepts. */
export function generatePassword({ minimumLength }: Pick<PasswordPolicy, 'minimumLength'>): string {
  const length = Math.min(longest, Math.max(usualLength, minimumLength))
  const characters = Object.values(kinds).map(oneOf)
  while (characters.length < length) characters.push(oneOf(all))
  return shuffled(characters).join('')
}

const oneOf = (alphabet: string) => alphabet.charAt(randomInt(alphabet.length))

/** Fisher and Yates' shuffle: the kinds are anywhere. */
function shuffled(characters: readonly string[]): string[] {
  const mixed = [...characters]
  for (let i = mixed.length - 1; i > 0; i--) {
    const j = randomInt(i + 1)
    const held = mixed[i] as string
    mixed[i] = mixed[j] as string
    mixed[j] = held
  }
  return mixed
}
