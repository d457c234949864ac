/** What the event selectors of a trail let it record: the union of all that they name. */
import type { TrailSelectors } from './facts.ts'

/** The services whose events say who did what to users: without them, nothing that Muster does is on record. */
const sources = ['iam.amazonaws.com', 'sts.amazonaws.com']

/** Whether a trail with these selectors records what is read and written of IAM and STS. */
export function recordsIam(selectors: TrailSelectors): {
  readonly read: boolean
  readonly write: boolean
  /** Of the two services, those of whose management events something is left out. */
  readonly blindTo: readonly string[]
} {
  const covered = (source: string, kind: 'ReadOnly' | 'WriteOnly') =>
    selectors.basic.some(
      ({ includeManagementEvents, readWriteType, excludedSources }) =>
        includeManagementEvents &&
        (readWriteType === 'All' || readWriteType === kind) &&
        !excludedSources.includes(source),
    ) ||
    selectors.advanced.some(({ fields }) => {
      const asked = (name: string) => fields.find(({ field }) => field === name)
      const isOther = fields.some(
        ({ field }) => !['eventCategory', 'readOnly', 'eventSource'].includes(field),
      )
      const readOnly = asked('readOnly')
      const sourceTest = asked('eventSource')
      return (
        !isOther &&
        asked('eventCategory')?.equals.includes('Management') === true &&
        (readOnly === undefined || readOnly.equals.includes(String(kind === 'ReadOnly'))) &&
        !(sourceTest?.notEquals.includes(source) ?? false) &&
        (sourceTest === undefined || sourceTest.equals.length === 0 || sourceTest.equals.includes(source))
      )
    })
  return {
    read: sources.every((source) => covered(source, 'ReadOnly')),
    write: sources.every((source) => covered(source, 'WriteOnly')),
    blindTo: sources.filter((source) => !covered(source, 'ReadOnly') || !covered(source, 'WriteOnly')),
  }
}
