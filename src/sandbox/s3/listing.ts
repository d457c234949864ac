/** One page of a bucket's keys, with what a delimiter rolls up. */

export interface ListingRequest {
  readonly prefix: string
  readonly delimiter: string | undefined
  /** Only keys after this one. */
  readonly after: string | undefined
  readonly maxKeys: number
}

export interface Listing {
  readonly keys: readonly string[]
  readonly commonPrefixes: readonly string[]
  readonly isTruncated: boolean
  /** The last key or common prefix of the page: where the next one begins. */
  readonly last: string | undefined
}

/**
 * Keys in S3's order. Keys that share what stands before the delimiter (after the prefix) count as one.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
 */
export function listKeys(sorted: readonly string[], request: ListingRequest): Listing {
  const { prefix, delimiter, after, maxKeys } = request
  const keys: string[] = []
  const commonPrefixes: string[] = []
  let last: string | undefined
  for (let at = firstFrom(sorted, maximum(prefix, after ?? '')); at < sorted.length; at += 1) {
    const key = sorted[at] ?? ''
    if (!key.startsWith(prefix)) break
    if (after !== undefined && key <= after) continue
    const common = commonPrefixOf(key, prefix, delimiter)
    // A page that ended with a common prefix has told of all that is below it.
    if (common !== undefined && (common === after || common === last)) continue
    if (keys.length + commonPrefixes.length >= maxKeys) {
      return { keys, commonPrefixes, isTruncated: maxKeys > 0, last }
    }
    last = common ?? key
    if (common === undefined) keys.push(key)
    else commonPrefixes.push(common)
  }
  return { keys, commonPrefixes, isTruncated: false, last }
}

function commonPrefixOf(key: string, prefix: string, delimiter: string | undefined): string | undefined {
  if (!delimiter) return undefined
  const found = key.indexOf(delimiter, prefix.length)
  return found < 0 ? undefined : key.slice(0, found + delimiter.length)
}

const maximum = (a: string, b: string) => (a > b ? a : b)

/** The place of the first key that is not before `key`. */
function firstFrom(sorted: readonly string[], key: string): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] ?? '') < key) low = middle + 1
    else high = middle
  }
  return low
}
