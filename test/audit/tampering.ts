/** Everything that somebody with full access to the table, but without the key, may do to a chain at one time. */
import { type SQL, sql } from 'drizzle-orm'
import fc from 'fast-check'

export interface Tampering {
  readonly name: string
  readonly statements: readonly SQL[]
}

/** `count`: how many records are sealed. The expected head is taken to be known. */
export function tamperings(count: number): fc.Arbitrary<Tampering> {
  const seq = fc.integer({ min: 1, max: count })
  return fc.oneof(
    changes(seq),
    removals(seq, count),
    insertions(seq, count),
    reorderings(count),
    forgeries(seq),
  )
}

const columns: Readonly<Record<string, SQL>> = {
  id: sql`id = gen_random_uuid()`,
  at: sql`at = at + interval '1 millisecond'`,
  actor: sql`actor = actor || ' '`,
  action: sql`action = upper(action)`,
  employee: sql`employee_id = null`,
  identity: sql`identity_id = gen_random_uuid()`,
  operation: sql`operation_id = gen_random_uuid()`,
  seqAhead: sql`seq = seq + 1000`,
  seqBelow: sql`seq = -seq`,
  unsealed: sql`seq = null, hash = null, key_id = null`,
  noHash: sql`hash = null`,
  otherHash: sql`hash = encode(sha256(hash::bytea), 'hex')`,
  noKey: sql`key_id = null`,
  otherKey: sql`key_id = (select min(key_id) from audit_events as other where other.key_id <> changed.key_id)`,
}

function changes(seq: fc.Arbitrary<number>): fc.Arbitrary<Tampering> {
  const column = fc.record({ seq, name: fc.constantFrom(...Object.keys(columns)) }).map(({ seq, name }) => ({
    name: `${name} of ${seq}`,
    statements: [sql`update audit_events as changed set ${columns[name]} where seq = ${seq}`],
  }))
  const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
  const character = fc.record({ seq, place }).map(({ seq, place }) => ({
    name: `one character of record ${seq}, ${place} of its length`,
    statements: [
      sql`update audit_events set record = overlay(record placing
          case substr(record, at_place, 1) when 'x' then 'y' else 'x' end from at_place for 1)
        from (select 1 + floor(length(record) * ${place}::float8)::int as at_place
          from audit_events where seq = ${seq}) as place where seq = ${seq}`,
    ],
  }))
  const whiteSpace = seq.map((seq) => ({
    name: `a space after record ${seq}`,
    statements: [sql`update audit_events set record = record || ' ' where seq = ${seq}`],
  }))
  return fc.oneof({ weight: 3, arbitrary: column }, { weight: 2, arbitrary: character }, whiteSpace)
}

function removals(seq: fc.Arbitrary<number>, count: number): fc.Arbitrary<Tampering> {
  return fc
    .record({ seq, many: fc.integer({ min: 1, max: count }), closed: fc.boolean() })
    .map(({ seq, many, closed }) => ({
      name: `${many} from ${seq} removed${closed ? ', the gap closed' : ''}`,
      statements: [
        sql`delete from audit_events where seq >= ${seq} and seq < ${seq + many}`,
        ...(closed ? [sql`update audit_events set seq = seq - ${many} where seq >= ${seq + many}`] : []),
      ],
    }))
}

function insertions(seq: fc.Arbitrary<number>, count: number): fc.Arbitrary<Tampering> {
  const copied = sql`at, actor, action, employee_id, identity_id, operation_id`
  const insert = (from: number, to: number) => sql`
    insert into audit_events (id, ${copied}, record, seq, hash, key_id)
    select (${newId})::uuid, ${copied}, replace(record, id::text, ${newId}), ${to}, hash, key_id
    from audit_events where seq = ${from}`
  return fc
    .record({ seq, to: fc.integer({ min: 0, max: count + 1 }), room: fc.boolean() })
    .map(({ seq, to, room }) => ({
      name: `a like of ${seq} inserted at ${to}${room ? ', the rest moved' : ''}`,
      statements: room
        ? [
            insert(seq, -1000),
            sql`update audit_events set seq = seq + 1 where seq >= ${to}`,
            sql`update audit_events set seq = ${to} where seq = -1000`,
          ]
        : [insert(seq, to)],
    }))
}

const newId = '01900000-ffff-7000-8000-00000000000f'

function reorderings(count: number): fc.Arbitrary<Tampering> {
  const pair = fc.uniqueArray(fc.integer({ min: 1, max: count }), { minLength: 2, maxLength: 2 })
  return fc.record({ pair, what: fc.constantFrom('records', 'numbers') }).map(({ pair, what }) => {
    const [a, b] = pair as [number, number]
    const swapped = sql`case seq when ${a}::bigint then ${b}::bigint else ${a}::bigint end`
    return {
      name: `${what} of ${a} and ${b} exchanged`,
      statements: [
        what === 'numbers'
          ? sql`update audit_events set seq = ${swapped} where seq in (${a}, ${b})`
          : sql`update audit_events as changed set id = other.id, at = other.at, actor = other.actor,
              action = other.action, employee_id = other.employee_id, identity_id = other.identity_id,
              operation_id = other.operation_id, record = other.record
            from (select a.*, ${a}::bigint + ${b}::bigint - a.seq as target from audit_events as a where seq in (${a}, ${b})) as other
            where changed.seq = other.target and changed.seq in (${a}, ${b})`,
      ],
    }
  })
}

/** A chain that is whole by itself, only without the key: plain hashes, each over the one before. */
function forgeries(seq: fc.Arbitrary<number>): fc.Arbitrary<Tampering> {
  return seq.map((seq) => ({
    name: `written anew from ${seq} on, without the key`,
    statements: [
      sql`update audit_events set hash = encode(sha256(convert_to(seq || record, 'UTF8')), 'hex') where seq >= ${seq}`,
    ],
  }))
}
