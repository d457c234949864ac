/** What an account remembers of its CloudTrail trails, as plain data. */

/** All moments are epoch milliseconds. */
export interface Trail {
  readonly name: string
  readonly arn: string
  readonly homeRegion: string
  s3BucketName: string
  s3KeyPrefix?: string | undefined
  snsTopicName?: string | undefined
  isMultiRegionTrail: boolean
  isOrganizationTrail?: boolean
  includeGlobalServiceEvents: boolean
  logFileValidationEnabled: boolean
  kmsKeyId?: string | undefined
  cloudWatchLogsLogGroupArn?: string | undefined
  cloudWatchLogsRoleArn?: string | undefined
  isLogging: boolean
  startedAt?: number
  stoppedAt?: number
  eventSelectors: readonly BasicSelector[]
  advancedEventSelectors: readonly AdvancedSelector[]
  /** Set by whoever wants to see the trail fail: what S3 says to its deliveries, `AccessDenied`. */
  deliveryError?: string | undefined
  /** The same for CloudWatch Logs. */
  cloudWatchLogsDeliveryError?: string | undefined
  /** The newest delivery that succeeded. */
  deliveredAt?: number
  /** Until when delivery was last seen to fail. */
  failedAt?: number
  /** Where the chain of digests begins; digests are made from here on. */
  digestsFrom?: number
  digestedAt?: number
  /** The end of the chain, by Region. */
  digestChains?: Readonly<Record<string, DigestLink>>
  /** Log files that no digest has yet. */
  undigested?: readonly DeliveredLogFile[]
}

/** https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_EventSelector.html */
export interface BasicSelector {
  readonly ReadWriteType?: string
  readonly IncludeManagementEvents?: boolean
  readonly DataResources?: readonly object[]
  readonly ExcludeManagementEventSources?: readonly string[]
}

/** https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_AdvancedEventSelector.html */
export interface AdvancedSelector {
  readonly Name?: string
  readonly FieldSelectors?: readonly FieldSelector[]
}
export interface FieldSelector {
  readonly Field: string
  readonly Equals?: readonly string[]
  readonly StartsWith?: readonly string[]
  readonly EndsWith?: readonly string[]
  readonly NotEquals?: readonly string[]
  readonly NotStartsWith?: readonly string[]
  readonly NotEndsWith?: readonly string[]
}

/** A digest as the next one refers to it. */
export interface DigestLink {
  readonly endsAt: number
  readonly bucket?: string
  readonly key?: string
  readonly hash?: string
  readonly signature?: string
}

export interface DeliveredLogFile {
  readonly region: string
  readonly at: number
  readonly bucket: string
  readonly key: string
  /** SHA-256 of the uncompressed content, in hexadecimal. */
  readonly hash: string
  readonly oldestEventTime: string
  readonly newestEventTime: string
}

/** A Region's pair of keys. Made when its first digest is; the private half is worth nothing outside. */
export interface DigestKey {
  readonly region: string
  readonly privateKeyPem: string
  /** PKCS #1, DER, base64. */
  readonly publicKey: string
  readonly fingerprint: string
  /** Epoch milliseconds. */
  readonly validFrom: number
  readonly validUntil: number
}
