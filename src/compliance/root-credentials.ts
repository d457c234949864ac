import type { AccountSummary } from './snapshot.ts'

/**
 * Nobody can sign in as root: there is neither a password nor a key, as when an organization removed them.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-user-access-management.html
 */
export function rootHasNoCredentials({ entries, rootAccessKeys }: AccountSummary): boolean {
  return entries.AccountPasswordPresent === 0 && rootAccessKeys === 0
}
