import { known } from '../../../../src/aws/fact.ts'
import type { CanaryFacts, LogBucket, TrailFacts } from '../../../../src/trail/facts.ts'
import {
  BUCKET,
  type Change,
  daysAgo,
  denied,
  fineStatus,
  fineTrail,
  hoursAgo,
  inOrder,
  put,
  ROOT,
  TRAIL,
  trails,
} from '../../accounts.ts'
import type { Row, Table } from '../row.ts'

const stopped = fineStatus({ isLogging: false })
const status = (change: Parameters<typeof fineStatus>[0]) => fineTrail({ status: known(fineStatus(change)) })
const basic = (change: object) =>
  fineTrail({
    selectors: known({
      basic: [
        {
          readWriteType: 'All',
          includeManagementEvents: true,
          excludedSources: [],
          dataResources: [],
          ...change,
        },
      ],
      advanced: [],
    }),
  })
const field = (name: string, change: object) => ({
  field: name,
  equals: [],
  startsWith: [],
  endsWith: [],
  notEquals: [],
  notStartsWith: [],
  notEndsWith: [],
  ...change,
})
const advanced = (...selectors: ReturnType<typeof field>[][]) =>
  fineTrail({ selectors: known({ basic: [], advanced: selectors.map((fields) => ({ fields })) }) })
const management = field('eventCategory', { equals: ['Management'] })
const objects = [
  field('eventCategory', { equals: ['Data'] }),
  field('resources.type', { equals: ['AWS::S3::Object'] }),
]

const singleRegion = (change: Partial<TrailFacts> = {}) =>
  fineTrail({ isMultiRegion: false, arn: `${TRAIL}-local`, name: 'main-local', ...change })
const ofOrganization = fineTrail({
  isOrganization: true,
  status: denied('cloudtrail:GetTrailStatus'),
  selectors: denied('cloudtrail:GetEventSelectors'),
})

const unread: Row['unknown'][number] = {
  says: 'trails may not be read',
  when: put({ trails: denied('cloudtrail:DescribeTrails') }),
  permissions: ['cloudtrail:DescribeTrails'],
}
const statusUnread: Row['unknown'][number] = {
  says: "the status of the organization's trail may not be read in a member account",
  when: trails(ofOrganization),
  permissions: ['cloudtrail:GetTrailStatus'],
}
const selectorsUnread: Row['unknown'][number] = {
  says: 'the selectors may not be read',
  when: trails(fineTrail({ selectors: denied('cloudtrail:GetEventSelectors') })),
  permissions: ['cloudtrail:GetEventSelectors'],
}
/** A trail of another Region alone, beside the one that reaches everywhere. */
const elsewhere = (change: Partial<TrailFacts>): Change =>
  put({ trailsElsewhere: known([singleRegion({ homeRegion: 'eu-west-1', ...change })]) })
const elsewhereUnread: Row['unknown'][number] = {
  says: 'trails of other Regions may not be listed',
  when: put({ trailsElsewhere: denied('cloudtrail:ListTrails') }),
  permissions: ['cloudtrail:ListTrails'],
}
const none = { says: 'there is no trail', when: trails(), names: [ROOT] }
const beside = (bad: TrailFacts) => ({ says: 'another trail has it not', when: trails(bad, fineTrail()) })

const canary =
  (change: Partial<CanaryFacts>): Change =>
  (account) => ({ ...account, canary: { ...account.canary, ...change } })
const digest =
  (change: Partial<CanaryFacts['digest']>): Change =>
  (account) =>
    canary({ digest: { ...account.canary.digest, ...change } })(account)
