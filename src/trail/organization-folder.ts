/** Where an organization's trail puts the files of an account. */
import type { Account } from '../aws/account.ts'
import { listFolders } from './bucket-calls.ts'
import type { TrailPlace } from './facts.ts'
import { accountFolder, type LogPlace, organizationsBelow, organizationsIn } from './log-keys.ts'

/**
 * The organization whose folder has this account's files; null when there is none yet. What is listed here is what the
 * statement in `log-access.ts` allows to be listed, to the letter: S3 matches the prefix that a request names.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/amazon-s3-policy-keys.html
 *
 * @throws AwsCallError
 */
export async function findOrganization(
  account: Account,
  trail: TrailPlace,
  place: LogPlace,
): Promise<string | null> {
  const folders = await listFolders(account, trail.homeRegion, place.bucket, organizationsBelow(place))
  for (const organizationId of organizationsIn(folders)) {
    const folders = `${accountFolder({ ...place, organizationId })}CloudTrail`
    const inside = await listFolders(account, trail.homeRegion, place.bucket, folders)
    if (inside.length > 0) return organizationId
  }
  return null
}
