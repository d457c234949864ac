/** Trails as CloudTrail would tell of them: one that is as it should be, to be changed by each test. */
import { known } from '../../src/aws/fact.ts'
import type {
  AdvancedField,
  AdvancedSelector,
  TrailFacts,
  TrailSelectors,
  TrailStatus,
} from '../../src/trail/facts.ts'

const status: TrailStatus = {
  isLogging: true,
  startedAt: new Date('2026-11-01T00:00:00Z'),
  stoppedAt: null,
  latestDeliveryAt: new Date('2026-11-23T08:55:00Z'),
  latestDeliveryError: null,
  latestDigestAt: new Date('2026-11-23T08:30:00Z'),
  latestDigestError: null,
  latestCloudWatchLogsDeliveryAt: new Date('2026-11-23T08:55:00Z'),
}

export const everything: TrailSelectors = {
  basic: [{ readWriteType: 'All', includeManagementEvents: true, excludedSources: [], dataResources: [] }],
  advanced: [],
}

export function trail(change: Partial<TrailFacts> = {}): TrailFacts {
  return {
    arn: 'arn:aws:cloudtrail:us-east-1:123456789012:trail/main',
    name: 'main',
    homeRegion: 'us-east-1',
    isMultiRegion: true,
    isOrganization: false,
    includesGlobalServices: true,
    bucket: 'logs',
    keyPrefix: null,
    kmsKeyId: 'arn:aws:kms:us-east-1:123456789012:key/1',
    logFileValidation: true,
    cloudWatchLogsGroupArn: null,
    status: known(status),
    selectors: known(everything),
    ...change,
  }
}

export const stopped = known({ ...status, isLogging: false })

export function field(name: string, test: Partial<Omit<AdvancedField, 'field'>>): AdvancedField {
  const none = { equals: [], startsWith: [], endsWith: [], notEquals: [], notStartsWith: [], notEndsWith: [] }
  return { field: name, ...none, ...test }
}

export const advanced = (...selectors: readonly (readonly AdvancedField[])[]): TrailSelectors => ({
  basic: [],
  advanced: selectors.map((fields): AdvancedSelector => ({ fields })),
})
