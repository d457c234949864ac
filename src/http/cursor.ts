/** Cursors of keyset pages: opaque to clients, and never trusted when they come back. */
import { Problem } from '../problem.ts'

export interface Page<Item> {
  readonly items: Item[]
  readonly nextCursor: string | null
}

/** The kinds of keys that lists are ordered by, with what one of them looks like. */
const keyForms = {
  text: /^[^\p{Cc}\p{Cs}]{1,256}$/u,
  /** A JSON list of texts, where several columns order. */
  parts: /^\["[^\p{Cc}\p{Cs}]{1,3000}"\]$/u,
  uuid: /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/,
} as const

export type KeyForm = keyof typeof keyForms

export function encodeCursor(list: string, key: string): string {
  return Buffer.from(`${list}:${key}`).toString('base64url')
}

/**
 * @returns the key after which the page begins; undefined for the first page
 * @throws Problem 400 when the cursor is not one that this list gave out
 */
export function decodeCursor(list: string, form: KeyForm, cursor: string | undefined): string | undefined {
  if (cursor === undefined) return undefined
  const text = Buffer.from(cursor, 'base64url').toString()
  const key = text.startsWith(`${list}:`) ? text.slice(list.length + 1) : ''
  if (keyForms[form].test(key) && encodeCursor(list, key) === cursor) return key
  return refuse()
}

/**
 * The same for a list that several columns order: its key is `JSON.stringify` of so many texts.
 *
 * @throws Problem 400 as `decodeCursor`
 */
export function decodeParts(list: string, count: number, cursor: string | undefined): string[] | undefined {
  const key = decodeCursor(list, 'parts', cursor)
  if (key === undefined) return undefined
  try {
    const parts: unknown[] = JSON.parse(key)
    if (parts.length === count && parts.every((part) => typeof part === 'string')) return parts
  } catch {
    // Made up, as any other that is of another form.
  }
  return refuse()
}

function refuse(): never {
  const message = 'must be the "nextCursor" of an earlier answer of this same list'
  throw new Problem(400, 'malformed-cursor', 'The cursor is not one of this list.', {
    faults: [{ at: '?cursor', message }],
  })
}

/** Makes a page of rows that were read with one more than `limit`. */
export function pageOf<Row, Item>(
  list: string,
  rows: readonly Row[],
  limit: number,
  keyOf: (row: Row) => string,
  toItem: (row: Row) => Item,
): Page<Item> {
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  return {
    items: shown.map(toItem),
    nextCursor: last !== undefined && rows.length > limit ? encodeCursor(list, keyOf(last)) : null,
  }
}
