/**
 * The sandbox's own calls, told as CloudTrail events.
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
 */
import { randomUUID } from 'node:crypto'
import type { Account } from '../iam/account-data.ts'
import { moment } from '../iam/account-state.ts'
import type { Caller, PastCall } from '../operation.ts'
import { sourceOf } from './selectors.ts'

/** A record as log files, `LookupEvents` and EventBridge tell it. */
export function recordOf(account: Account, call: PastCall) {
  const { accountId } = account
  return {
    eventVersion: '1.11',
    userIdentity: identityOf(account, call.caller),
    eventTime: moment(call.at),
    eventSource: sourceOf(call),
    eventName: call.action,
    awsRegion: call.region,
    sourceIPAddress: call.sourceIp ?? '127.0.0.1',
    userAgent: call.userAgent ?? '',
    errorCode: call.errorCode,
    errorMessage: call.errorMessage,
    requestParameters: Object.keys(call.params).length === 0 ? null : lowerCamel(call.params),
    responseElements: null,
    requestID: call.requestId,
    eventID: eventIdOf(call),
    readOnly: call.readOnly,
    eventType: 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: accountId,
    eventCategory: 'Management',
  }
}

/** https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html */
function identityOf(account: Account, caller: Caller) {
  const { accountId } = account
  return {
    type: caller.type,
    principalId: caller.principalId,
    arn: caller.arn,
    accountId,
    accessKeyId: caller.accessKeyId,
    userName: caller.userName,
    sessionContext: caller.session && {
      sessionIssuer:
        caller.type === 'AssumedRole'
          ? {
              type: 'Role',
              principalId: caller.principalId.split(':')[0],
              arn: `arn:aws:iam::${accountId}:role/${caller.arn.split('/')[1]}`,
              accountId,
              userName: caller.arn.split('/')[1],
            }
          : undefined,
      attributes: {
        creationDate: caller.session.createdAt,
        mfaAuthenticated: String(caller.session.withMfa),
      },
    },
  }
}

/**
 * One event of `LookupEvents`.
 * https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_Event.html
 */
export function eventOf(account: Account, call: PastCall) {
  return {
    EventId: eventIdOf(call),
    EventName: call.action,
    ReadOnly: String(call.readOnly),
    AccessKeyId: call.caller.accessKeyId,
    EventTime: call.at.getTime() / 1000,
    EventSource: sourceOf(call),
    Username: usernameOf(call),
    Resources: resourcesOf(call),
    CloudTrailEvent: JSON.stringify(recordOf(account, call)),
  }
}

export interface LookupAttribute {
  readonly AttributeKey: string
  readonly AttributeValue: string
}

export function matches(call: PastCall, { AttributeKey: key, AttributeValue: value }: LookupAttribute) {
  return attributeValues[key]?.(call).includes(value) ?? false
}

const attributeValues: Readonly<Record<string, (call: PastCall) => readonly (string | undefined)[]>> = {
  EventId: (call) => [eventIdOf(call)],
  EventName: ({ action }) => [action],
  ReadOnly: ({ readOnly }) => [String(readOnly)],
  Username: (call) => [usernameOf(call)],
  ResourceType: (call) => resourcesOf(call).map(({ ResourceType }) => ResourceType),
  ResourceName: (call) => resourcesOf(call).map(({ ResourceName }) => ResourceName),
  EventSource: (call) => [sourceOf(call)],
  AccessKeyId: ({ caller }) => [caller.accessKeyId],
}

/** A user's name, `root`, or the name of a role's session. */
function usernameOf({ caller }: PastCall): string {
  if (caller.type === 'Root') return 'root'
  return caller.userName ?? caller.arn.slice(caller.arn.lastIndexOf('/') + 1)
}

const resourceFields: Readonly<Record<string, string>> = {
  UserName: 'AWS::IAM::User',
  NewUserName: 'AWS::IAM::User',
  GroupName: 'AWS::IAM::Group',
  PolicyArn: 'AWS::IAM::Policy',
  PolicyName: 'AWS::IAM::Policy',
  AccessKeyId: 'AWS::IAM::AccessKey',
  SerialNumber: 'AWS::IAM::MfaDevice',
  TrailName: 'AWS::CloudTrail::Trail',
}

function resourcesOf({ service, params }: PastCall) {
  const found = Object.entries(resourceFields).flatMap(([field, type]) =>
    typeof params[field] === 'string' ? [{ ResourceType: type, ResourceName: params[field] }] : [],
  )
  return service === 'cloudtrail' && typeof params.Name === 'string'
    ? [...found, { ResourceType: 'AWS::CloudTrail::Trail', ResourceName: params.Name }]
    : found
}

const eventIds = new WeakMap<PastCall, string>()

/** The same call has the same event id wherever it is told. */
export function eventIdOf(call: PastCall): string {
  const id = eventIds.get(call) ?? randomUUID()
  eventIds.set(call, id)
  return id
}

/** `requestParameters` have their names in lower camel case, at every depth. */
function lowerCamel(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(lowerCamel)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [
      name.charAt(0).toLowerCase() + name.slice(1),
      lowerCamel(part),
    ]),
  )
}
