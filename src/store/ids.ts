/** Ids for our rows: version 7 UUIDs (RFC 9562), whose order is the order of their making in one process. */
import { randomUUIDv7 } from 'node:crypto'

let lastMillisecond = ''
let counter = 0

export function newId(): string {
  const id = randomUUIDv7()
  const millisecond = id.slice(0, 13)
  counter = millisecond === lastMillisecond ? counter + 1 : 0
  lastMillisecond = millisecond
  // Within a millisecond Node leaves the order to chance; a counter keeps it (RFC 9562 section 6.2, method 1).
  return `${millisecond}-7${(counter & 0xfff).toString(16).padStart(3, '0')}${id.slice(18)}`
}
