/** Which of the events that the Event history has made a drift. Pure. */
import type { Culprit } from '../store/trail-tables.ts'
import type { HistoryEvent, Lookup } from './event-history.ts'
import { type DriftDetail, type DriftKind, ruleOf } from './kinds.ts'

export interface AttributedDrift {
  readonly kind: DriftKind
  readonly resource: string
  readonly detail: DriftDetail
  readonly detectedAt: Date
  readonly since: Date | null
}

/** A look may have read what was a little older, and the clocks of IAM and CloudTrail show whole seconds. */
const earlierMs = 2 * 60_000
const laterMs = 60_000
/** Where nobody had looked before. */
const dayMs = 86_400_000
/** https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events.html: it goes no further back. */
const historyMs = 90 * dayMs

/** When it may have happened: from the last look that found things right, to the one that did not. */
function windowOf({ since, detectedAt }: Pick<AttributedDrift, 'since' | 'detectedAt'>) {
  const found = detectedAt.getTime()
  const from = (since?.getTime() ?? found - dayMs) - earlierMs
  // The search may begin an hour after it was found.
  return { from: new Date(Math.max(from, found - historyMs + dayMs)), to: new Date(found + laterMs) }
}

/**
 * What to ask for, one after the other until it is found: by the resource that such an event names (CloudTrail
 * lists users and groups by name, policies and trails by ARN), then by the event's own name.
 */
export function lookupsFor(drift: AttributedDrift): Lookup[] {
  const { kind, resource, detail } = drift
  const names = [detail.userNames, detail.groupName, detail.policyArn, detail.trailNames].find(
    (name) => name !== undefined && name !== null,
  )
  const resources = names === undefined || names === null ? [] : [names].flat()
  const isAccountWide = resource.startsWith('account ')
  const window = windowOf(drift)
  return [
    ...(isAccountWide ? [] : resources.map((value) => ({ key: 'ResourceName', value, ...window }) as const)),
    ...ruleOf(kind).events.map((value) => ({ key: 'EventName', value, ...window }) as const),
  ]
}

/**
 * The event that made it: of the right name and time, about this resource, successful, and not Muster's own. The newest
 * before it was found: whoever does it once more, after Muster has seen it, did not make what Muster saw. Only where
 * there is none, clocks may differ, and it is the first after that.
 *
 * @param ownPrincipalId Muster's, a role's without its session
 */
export function culpritAmong(
  events: readonly HistoryEvent[],
  drift: AttributedDrift,
  ownPrincipalId: string,
): Culprit | undefined {
  const { events: made, saying = {}, marks } = ruleOf(drift.kind)
  const { from, to } = windowOf(drift)
  const fitting = events
    .filter(
      (event) =>
        made.includes(event.eventName) &&
        (saying[event.eventName]?.some((said) => event.requestSays.has(said)) ?? true) &&
        !event.hasFailed &&
        event.principalId !== ownPrincipalId &&
        event.at >= from &&
        event.at <= to &&
        isAbout(event, drift.detail) &&
        marks.every((mark) => names(event, drift.detail[mark])),
    )
    .sort((a, b) => b.at.getTime() - a.at.getTime())
  const culprit = fitting.find(({ at }) => at <= drift.detectedAt) ?? fitting.at(-1)
  return culprit && culpritOf(culprit)
}

/**
 * The same drift with the names that the user had in between: whoever renames a user, does something to it and renames
 * it back is on record under a name that no look has seen. Undefined where these events tell of no such name.
 */
export function withNamesIn<D extends AttributedDrift>(
  events: readonly HistoryEvent[],
  drift: D,
): D | undefined {
  const { userNames } = drift.detail
  if (userNames === undefined) return undefined
  const { from, to } = windowOf(drift)
  const known = [userNames].flat().filter((name) => name !== null)
  const names = new Map(known.map((name) => [name.toLowerCase(), name]))
  const renames = events.filter(
    ({ eventName, hasFailed, at }) => eventName === 'UpdateUser' && !hasFailed && at >= from && at <= to,
  )
  for (const { subject, newName } of renames) {
    if (subject === null || newName === null) continue
    if (names.has(subject.toLowerCase())) names.set(newName.toLowerCase(), newName)
    else if (names.has(newName.toLowerCase())) names.set(subject.toLowerCase(), subject)
  }
  return names.size > new Set(known.map((name) => name.toLowerCase())).size
    ? { ...drift, detail: { ...drift.detail, userNames: [...names.values()] } }
    : undefined
}

/**
 * Whoever calls about themselves need not say so: then the caller is whom it is about. Who renames a group names none
 * of its members.
 */
function isAbout({ eventName, subject, userName }: HistoryEvent, { userNames }: DriftDetail): boolean {
  if (userNames === undefined || eventName === 'UpdateGroup') return true
  const name = (subject ?? userName ?? '').toLowerCase()
  return [userNames].flat().some((each) => each?.toLowerCase() === name)
}

/**
 * In any case, as IAM takes names and the keys of tags. An id that AWS gave stands in the answer alone; an event without
 * an answer is not held against it.
 */
function names(
  { requestTexts, responseTexts }: HistoryEvent,
  mark: DriftDetail[string] | undefined,
): boolean {
  const wanted = [mark ?? []].flat()
  const lowered = new Set(wanted.map((text) => text.toLowerCase()))
  const isIn = (texts: ReadonlySet<string>) => [...texts].some((text) => lowered.has(text.toLowerCase()))
  if (isIn(requestTexts)) return true
  return responseTexts === null ? wanted.every(isGiven) : isIn(responseTexts)
}

/** Ids of keys, certificates and credentials, as AWS makes them up. */
const isGiven = (text: string) => /^[A-Z0-9]{16,128}$/.test(text)

function culpritOf(event: HistoryEvent): Culprit {
  const { eventId, eventName, at, by, accessKeyId, from, userAgent, requestId } = event
  return { eventId, eventName, at: at.toISOString(), by, accessKeyId, from, userAgent, requestId }
}
