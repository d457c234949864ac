/** Which calls a trail records: its Region, its selectors, and nothing else decide. */
import type { PastCall } from '../operation.ts'
import type { AdvancedSelector, BasicSelector, FieldSelector, Trail } from './trail-data.ts'

/** Does a trail that logs record this call? Several selectors form a union. */
export function records(trail: Trail, call: PastCall): boolean {
  if (!trail.isMultiRegionTrail) {
    if (call.region !== trail.homeRegion) return false
    if (isGlobal(call) && !trail.includeGlobalServiceEvents) return false
  }
  return trail.advancedEventSelectors.length > 0
    ? trail.advancedEventSelectors.some((selector) => advancedSelects(selector, call))
    : trail.eventSelectors.some((selector) => basicSelects(selector, call))
}

/** https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-concepts.html (global service events) */
const isGlobal = ({ service }: PastCall) => service === 'iam' || service === 'sts'

function basicSelects(selector: BasicSelector, call: PastCall): boolean {
  const { ReadWriteType: kind = 'All', IncludeManagementEvents: isIncluded = true } = selector
  if (!isIncluded) return false
  if (selector.ExcludeManagementEventSources?.includes(sourceOf(call))) return false
  return kind === 'All' || kind === (call.readOnly ? 'ReadOnly' : 'WriteOnly')
}

/** All of a selector's fields must hold. Without a category it would be refused, and selects nothing here. */
const advancedSelects = ({ FieldSelectors: fields = [] }: AdvancedSelector, call: PastCall) =>
  fields.some(({ Field }) => Field === 'eventCategory') && fields.every((field) => holds(field, call))

const values: Readonly<Record<string, (call: PastCall) => string>> = {
  eventCategory: () => 'Management',
  readOnly: ({ readOnly }) => String(readOnly),
  eventSource: sourceOf,
  eventName: ({ action }) => action,
  eventType: () => 'AwsApiCall',
  'userIdentity.arn': ({ caller }) => caller.arn,
  sessionCredentialFromConsole: () => 'false',
}

/** https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_AdvancedFieldSelector.html */
function holds(field: FieldSelector, call: PastCall): boolean {
  const value = values[field.Field]?.(call)
  // Of a data event (`resources.ARN`, `resources.type`): no management event has it.
  if (value === undefined) return false
  const { Equals, StartsWith, EndsWith, NotEquals, NotStartsWith, NotEndsWith } = field
  return (
    anyOf(Equals, (each) => value === each) &&
    anyOf(StartsWith, (each) => value.startsWith(each)) &&
    anyOf(EndsWith, (each) => value.endsWith(each)) &&
    noneOf(NotEquals, (each) => value === each) &&
    noneOf(NotStartsWith, (each) => value.startsWith(each)) &&
    noneOf(NotEndsWith, (each) => value.endsWith(each))
  )
}

type Test = (value: string) => boolean
const anyOf = (list: readonly string[] | undefined, test: Test) => !list?.length || list.some(test)
const noneOf = (list: readonly string[] | undefined, test: Test) => !list?.some(test)

export function sourceOf({ service }: PastCall): string {
  return `${service}.amazonaws.com`
}
