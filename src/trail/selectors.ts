/**
 * What a trail's event selectors record. Several form a union; within an advanced one, every field must hold. Pure.
 *
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-management-events-with-cloudtrail.html
 */
import type { AdvancedField, AdvancedSelector, BasicSelector, TrailSelectors } from './facts.ts'

export interface Recording {
  /** Every read, and every write, of the services below is recorded. */
  readonly read: boolean
  readonly write: boolean
  /** What is not: `writes of iam.amazonaws.com`; `all writes of iam.amazonaws.com` where some of them are. */
  readonly blindTo: readonly string[]
}

/** Who may do what is decided by these; their events are all that Muster needs to see. */
const watched = ['iam.amazonaws.com', 'sts.amazonaws.com']

/** Whether management events of IAM and STS are recorded, all of them. */
export function recordsIam(selectors: TrailSelectors): Recording {
  const missing = (readOnly: boolean) =>
    watched.map((source) => ({ source, readOnly })).filter((event) => !recordsManagement(selectors, event))
  const reads = missing(true)
  const writes = missing(false)
  const wordsOf = (event: EventKind) =>
    `${recordsSome(selectors, event) ? 'all ' : ''}${event.readOnly ? 'reads' : 'writes'} of ${event.source}`
  return {
    read: reads.length === 0,
    write: writes.length === 0,
    blindTo: [...reads, ...writes].map(wordsOf),
  }
}

/** Whether the management events of every service are recorded, none excluded. */
export function recordsAllManagement(selectors: TrailSelectors): boolean {
  return [true, false].every((readOnly) => recordsManagement(selectors, { source: null, readOnly }))
}

interface EventKind {
  /** Null for that of any service. */
  readonly source: string | null
  readonly readOnly: boolean
}

function recordsManagement({ basic, advanced }: TrailSelectors, event: EventKind): boolean {
  return basic.some((each) => basicTakes(each, event)) || advanced.some((each) => advancedTakes(each, event))
}

/** Whether some events of the kind may be recorded, told apart by what the kind does not say: a name, a session. */
function recordsSome({ advanced }: TrailSelectors, event: EventKind): boolean {
  return advanced.some(({ fields }) => {
    const tests = fields.filter(({ field }) => Object.hasOwn(valuesOf(event), field))
    return tests.length < fields.length && advancedTakes({ fields: tests }, event)
  })
}

function basicTakes(selector: BasicSelector, { source, readOnly }: EventKind): boolean {
  const { readWriteType, includeManagementEvents, excludedSources } = selector
  const takesIt = readWriteType === 'All' || (readWriteType === 'ReadOnly') === readOnly
  const isExcluded = source === null ? excludedSources.length > 0 : excludedSources.includes(source)
  return includeManagementEvents && takesIt && !isExcluded
}

/** A field that tells events of one kind apart (a name, a session) leaves some of them out: it never counts as all. */
function advancedTakes({ fields }: AdvancedSelector, event: EventKind): boolean {
  const values = valuesOf(event)
  return (
    fields.some(({ field }) => field === 'eventCategory') &&
    fields.every((test) => {
      const value = values[test.field]
      return value !== undefined && holds(test, value)
    })
  )
}

const valuesOf = ({ source, readOnly }: EventKind): Readonly<Record<string, string>> => ({
  eventCategory: 'Management',
  ...(source === null ? {} : { eventSource: source }),
  readOnly: String(readOnly),
})

/** https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_AdvancedFieldSelector.html */
function holds(test: AdvancedField, value: string): boolean {
  const any = (patterns: readonly string[], matches: (pattern: string) => boolean) =>
    patterns.length === 0 || patterns.some(matches)
  return (
    any(test.equals, (pattern) => value === pattern) &&
    any(test.startsWith, (pattern) => value.startsWith(pattern)) &&
    any(test.endsWith, (pattern) => value.endsWith(pattern)) &&
    !test.notEquals.includes(value) &&
    !test.notStartsWith.some((pattern) => value.startsWith(pattern)) &&
    !test.notEndsWith.some((pattern) => value.endsWith(pattern))
  )
}
