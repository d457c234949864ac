/** Statements for tests, short to write: what, when, and what else. */
import type { LifecycleEvent, LifecycleKind, Statement } from '../../src/lifecycle/events.ts'
import { type EmployeeView, employeeAt, fold } from '../../src/lifecycle/index.ts'

let count = 0

type Kind = LifecycleKind extends `employee.${infer Name}` ? Name : never

/** An event that HR sent the moment it happened, unless `other` says otherwise. */
export function said(
  kind: Kind,
  timestamp: string,
  data: Statement = {},
  other: Partial<LifecycleEvent> & { readonly heard?: string } = {},
): LifecycleEvent {
  const { heard, ...rest } = other
  count += 1
  return {
    employeeId: 'E1001',
    kind: `employee.${kind}`,
    timestamp: at(timestamp),
    receivedAt: at(heard ?? timestamp),
    source: 'hr',
    senderId: `msg_${String(count).padStart(6, '0')}`,
    place: 0,
    data,
    ...rest,
  }
}

export const ada: Statement = {
  givenName: 'Ada',
  familyName: 'Lovelace',
  email: 'ada@example.com',
  role: 'backend-engineer',
}

/** The next message that says the same again, heard at `heard`. */
export function again(event: LifecycleEvent, heard: string): LifecycleEvent {
  count += 1
  return { ...event, senderId: `msg_${String(count).padStart(6, '0')}`, receivedAt: at(heard) }
}

export function administrator(
  kind: Kind,
  timestamp: string,
  data: Statement = {},
  other: Partial<LifecycleEvent> & { readonly heard?: string } = {},
): LifecycleEvent {
  return said(kind, timestamp, data, { source: 'admin', ...other })
}

export function override(timestamp: string, data: Statement): LifecycleEvent {
  return administrator('updated', timestamp, data, { override: true })
}

/** `2026-11-23`, `2026-11-23T09:30` or with everything; all in UTC. */
export function at(text: string): Date {
  const date = new Date(text.length === 16 ? `${text}:00Z` : text)
  if (Number.isNaN(date.getTime())) throw new Error(`not a moment: ${text}`)
  return date
}

export function viewOf(events: readonly LifecycleEvent[], now: string): EmployeeView {
  return employeeAt(fold(events), at(now))
}

export function statusOf(events: readonly LifecycleEvent[], now: string): EmployeeView['status'] {
  return viewOf(events, now).status
}

export function reasonsOf(events: readonly LifecycleEvent[]): readonly string[] {
  return fold(events).pending.map(({ reason }) => reason)
}
