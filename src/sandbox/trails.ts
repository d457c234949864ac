/** What an account remembers of a CloudTrail trail. */
export interface Trail {
  readonly name: string
  readonly arn: string
  readonly homeRegion: string
  s3BucketName: string
  s3KeyPrefix?: string
  isMultiRegionTrail: boolean
  includeGlobalServiceEvents: boolean
  logFileValidationEnabled: boolean
  isLogging: boolean
  /** Epoch milliseconds. */
  startedAt?: number
  stoppedAt?: number
  eventSelectors: readonly unknown[]
  advancedEventSelectors: readonly unknown[]
}