function broken(...keys: readonly string[]): Partial<CanaryFacts['digest']> {
  const faults = keys.map((key) => ({
    kind: 'log-file-altered',
    bucket: 'logs',
    key,
    message: `the log file ${key} was altered`,
  }))
  return { status: 'broken', reason: 'the first of them', faults, faultCount: faults.length }
}
const mayNotDecrypt = [{ Effect: 'Allow', Action: ['kms:Decrypt'], Resource: 'arn:aws:kms:x' }]
const canaryOpen: Row['unknown'] = [
  { says: 'nothing was looked for yet', when: canary({ checkedAt: null }) },
  {
    says: 'the last look was two days ago',
    when: canary({ checkedAt: daysAgo(2).toISOString() }),
  },
  { says: 'the last look is yet to come', when: canary({ checkedAt: hoursAgo(-1).toISOString() }) },
]

/** Two trails with a bucket each; the second bucket as given, or not looked at. */
const buckets = (second: Partial<LogBucket> | null): Change =>
  inOrder(
    trails(fineTrail(), singleRegion({ bucket: 'second' })),
    put({
      logBuckets: known([
        { name: BUCKET, accessLogging: known(true), isPublic: known(false) },
        ...(second
          ? [{ name: 'second', accessLogging: known(true), isPublic: known(false), ...second }]
          : []),
      ]),
    }),
  )
/** That of a trail of another Region alone, as given, or not looked at. */
const bucketElsewhere = (second: Partial<LogBucket> | null): Change =>
  inOrder(buckets(second), trails(fineTrail()), elsewhere({ bucket: 'second' }))
const bucketsUnread: Row['unknown'] = [
  unread,
  elsewhereUnread,
  {
    says: 'the bucket of a trail of another Region was not looked at',
    when: bucketElsewhere(null),
  },
  {
    says: 'no bucket was looked at yet',
    when: put({ logBuckets: denied('s3:GetBucketLogging') }),
    permissions: ['s3:GetBucketLogging'],
  },
  { says: 'the bucket of the second trail was not looked at', when: buckets(null) },
]
const withoutTrail = {
  says: 'there is no trail, and so no bucket to look at',
  when: inOrder(trails(), put({ logBuckets: denied('s3:GetBucketLogging') })),
}

const s3Events = (kind: 'read' | 'write', other: 'ReadOnly' | 'WriteOnly'): Row => {
  const data = (values: string[]) => [{ type: 'AWS::S3::Object', values }]
  return {
    fails: [
      { ...none },
      { says: 'no data events are recorded', when: trails(basic({})), names: [ROOT] },
      {
        says: `only the others are (${other})`,
        when: trails(basic({ readWriteType: other, dataResources: data(['arn:aws:s3']) })),
        names: [ROOT],
      },
      {
        says: 'only those of one bucket are',
        when: trails(basic({ dataResources: data(['arn:aws:s3:::one/']) })),
        names: [ROOT],
      },
      {
        says: 'only those of one bucket are, by an advanced selector',
        when: trails(advanced([...objects, field('resources.ARN', { startsWith: ['arn:aws:s3:::one/'] })])),
        names: [ROOT],
      },
      {
        says: 'those of one bucket are left out',
        when: trails(
          advanced([...objects, field('resources.ARN', { notStartsWith: ['arn:aws:s3:::one/'] })]),
        ),
        names: [ROOT],
      },
      {
        says: 'all buckets are named, and one is left out again',
        when: trails(
          advanced([
            ...objects,
            field('resources.ARN', {
              startsWith: ['arn:aws:s3:::'],
              notStartsWith: ['arn:aws:s3:::one/'],
            }),
          ]),
        ),
        names: [ROOT],
      },
      {
        says: 'only the others are, by an advanced selector',
        when: trails(advanced([...objects, field('readOnly', { equals: [String(kind !== 'read')] })])),
        names: [ROOT],
      },
      {
        says: 'only those of one operation are',
        when: trails(advanced([...objects, field('eventName', { equals: ['GetObject'] })])),
        names: [ROOT],
      },
      {
        says: 'other data events are, and no objects',
        when: trails(
          advanced([
            field('eventCategory', { equals: ['Data'] }),
            field('resources.type', { equals: ['AWS::Lambda::Function'] }),
          ]),
        ),
        names: [ROOT],
      },
      { says: 'only a trail of one Region records them', when: trails(singleRegion()), names: [ROOT] },
      {
        says: 'the trail that would record them was stopped',
        when: trails({ ...basic({ dataResources: data(['arn:aws:s3']) }), status: known(stopped) }),
        names: [ROOT],
      },
    ],
    unknown: [unread, statusUnread, selectorsUnread],
    passes: [
      { says: 'by an advanced selector', when: trails(advanced([management], objects)) },
      {
        says: 'by an advanced selector for just these',
        when: trails(advanced([...objects, field('readOnly', { equals: [String(kind === 'read')] })])),
      },
      {
        says: 'by an advanced selector that names all buckets',
        when: trails(advanced([...objects, field('resources.ARN', { startsWith: ['arn:aws:s3:::'] })])),
      },
      {
        says: 'by the longer way to say all buckets',
        when: trails(basic({ dataResources: data(['arn:aws:s3:::']) })),
      },
    ],
  }
}

