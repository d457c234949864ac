/** What CloudTrail says of the trails that record an account: plain data, as read. */
import type { Fact } from '../aws/fact.ts'

/**
 * A trail of the account or of its organization.
 * https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_Trail.html
 */
export interface TrailFacts {
  readonly arn: string
  readonly name: string
  readonly homeRegion: string
  readonly isMultiRegion: boolean
  readonly isOrganization: boolean
  readonly includesGlobalServices: boolean
  readonly bucket: string
  readonly keyPrefix: string | null
  readonly kmsKeyId: string | null
  readonly logFileValidation: boolean
  readonly cloudWatchLogsGroupArn: string | null
  readonly status: Fact<TrailStatus>
  readonly selectors: Fact<TrailSelectors>
}

/** https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetTrailStatus.html */
export interface TrailStatus {
  readonly isLogging: boolean
  readonly startedAt: Date | null
  readonly stoppedAt: Date | null
  readonly latestDeliveryAt: Date | null
  readonly latestDeliveryError: string | null
  readonly latestDigestAt: Date | null
  readonly latestDigestError: string | null
  readonly latestCloudWatchLogsDeliveryAt: Date | null
}

/** A trail has basic or advanced selectors, never both; several form a union. */
export interface TrailSelectors {
  readonly basic: readonly BasicSelector[]
  readonly advanced: readonly AdvancedSelector[]
}

/** https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_EventSelector.html */
export interface BasicSelector {
  readonly readWriteType: 'All' | 'ReadOnly' | 'WriteOnly'
  readonly includeManagementEvents: boolean
  readonly excludedSources: readonly string[]
  /** `AWS::S3::Object` with the ARNs, `arn:aws:s3` for all buckets. */
  readonly dataResources: readonly { readonly type: string; readonly values: readonly string[] }[]
}

/** https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_AdvancedEventSelector.html */
export interface AdvancedSelector {
  readonly fields: readonly AdvancedField[]
}

/** All tests of a field that are not empty must hold; within one test, any of its values. */
export interface AdvancedField {
  readonly field: string
  readonly equals: readonly string[]
  readonly startsWith: readonly string[]
  readonly endsWith: readonly string[]
  readonly notEquals: readonly string[]
  readonly notStartsWith: readonly string[]
  readonly notEndsWith: readonly string[]
}

/** Whether Muster's own calls were found in the log files that a trail delivered. */
export interface CanaryFacts {
  /** `warning` after 30 minutes without the call, `missing` after 2 hours. */
  readonly status: 'found' | 'waiting' | 'warning' | 'missing' | 'unknown'
  /** One sentence for whoever reads the report. */
  readonly reason: string | null
  /** The newest call of ours that was found. */
  readonly latest: CanarySighting | null
  /** The oldest call that is still being looked for, RFC 3339. */
  readonly waitingSince: string | null
  /**
   * Since when calls have been missing without a break: the oldest was made then, though it may be forgotten by now.
   * RFC 3339; null from the next one on that is found. An earlier Muster kept none.
   */
  readonly missingSince?: string | null
  /** Policy statements to add, where permission was missing. */
  readonly statementsToAdd: readonly Readonly<Record<string, unknown>>[]
  /** Log files that could not be read; null when there are none. */
  readonly unread: UnreadFacts | null
  readonly digest: DigestFacts
  /** RFC 3339; null before the first look. */
  readonly checkedAt: string | null
}

export interface UnreadFacts {
  readonly count: number
  readonly latestKey: string
  /** What AWS said of the latest. */
  readonly reason: string
}

export interface CanarySighting {
  readonly requestId: string
  readonly eventName: string
  readonly calledAt: string
  readonly foundAt: string
  readonly bucket: string
  readonly key: string
}

/** The chain of signed digest files. `off`: log file validation is not on. */
export interface DigestFacts {
  readonly status: 'valid' | 'broken' | 'waiting' | 'off' | 'unknown'
  readonly reason: string | null
  /** All log files up to this moment are accounted for, RFC 3339. */
  readonly validUntil: string | null
  /** What is wrong, object by object: up to fifty. Empty unless it is `broken`. */
  readonly faults: readonly DigestFaultFacts[]
  /** Of all, whether they are listed or not. */
  readonly faultCount: number
}

export interface DigestFaultFacts {
  /** `log-file-missing`: the list is in `digest.ts`; beside those `digest-absent` and `no-bucket`. */
  readonly kind: string
  readonly bucket: string
  readonly key: string
  /** One sentence. */
  readonly message: string
}

export const noFaults: Pick<DigestFacts, 'faults' | 'faultCount'> = { faults: [], faultCount: 0 }

/** When CloudTrail says that it delivered its last digest file of a Region. */
export interface DigestTold {
  readonly at: Date
  readonly region: string
}

/** A bucket that a trail delivers to: whoever reads or deletes there, reads or deletes the record. */
export interface LogBucket {
  readonly name: string
  /** Whether requests for its objects are logged themselves (`GetBucketLogging`). */
  readonly accessLogging: Fact<boolean>
  /** Whether its policy or its access control list lets everybody in (`GetBucketPolicyStatus`, `GetBucketAcl`). */
  readonly isPublic: Fact<boolean>
}

/** Where a trail delivers to, and under which name. */
export type TrailPlace = Pick<
  TrailFacts,
  'arn' | 'name' | 'homeRegion' | 'isOrganization' | 'bucket' | 'keyPrefix' | 'kmsKeyId' | 'logFileValidation'
>
