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

const partForms = {
  text: (part: string) => /^[^\p{Cc}\p{Cs}]{1,3000}$/u.test(part),
  /** As `toISOString` writes it. */
  moment: (part: string) => /^\d{4}-/.test(part) && new Date(part).toJSON() === part,
} as const

/**
 * The same for a list that several columns order: its key is `JSON.stringify` of texts of these forms.
 *
 * @throws Problem 400 as `decodeCursor`
 */
export function decodeParts(
  list: string,
  forms: readonly (keyof typeof partForms)[],
  cursor: string | undefined,
): string[] | undefined {
  const key = decodeCursor(list, 'parts', cursor)
  if (key === undefined) return undefined
  const parts = textsIn(key)
  const fits = parts.length === forms.length && forms.every((form, i) => partForms[form](parts[i] ?? ''))
  return fits ? parts : refuse()
}

/** Nothing for what is no list of texts. */
function textsIn(json: string): string[] {
  try {
    const list: unknown[] = JSON.parse(json)
    return list.every((each) => typeof each === 'string') ? list : []
  } catch {
    return []
  }
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
