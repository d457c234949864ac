/**
 * A CloudTrail event as an EventBridge API destination sends it, and what it is a hint of. Pure.
 *
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
 */
import type { Fault } from '../problem.ts'

/** What of an event is kept: whom it is about, and who did what. Never the request's other parameters. */
export interface AwsEventHint {
  readonly eventId: string
  readonly accountId: string
  readonly eventName: string
  readonly eventSource: string
  readonly region: string | null
  /** RFC 3339, as AWS says; null where it is none. */
  readonly occurredAt: string | null
  readonly by: string | null
  /** A role's without its session. */
  readonly principalId: string | null
  readonly errorCode: string | null
  /** Names and ids of the user it is about. */
  readonly users: readonly string[]
  readonly groupName: string | null
  readonly policyArn: string | null
  readonly trail: string | null
}

export type AwsEventReading =
  | { readonly ok: true; readonly hint: AwsEventHint }
  | { readonly ok: false; readonly faults: readonly Fault[] }

export function readAwsEvent(body: Buffer): AwsEventReading {
  let event: unknown
  try {
    event = JSON.parse(body.toString())
  } catch {
    return { ok: false, faults: [{ at: '/', message: 'must be JSON' }] }
  }
  if (!isObject(event)) return { ok: false, faults: [{ at: '/', message: 'must be one JSON object' }] }
  const detail = objectIn(event.detail)
  const eventId = matching(idPattern, textIn(detail.eventID) ?? textIn(event.id))
  const accountId = matching(/^\d{12}$/, textIn(event.account))
  const eventName = textIn(detail.eventName)
  const eventSource = textIn(detail.eventSource)
  if (eventId && accountId && eventName && eventSource) {
    return { ok: true, hint: hintIn(detail, { eventId, accountId, eventName, eventSource }) }
  }
  const asWritten = 'must be a text, as CloudTrail writes it'
  const required = [
    ['/detail/eventID', eventId, 'must be 1 to 128 letters, digits, "-" and "_", as CloudTrail writes it'],
    ['/account', accountId, 'must be the 12 digits of an account'],
    ['/detail/eventName', eventName, asWritten],
    ['/detail/eventSource', eventSource, asWritten],
  ] as const
  return {
    ok: false,
    faults: required.filter(([, value]) => value === null).map(([at, , message]) => ({ at, message })),
  }
}

function hintIn(
  detail: Json,
  known: Pick<AwsEventHint, 'eventId' | 'accountId' | 'eventName' | 'eventSource'>,
): AwsEventHint {
  const identity = objectIn(detail.userIdentity)
  const request = objectIn(detail.requestParameters)
  const response = objectIn(detail.responseElements)
  const occurred = new Date(textIn(detail.eventTime) ?? Number.NaN)
  const named = [request.userName, request.newUserName, objectIn(response.user).userId]
  const users = named.map(textIn).filter((name) => name !== null)
  const groupName = textIn(request.groupName)
  const policyArn = textIn(request.policyArn)
  // Whoever calls about themselves need not say so.
  const isOwn = users.length === 0 && !groupName && !policyArn && textIn(identity.type) === 'IAMUser'
  const caller = [identity.userName, identity.principalId].map(textIn).filter((name) => name !== null)
  return {
    ...known,
    region: textIn(detail.awsRegion),
    occurredAt: Number.isNaN(occurred.getTime()) ? null : occurred.toISOString(),
    by: textIn(identity.arn) ?? textIn(identity.invokedBy),
    principalId: textIn(identity.principalId)?.split(':')[0] ?? null,
    errorCode: textIn(detail.errorCode),
    users: isOwn ? caller : users,
    groupName,
    policyArn,
    trail: textIn(request.name) ?? textIn(request.trailName),
  }
}

/** What Muster has to look at because of an event. */
export type LookAt = 'user' | 'catalog' | 'password policy' | 'trail' | 'sweep'

const passwordPolicyEvents = new Set(['UpdateAccountPasswordPolicy', 'DeleteAccountPasswordPolicy'])

/** Nothing where it needs no look; then `why` says it. A group or a user that was made may be nobody's. */
export function looksFor(
  { eventSource, eventName, errorCode, principalId, users, groupName, policyArn }: AwsEventHint,
  ownPrincipalId: string,
): { readonly looks: readonly LookAt[]; readonly why: string | null } {
  const none = (why: string) => ({ looks: [], why })
  if (principalId !== null && principalId === ownPrincipalId) return none('own call')
  if (errorCode !== null) return none('the call failed')
  if (eventSource === 'cloudtrail.amazonaws.com') return { looks: ['trail'], why: null }
  if (eventSource !== 'iam.amazonaws.com') return none('not about IAM or CloudTrail')
  if (passwordPolicyEvents.has(eventName)) return { looks: ['password policy'], why: null }
  if (eventName === 'CreateUser') return { looks: ['sweep'], why: null }
  if (eventName === 'CreateGroup') return { looks: ['catalog', 'sweep'], why: null }
  if (users.length > 0) return { looks: ['user'], why: null }
  if (groupName !== null || policyArn !== null) return { looks: ['catalog'], why: null }
  return none('about nothing that Muster keeps')
}

type Json = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const objectIn = (value: unknown): Json => (isObject(value) ? value : {})

/** CloudTrail's are UUIDs. It is the key of a row, and goes into what people read as the cause of a look. */
const idPattern = /^[\w-]{1,128}$/

function matching(pattern: RegExp, text: string | null): string | null {
  return text !== null && pattern.test(text) ? text : null
}

/** Longer than any name or ARN of AWS's. */
const maxBytes = 2048

/** Only what a column can hold: events that wait at the same moment share one statement. */
function textIn(value: unknown): string | null {
  if (typeof value !== 'string' || value === '' || Buffer.byteLength(value) > maxBytes) return null
  return /\0/.test(value) ? null : value.toWellFormed()
}
