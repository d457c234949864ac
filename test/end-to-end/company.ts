/** A company in which a lot happens: a seeded stream of HR events, and what should have come of them in the end. */
import { type HrEvent, hrEvent } from './hr.ts'

export type Random = () => number

/** Mulberry32: the same numbers for the same seed. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export interface Person {
  readonly employeeId: string
  readonly status: 'active' | 'suspended' | 'terminated'
  readonly role: string
}

export interface Company {
  /** Something happens; the events' own moments follow each other, a second apart. */
  next(): HrEvent
  readonly people: readonly Person[]
}

/** @param begin when the first event happened; all others before now, if there are no more seconds than events */
export function company(random: Random, roles: readonly string[], size: number, begin: Date): Company {
  const people = new Map<string, Person>()
  let moment = begin.getTime()

  const oneOf = <T>(items: readonly T[]) => items[Math.floor(random() * items.length)] as T

  function hire(): HrEvent {
    const employeeId = `E${1001 + people.size}`
    const role = oneOf(roles)
    people.set(employeeId, { employeeId, status: 'active', role })
    return said('employee.hired', employeeId, { ...nameOf(employeeId), role })
  }

  function said(type: string, employeeId: string, data: HrEvent['data'] = {}): HrEvent {
    return hrEvent(type, employeeId, data, new Date(moment))
  }

  const happenings: Readonly<Record<Person['status'], readonly ((person: Person) => HrEvent)[]>> = {
    active: [move, move, move, suspend, terminate],
    suspended: [resume, resume, move, terminate],
    terminated: [rehire],
  }

  function move(person: Person): HrEvent {
    const role = oneOf(roles.filter((other) => other !== person.role))
    people.set(person.employeeId, { ...person, role })
    return said('employee.role_changed', person.employeeId, { role })
  }
  function suspend(person: Person): HrEvent {
    people.set(person.employeeId, { ...person, status: 'suspended' })
    return said('employee.suspended', person.employeeId)
  }
  function resume(person: Person): HrEvent {
    people.set(person.employeeId, { ...person, status: 'active' })
    return said('employee.resumed', person.employeeId)
  }
  function terminate(person: Person): HrEvent {
    people.set(person.employeeId, { ...person, status: 'terminated' })
    return said('employee.terminated', person.employeeId)
  }
  function rehire(person: Person): HrEvent {
    const role = oneOf(roles)
    people.set(person.employeeId, { ...person, status: 'active', role })
    return said('employee.hired', person.employeeId, { ...nameOf(person.employeeId), role })
  }

  return {
    next() {
      moment += 1000
      if (people.size === 0 || (people.size < size && random() < 0.4)) return hire()
      const person = oneOf([...people.values()])
      return oneOf(happenings[person.status])(person)
    },
    get people() {
      return [...people.values()]
    },
  }
}

/** Some share their name, as people do. */
function nameOf(employeeId: string) {
  const number = Number(employeeId.slice(1))
  return {
    givenName: 'Ada',
    familyName: `Lovelace${String.fromCharCode(97 + (number % 20))}`,
    email: `${employeeId.toLowerCase()}@example.com`,
  }
}
