/**
 * One text for one value, whatever the order in which its keys were written: the JSON Canonicalization
 * Scheme (RFC 8785). JavaScript's own numbers, strings and sort order are those of the scheme; what is
 * left is to sort the keys.
 */

/**
 * @param value plain data: what JSON can say. Dates become their ISO text, `undefined` is left out
 *   (null in a list), lone surrogates become U+FFFD since no UTF-8 can carry them.
 */
export function canonicalJson(value: unknown): string {
  const plain = isConvertible(value) ? value.toJSON() : value
  if (typeof plain === 'string') return JSON.stringify(plain.toWellFormed())
  if (typeof plain !== 'object' || plain === null) return JSON.stringify(plain) ?? 'null'
  if (Array.isArray(plain)) return `[${plain.map(canonicalJson).join(',')}]`
  const members = Object.entries(plain)
    .filter(([, member]) => member !== undefined && typeof member !== 'function')
    .map(([key, member]) => [key.toWellFormed(), member] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`).join(',')}}`
}

function isConvertible(value: unknown): value is { toJSON(): unknown } {
  return typeof (value as { toJSON?: unknown } | null | undefined)?.toJSON === 'function'
}
