/** Who can get at the bucket of the log files, and whether that is noticed. */
import {
  GetBucketAclCommand,
  GetBucketLoggingCommand,
  GetBucketPolicyStatusCommand,
  GetPublicAccessBlockCommand,
} from '@aws-sdk/client-s3'
import type { Account } from '../aws/account.ts'
import { AwsCallError } from '../aws/errors.ts'
import { type Fact, factOf, known, unknown } from '../aws/fact.ts'
import type { LogBucket, TrailPlace } from './facts.ts'

/** The buckets of all trails, each once: four calls for each. */
export async function lookAtLogBuckets(
  account: Account,
  trails: readonly Pick<TrailPlace, 'homeRegion' | 'bucket'>[],
): Promise<readonly LogBucket[]> {
  const byBucket = new Map(trails.map((trail) => [trail.bucket, trail]))
  const found: LogBucket[] = []
  for (const trail of byBucket.values()) found.push(await lookAtLogBucket(account, trail))
  return found
}

/** What AWS does not tell is a fact that is not known. */
async function lookAtLogBucket(
  account: Account,
  { homeRegion, bucket }: Pick<TrailPlace, 'homeRegion' | 'bucket'>,
): Promise<LogBucket> {
  const of = { Bucket: bucket }
  const ask = async <T>(permission: string, call: () => Promise<T>) =>
    ofBucket(bucket, await factOf(permission, call))
  const accessLogging = await ask('s3:GetBucketLogging', async () => {
    const { output } = await account.callS3(homeRegion, new GetBucketLoggingCommand(of))
    return output.LoggingEnabled !== undefined
  })
  const policy = await ask('s3:GetBucketPolicyStatus', () =>
    unless('NoSuchBucketPolicy', false, async () => {
      const { output } = await account.callS3(homeRegion, new GetBucketPolicyStatusCommand(of))
      return output.PolicyStatus?.IsPublic === true
    }),
  )
  const list = await ask('s3:GetBucketAcl', async () => {
    const { output } = await account.callS3(homeRegion, new GetBucketAclCommand(of))
    return (output.Grants ?? []).some(({ Grantee }) => everybody.has(Grantee?.URI ?? ''))
  })
  const block = await ask('s3:GetBucketPublicAccessBlock', () =>
    unless('NoSuchPublicAccessBlockConfiguration', noBlock, async () => {
      const { output } = await account.callS3(homeRegion, new GetPublicAccessBlockCommand(of))
      const { IgnorePublicAcls = false, RestrictPublicBuckets = false } =
        output.PublicAccessBlockConfiguration ?? {}
      return { ignoresLists: IgnorePublicAcls, restrictsPolicies: RestrictPublicBuckets }
    }),
  )
  return { name: bucket, accessLogging, isPublic: publicBy(policy, list, block) }
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#specifying-grantee-predefined-groups */
const everybody: ReadonlySet<string> = new Set([
  'http://acs.amazonaws.com/groups/global/AllUsers',
  'http://acs.amazonaws.com/groups/global/AuthenticatedUsers',
])

export interface PublicAccessBlock {
  readonly ignoresLists: boolean
  readonly restrictsPolicies: boolean
}

const noBlock: PublicAccessBlock = { ignoresLists: false, restrictsPolicies: false }

/**
 * Whether everybody gets in by the bucket's policy or by its access control list, and no block of the bucket keeps
 * them out. A block of the whole account is not looked at: a bucket should be safe without it.
 *
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
 */
export function publicBy(
  policy: Fact<boolean>,
  list: Fact<boolean>,
  block: Fact<PublicAccessBlock>,
): Fact<boolean> {
  const ways = [through(policy, block, 'restrictsPolicies'), through(list, block, 'ignoresLists')]
  const open = ways.find((way) => way.known && way.value)
  return open ?? ways.find((way) => !way.known) ?? known(false)
}

function through(
  door: Fact<boolean>,
  block: Fact<PublicAccessBlock>,
  shield: keyof PublicAccessBlock,
): Fact<boolean> {
  if (block.known && block.value[shield]) return known(false)
  if (!door.known || !door.value) return door
  return block.known ? known(true) : unknown(block.reason, block.missingPermission)
}

/** A bucket may be another account's, whose own policy must allow it as well. */
function ofBucket<T>(bucket: string, fact: Fact<T>): Fact<T> {
  if (fact.known) return fact
  const { reason, missingPermission } = fact
  const hint = missingPermission ? '; if it is another account’s, its own policy must allow it, too' : ''
  return unknown(`${reason} for the bucket ${bucket}${hint}`, missingPermission)
}

async function unless<T>(code: string, value: T, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof AwsCallError && error.code === code) return value
    throw error
  }
}