export const cloudtrail: Table = {
  'multi-region-trail': {
    fails: [none, { says: 'the only trail is of one Region', when: trails(singleRegion()), names: [ROOT] }],
    unknown: [unread],
    passes: [
      beside(singleRegion()),
      { says: 'it is the organization that has it', when: trails(ofOrganization) },
    ],
  },
  'trail-logging': {
    fails: [
      none,
      { says: 'the trail was stopped', when: trails(status({ isLogging: false })), names: [ROOT] },
      {
        says: 'only a trail of one Region logs',
        when: trails(singleRegion(), status({ isLogging: false })),
        names: [ROOT],
      },
    ],
    unknown: [unread, statusUnread],
    passes: [
      beside(status({ isLogging: false })),
      { says: "one trail logs and another's status is not known", when: trails(ofOrganization, fineTrail()) },
    ],
  },
  'trail-management-events': {
    fails: [
      none,
      {
        says: 'only writes are recorded',
        when: trails(basic({ readWriteType: 'WriteOnly' })),
        names: [ROOT],
      },
      { says: 'only reads are recorded', when: trails(basic({ readWriteType: 'ReadOnly' })), names: [ROOT] },
      {
        says: 'no management events are recorded',
        when: trails(basic({ includeManagementEvents: false })),
        names: [ROOT],
      },
      { says: 'there is only an advanced selector for data', when: trails(advanced(objects)), names: [ROOT] },
      {
        says: 'an advanced selector leaves out reads',
        when: trails(advanced([management, field('readOnly', { equals: ['false'] })])),
        names: [ROOT],
      },
      {
        says: 'an advanced selector leaves out IAM',
        when: trails(advanced([management, field('eventSource', { notEquals: ['iam.amazonaws.com'] })])),
        names: [ROOT],
      },
      {
        says: 'KMS and the RDS Data API are left out, as AWS offers it',
        when: trails(basic({ excludedSources: ['kms.amazonaws.com', 'rdsdata.amazonaws.com'] })),
        names: [ROOT],
      },
      {
        says: 'an advanced selector leaves out KMS',
        when: trails(advanced([management, field('eventSource', { notEquals: ['kms.amazonaws.com'] })])),
        names: [ROOT],
      },
      {
        says: 'the trail with the right selectors was stopped, and the one that logs is blind',
        when: trails(status({ isLogging: false }), basic({ includeManagementEvents: false })),
        names: [ROOT],
      },
    ],
    unknown: [unread, statusUnread, selectorsUnread],
    passes: [
      {
        says: 'reads and writes are recorded by two selectors',
        when: trails(
          advanced(
            [management, field('readOnly', { equals: ['true'] })],
            [management, field('readOnly', { equals: ['false'] })],
          ),
        ),
      },
    ],
  },
  'trail-delivery': {
    fails: [
      none,
      {
        says: 'the last delivery was 25 hours ago',
        when: trails(status({ latestDeliveryAt: hoursAgo(25) })),
        names: [ROOT],
      },
      {
        says: 'nothing was ever delivered, though there was no error either',
        when: trails(status({ latestDeliveryAt: null })),
        names: [ROOT],
      },
    ],
    unknown: [
      unread,
      statusUnread,
      {
        says: 'the trail has begun a few minutes ago',
        when: trails(status({ latestDeliveryAt: null, startedAt: hoursAgo(0.1) })),
      },
    ],
    passes: [
      {
        says: 'it delivered in spite of an error',
        when: trails(status({ latestDeliveryError: 'AccessDenied' })),
      },
    ],
  },
  'trail-delivery-errors': {
    fails: [
      none,
      {
        says: 'log files could not be delivered',
        when: trails(status({ latestDeliveryError: 'AccessDenied' })),
        names: [TRAIL],
        message: /log files: AccessDenied/,
      },
      {
        says: 'digest files could not be delivered',
        when: trails(status({ latestDigestError: 'NoSuchBucket' })),
        names: [TRAIL],
        message: /digest files: NoSuchBucket/,
      },
    ],
    unknown: [
      unread,
      statusUnread,
      {
        says: 'one trail has an error and the status of another is not known',
        when: trails(
          status({ latestDeliveryError: 'AccessDenied' }),
          fineTrail({ status: denied('cloudtrail:GetTrailStatus') }),
        ),
        finds: [TRAIL],
      },
      elsewhereUnread,
    ],
  },
  'trail-canary': {
    fails: [
      {
        says: 'calls are not in the log files after two hours',
        when: canary({ status: 'missing', waitingSince: hoursAgo(3).toISOString() }),
        names: [`${ROOT}/calls-missing-since/${hoursAgo(3).toISOString()}`],
        message: /since 2026-11-25T09:00/,
      },
      {
        says: 'they have been missing for so long that the first is forgotten',
        when: canary({
          status: 'missing',
          waitingSince: hoursAgo(24).toISOString(),
          missingSince: daysAgo(3).toISOString(),
        }),
        names: [`${ROOT}/calls-missing-since/${daysAgo(3).toISOString()}`],
      },
    ],
    unknown: [
      ...canaryOpen,
      { says: 'a call may still be on its way', when: canary({ status: 'waiting', waitingSince: 'x' }) },
      { says: 'a call is late', when: canary({ status: 'warning', waitingSince: 'x' }) },
      {
        says: 'no trail delivers any more to where the call was found',
        when: trails(fineTrail({ bucket: 'another' })),
      },
      {
        says: 'the log files may not be decrypted',
        when: canary({ status: 'unknown', reason: 'No permission', statementsToAdd: mayNotDecrypt }),
        permissions: ['kms:Decrypt'],
      },
    ],
  },
  'trail-digest-chain': {
    fails: [
      {
        says: 'a log file was changed',
        when: digest(broken('x.json.gz', 'a b*%\0ä.json.gz')),
        names: ['arn:aws:s3:::logs/a%20b%2A%25%00%C3%A4.json.gz', 'arn:aws:s3:::logs/x.json.gz'],
        message: /json\.gz was altered/,
      },
      {
        says: 'more was changed than is listed',
        when: digest({ ...broken('x.json.gz'), faultCount: 9 }),
        names: ['arn:aws:s3:::*', 'arn:aws:s3:::logs/x.json.gz'],
        message: /altered/,
      },
      {
        says: 'all that is known is that it is broken',
        when: digest({ status: 'broken', reason: 'Something was altered' }),
        names: ['arn:aws:s3:::*'],
        message: /Something was altered/,
      },
      { says: 'there is no chain', when: digest({ status: 'off' }), names: [ROOT] },
    ],
    unknown: [
      ...canaryOpen,
      { says: 'the first digest file has not come', when: digest({ status: 'waiting' }) },
      {
        says: 'digest files may not be read',
        when: (account) =>
          digest({ status: 'unknown', reason: 'No permission' })(
            canary({ statementsToAdd: [{ Action: 's3:GetObject' }] })(account),
          ),
        permissions: ['s3:GetObject'],
      },
    ],
  },
  'trail-log-file-validation': {
    fails: [
      none,
      {
        says: 'one of two trails does not validate',
        when: trails(fineTrail(), singleRegion({ logFileValidation: false })),
        names: [`${TRAIL}-local`],
      },
      {
        says: 'a trail of another Region does not validate',
        when: elsewhere({ logFileValidation: false }),
        names: [`${TRAIL}-local`],
      },
    ],
    unknown: [unread, elsewhereUnread],
  },
  'trail-kms-encryption': {
    fails: [
      none,
      {
        says: 'one of two trails has no key',
        when: trails(fineTrail(), singleRegion({ kmsKeyId: null })),
        names: [`${TRAIL}-local`],
      },
      {
        says: 'a trail of another Region has no key',
        when: elsewhere({ kmsKeyId: null }),
        names: [`${TRAIL}-local`],
      },
    ],
    unknown: [unread, elsewhereUnread],
  },
  'trail-cloudwatch-logs': {
    fails: [
      none,
      {
        says: 'a trail has no log group',
        when: trails(fineTrail({ cloudWatchLogsGroupArn: null })),
        names: [TRAIL],
      },
      {
        says: 'nothing was sent for 25 hours',
        when: trails(status({ latestCloudWatchLogsDeliveryAt: hoursAgo(25) })),
        names: [TRAIL],
      },
      {
        says: 'nothing was ever sent',
        when: trails(status({ latestCloudWatchLogsDeliveryAt: null })),
        names: [TRAIL],
      },
      {
        says: 'the status is not known, but that there is no log group is',
        when: trails(
          fineTrail({ cloudWatchLogsGroupArn: null, status: denied('cloudtrail:GetTrailStatus') }),
        ),
        names: [TRAIL],
      },
    ],
    unknown: [unread, statusUnread],
  },
  'log-bucket-not-public': {
    fails: [
      {
        says: 'one of the buckets is open to everybody',
        when: buckets({ isPublic: known(true) }),
        names: ['arn:aws:s3:::second'],
      },
      {
        says: 'that of a trail of another Region is open to everybody',
        when: bucketElsewhere({ isPublic: known(true) }),
        names: ['arn:aws:s3:::second'],
      },
    ],
    unknown: [
      ...bucketsUnread,
      {
        says: 'the policy of a bucket of another account may not be read',
        when: buckets({ isPublic: denied('s3:GetBucketPolicyStatus') }),
        permissions: ['s3:GetBucketPolicyStatus'],
      },
    ],
    passes: [withoutTrail],
  },
  'log-bucket-access-logging': {
    fails: [
      {
        says: 'requests to one of the buckets are not logged',
        when: buckets({ accessLogging: known(false) }),
        names: ['arn:aws:s3:::second'],
      },
      {
        says: 'requests to that of a trail of another Region are not logged',
        when: bucketElsewhere({ accessLogging: known(false) }),
        names: ['arn:aws:s3:::second'],
      },
    ],
    unknown: [
      ...bucketsUnread,
      {
        says: 'one bucket may not be asked, and another is bad for sure',
        when: inOrder(
          buckets({}),
          put({
            logBuckets: known([
              { name: BUCKET, accessLogging: denied('s3:GetBucketLogging'), isPublic: known(false) },
              { name: 'second', accessLogging: known(false), isPublic: known(false) },
            ]),
          }),
        ),
        permissions: ['s3:GetBucketLogging'],
        finds: ['arn:aws:s3:::second'],
      },
    ],
    passes: [withoutTrail],
  },
  's3-write-events': s3Events('write', 'ReadOnly'),
  's3-read-events': s3Events('read', 'WriteOnly'),
}
