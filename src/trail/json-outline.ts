/** JSON that may be anybody's, read no deeper than is needed: what is not asked for costs a look at its bytes, no more. */

const quote = 0x22
const backslash = 0x5c
/** Of what Muster asks for, nothing comes near. */
const longestOutline = 256 * 1024

/**
 * What JSON says down to `depth` brackets: objects and lists that are nested deeper are empty. Undefined for what is no
 * JSON, and for more than can be meant.
 */
export function jsonOutline(json: Buffer, depth: number): unknown {
  const kept: Buffer[] = []
  let size = 0
  let level = 0
  let inString = false
  let from = 0
  const keepUntil = (end: number) => {
    kept.push(json.subarray(from, end))
    size += end - from
  }
  for (let at = 0; at < json.length; at++) {
    const byte = json[at] as number
    if (inString) {
      if (byte === backslash) at++
      else if (byte === quote) inString = false
    } else if (byte === quote) inString = true
    // `{` and `[`
    else if (byte === 0x7b || byte === 0x5b) {
      if (level === depth) keepUntil(at + 1)
      level++
    }
    // `}` and `]`
    else if (byte === 0x7d || byte === 0x5d) {
      level--
      if (level === depth) from = at
      if (level < 0 || size > longestOutline) return undefined
    }
  }
  if (level !== 0 || inString) return undefined
  keepUntil(json.length)
  if (size > longestOutline) return undefined
  try {
    return JSON.parse(Buffer.concat(kept).toString())
  } catch {
    return undefined
  }
}
