/** Lists in pages: `MaxItems`, `Marker`, `IsTruncated`. */
import { Refusal } from '../refusal.ts'

export interface Paging {
  readonly Marker?: string | undefined
  readonly MaxItems?: number | undefined
}
export interface Page<Item> {
  readonly items: readonly Item[]
  readonly IsTruncated: boolean
  readonly Marker?: string
}

/**
 * One page of `items` in the order of their keys, 100 without `MaxItems`. The marker is the last key given
 * out, so that nothing is skipped or repeated when entities come and go between two pages.
 *
 * @throws Refusal `ValidationError` for a marker that is none of ours
 */
export function page<Item>(
  items: Iterable<Item>,
  key: (item: Item) => string,
  { Marker: marker, MaxItems: maxItems = 100 }: Paging,
): Page<Item> {
  const after = marker === undefined ? undefined : decode(marker)
  const keyed: { key: string; item: Item }[] = []
  for (const item of items) {
    const itemKey = key(item)
    if (after === undefined || itemKey > after) keyed.push({ key: itemKey, item })
  }
  keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
  const given = keyed.slice(0, maxItems)
  const last = given.at(-1)
  return {
    items: given.map(({ item }) => item),
    ...(keyed.length > given.length && last
      ? { IsTruncated: true, Marker: encode(last.key) }
      : { IsTruncated: false }),
  }
}

/** `IsTruncated` and `Marker` alone, to be spread into an output. */
export const rest = ({ IsTruncated, Marker }: Page<unknown>) =>
  Marker === undefined ? { IsTruncated } : { IsTruncated, Marker }

// The letter in front and the way back tell our own markers from made-up ones.
const encode = (key: string) => `m${Buffer.from(key).toString('base64url')}`

function decode(marker: string): string {
  const key = marker.startsWith('m') ? Buffer.from(marker.slice(1), 'base64url').toString() : undefined
  if (key === undefined || encode(key) !== marker) throw new Refusal('ValidationError', 'Invalid Marker.')
  return key
}
