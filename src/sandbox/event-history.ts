/** The sandbox's own calls, told as CloudTrail events. */
import { randomUUID } from 'node:crypto'
import type { Account } from './iam/account-state.ts'
import type { PastCall } from './operation.ts'

export interface LookupAttribute {
  readonly AttributeKey: string
  readonly AttributeValue: string
}

/** One event of `LookupEvents` (API_Event). */
export function eventOf({ accountId }: Account, call: PastCall) {
  const eventSource = `${call.service}.amazonaws.com`
  const eventId = eventIdOf(call)
  const record = {
    eventVersion: '1.11',
    userIdentity: {
      type: call.caller.type,
      principalId: call.caller.principalId,
      arn: call.caller.arn,
      accountId,
      accessKeyId: call.caller.accessKeyId,
      userName: call.caller.userName,
    },
    eventTime: `${call.at.toISOString().slice(0, 19)}Z`,
    eventSource,
    eventName: call.action,
    awsRegion: call.region,
    sourceIPAddress: '127.0.0.1',
    errorCode: call.errorCode,
    requestParameters: lowerCamel(call.params),
    requestID: call.requestId,
    eventID: eventId,
    readOnly: call.readOnly,
    eventType: 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: accountId,
    eventCategory: 'Management',
  }
  return {
    EventId: eventId,
    EventName: call.action,
    ReadOnly: String(call.readOnly),
    AccessKeyId: call.caller.accessKeyId,
    EventTime: call.at.getTime() / 1000,
    EventSource: eventSource,
    Username: call.caller.userName ?? call.caller.arn.slice(call.caller.arn.lastIndexOf('/') + 1),
    Resources: resourcesOf(call),
    CloudTrailEvent: JSON.stringify(record),
  }
}

type HistoryEvent = ReturnType<typeof eventOf>

const attributeValues: Readonly<Record<string, (event: HistoryEvent) => readonly (string | undefined)[]>> = {
  EventId: ({ EventId }) => [EventId],
  EventName: ({ EventName }) => [EventName],
  ReadOnly: ({ ReadOnly }) => [ReadOnly],
  Username: ({ Username }) => [Username],
  ResourceType: ({ Resources }) => Resources.map(({ ResourceType }) => ResourceType),
  ResourceName: ({ Resources }) => Resources.map(({ ResourceName }) => ResourceName),
  EventSource: ({ EventSource }) => [EventSource],
  AccessKeyId: ({ AccessKeyId }) => [AccessKeyId],
}

export function matches(
  event: HistoryEvent,
  { AttributeKey: key, AttributeValue: value }: LookupAttribute,
): boolean {
  return attributeValues[key]?.(event).includes(value) ?? false
}

const resourceFields: Readonly<Record<string, string>> = {
  UserName: 'AWS::IAM::User',
  GroupName: 'AWS::IAM::Group',
  PolicyArn: 'AWS::IAM::Policy',
  AccessKeyId: 'AWS::IAM::AccessKey',
}

function resourcesOf({ params }: PastCall) {
  return Object.entries(resourceFields).flatMap(([field, type]) =>
    typeof params[field] === 'string' ? [{ ResourceType: type, ResourceName: params[field] }] : [],
  )
}

const eventIds = new WeakMap<PastCall, string>()

/** The same call has the same event id whenever it is looked up. */
function eventIdOf(call: PastCall): string {
  const id = eventIds.get(call) ?? randomUUID()
  eventIds.set(call, id)
  return id
}

const lowerCamel = (params: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(
    Object.entries(params).map(([name, value]) => [name.charAt(0).toLowerCase() + name.slice(1), value]),
  )
