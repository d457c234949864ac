/** Keys for our own signatures, derived from `MUSTER_SECRET_KEY`: one for each purpose, so that none can stand in for another. */
import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'

export const purposes = ['audit chain', 'enrollment link', 'cookie'] as const
export type Purpose = (typeof purposes)[number]

export interface Subkey {
  /** Tells which secret key it comes from, without telling anything about it; the same for all purposes. */
  readonly id: string
  /** 32 bytes for HMAC-SHA256. A `KeyObject` does not print itself. */
  readonly key: KeyObject
}

/** For each purpose the subkeys in the order of the setting: the first one signs, all of them verify. */
export type Keyring = Readonly<Record<Purpose, readonly [Subkey, ...Subkey[]]>>

/**
 * Derives the keyring by HKDF-SHA256 (RFC 5869).
 *
 * @param secretKeys `config.secretKeys`, the signing one first
 * @throws RangeError when there is none
 */
export function deriveKeys(secretKeys: readonly string[]): Keyring {
  const [first, ...others] = secretKeys
  if (first === undefined) throw new RangeError('no secret key to derive from')
  const subkeys = (purpose: Purpose) =>
    [subkey(first, purpose), ...others.map((secret) => subkey(secret, purpose))] as const
  return {
    'audit chain': subkeys('audit chain'),
    'enrollment link': subkeys('enrollment link'),
    cookie: subkeys('cookie'),
  }
}

function subkey(secret: string, purpose: Purpose): Subkey {
  return {
    id: derive(secret, 'key id', 4).toString('hex'),
    key: createSecretKey(derive(secret, purpose, 32)),
  }
}

/** The secret is uniformly random already, hence no salt (RFC 5869, section 3.1); `info` separates the purposes. */
function derive(secret: string, info: Purpose | 'key id', bytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', `muster 1 ${info}`, bytes))
}
