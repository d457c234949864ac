/** What is asked of the sandbox and of moto alike, in this order. */
import { attachments } from './attachments.ts'
import { buckets } from './buckets.ts'
import { credentials } from './credentials.ts'
import { groups } from './groups.ts'
import { boundaries, leavers, letThrough } from './lax.ts'
import { mfa } from './mfa.ts'
import { policies } from './policies.ts'
import { lastAccessed, roles } from './roles.ts'
import type { Step } from './step.ts'
import { theAccount } from './the-account.ts'
import { trails } from './trails.ts'
import { users } from './users.ts'

export const script: readonly Step[] = [
  ...users,
  ...groups,
  ...policies,
  ...attachments,
  ...credentials,
  ...mfa,
  ...roles,
  ...theAccount,
  ...boundaries,
  ...buckets,
  ...trails,
  ...leavers,
  ...letThrough,
  ...lastAccessed,
]
