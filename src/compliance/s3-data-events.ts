/**
 * Whether selectors record what is read from, or written to, the objects of all buckets.
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-data-events-with-cloudtrail.html
 */
import type { AdvancedField, AdvancedSelector, BasicSelector, TrailSelectors } from '../trail/facts.ts'

export type DataEvents = 'read' | 'write'

export function recordsAllObjects(selectors: TrailSelectors, kind: DataEvents): boolean {
  return (
    selectors.basic.some((selector) => basicRecords(selector, kind)) ||
    selectors.advanced.some((selector) => advancedRecords(selector, kind))
  )
}

const readWriteTypeOf: Readonly<Record<DataEvents, BasicSelector['readWriteType']>> = {
  read: 'ReadOnly',
  write: 'WriteOnly',
}

/** `arn:aws:s3` and `arn:aws:s3:::` both mean all buckets, those to come too. */
function basicRecords({ readWriteType, dataResources }: BasicSelector, kind: DataEvents): boolean {
  return (
    (readWriteType === 'All' || readWriteType === readWriteTypeOf[kind]) &&
    dataResources.some(
      ({ type, values }) =>
        type === 'AWS::S3::Object' && values.some((value) => /^arn:[^:]+:s3(:::(\*\/\*)?)?$/.test(value)),
    )
  )
}

function advancedRecords({ fields }: AdvancedSelector, kind: DataEvents): boolean {
  const isAsked = (name: string, test: (field: AdvancedField) => boolean) =>
    fields.some((field) => field.field === name && test(field))
  return (
    isAsked('eventCategory', ({ equals }) => equals.includes('Data')) &&
    isAsked('resources.type', ({ equals }) => equals.includes('AWS::S3::Object')) &&
    fields.every((field) => leavesNothingOut(field, kind))
  )
}

/** A test of a bucket's or an operation's name leaves the others out. */
function leavesNothingOut(field: AdvancedField, kind: DataEvents): boolean {
  const { equals, startsWith, endsWith, notEquals, notStartsWith, notEndsWith } = field
  const excludes = [...notEquals, ...notStartsWith, ...notEndsWith].length > 0
  if (field.field === 'eventCategory' || field.field === 'resources.type') return !excludes
  if (field.field === 'readOnly')
    return (
      (equals.length === 0 || equals.includes(String(kind === 'read'))) &&
      !notEquals.includes(String(kind === 'read'))
    )
  if (field.field === 'resources.ARN')
    return (
      !excludes &&
      equals.length === 0 &&
      endsWith.length === 0 &&
      startsWith.some((prefix) => /^arn:[^:]+:s3:{0,3}$/.test(prefix))
    )
  return false
}
