/** Where deliveries come from, and how each source's messages are read. */
import type { Fault } from '../problem.ts'
import { type Envelope, type Reading, readHrEvents } from './hr-events.ts'

const readers: Readonly<Record<string, (body: Buffer, envelope: Envelope) => Reading>> = {
  hr: readHrEvents,
}

/** The same bytes give the same reading, at the door and whenever they are worked on. Never throws. */
export function readDelivery(body: Buffer, envelope: Envelope): Reading {
  const read = readers[envelope.source]
  if (read) return read(body, envelope)
  const faults = [{ at: '{source}', message: 'is not a source that this version knows' }]
  return { ok: false, kind: undefined, employeeIds: [], faults }
}

/** All faults as one line, for the delivery's `reason`. */
export function reasonOf(faults: readonly Fault[]): string {
  return faults.map(({ at, message }) => `${at} ${message}`).join('; ')
}
