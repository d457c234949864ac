/** All controls, in the order of the practices and, within one, of what matters most. */
import type { Control } from '../control.ts'
import { accessKeyAge } from './access-key-age.ts'
import { accessKeyMfa } from './access-key-mfa.ts'
import { administratorAwsPolicies } from './administrator-aws-policies.ts'
import { administratorCustomerPolicies } from './administrator-customer-policies.ts'
import { administratorInlinePolicies } from './administrator-inline-policies.ts'
import { cloudshellFullAccess } from './cloudshell-full-access.ts'
import { cloudtrailFullAccess } from './cloudtrail-full-access.ts'
import { consoleMfa } from './console-mfa.ts'
import { expiredServerCertificates } from './expired-server-certificates.ts'
import { foreignMembers } from './foreign-members.ts'
import { kmsFullAccess } from './kms-full-access.ts'
import { logBucketAccessLogging } from './log-bucket-access-logging.ts'
import { logBucketNotPublic } from './log-bucket-not-public.ts'
import { mfaEnforcement } from './mfa-enforcement.ts'
import { missingBoundaries } from './missing-boundaries.ts'
import { multiRegionTrail } from './multi-region-trail.ts'
import { passwordExpiry } from './password-expiry.ts'
import { passwordLowercase } from './password-lowercase.ts'
import { passwordMinimumLength } from './password-minimum-length.ts'
import { passwordNumber } from './password-number.ts'
import { passwordOwnChange } from './password-own-change.ts'
import { passwordReuse } from './password-reuse.ts'
import { passwordSymbol } from './password-symbol.ts'
import { passwordUppercase } from './password-uppercase.ts'
import { privilegeEscalation } from './privilege-escalation.ts'
import { privilegedMfa } from './privileged-mfa.ts'
import { rootAccessKeys } from './root-access-keys.ts'
import { rootCredentialsManagement } from './root-credentials-management.ts'
import { rootHardwareMfa } from './root-hardware-mfa.ts'
import { rootMfa } from './root-mfa.ts'
import { rootUse } from './root-use.ts'
import { s3ReadEvents } from './s3-read-events.ts'
import { s3WriteEvents } from './s3-write-events.ts'
import { samlProvider } from './saml-provider.ts'
import { setupAccessKeys } from './setup-access-keys.ts'
import { supportRole } from './support-role.ts'
import { trailCanary } from './trail-canary.ts'
import { trailCloudwatchLogs } from './trail-cloudwatch-logs.ts'
import { trailDelivery } from './trail-delivery.ts'
import { trailDeliveryErrors } from './trail-delivery-errors.ts'
import { trailDigestChain } from './trail-digest-chain.ts'
import { trailKmsEncryption } from './trail-kms-encryption.ts'
import { trailLogFileValidation } from './trail-log-file-validation.ts'
import { trailLogging } from './trail-logging.ts'
import { trailManagementEvents } from './trail-management-events.ts'
import { twoActiveKeys } from './two-active-keys.ts'
import { unmanagedGroups } from './unmanaged-groups.ts'
import { unmanagedUsers } from './unmanaged-users.ts'
import { unusedAccessKeys } from './unused-access-keys.ts'
import { unusedPasswords } from './unused-passwords.ts'
import { unusedPermissions } from './unused-permissions.ts'
import { userAttachedPolicies } from './user-attached-policies.ts'
import { userInlinePolicies } from './user-inline-policies.ts'
import { usersWithoutGroup } from './users-without-group.ts'

export const controls: readonly Control[] = [
  rootAccessKeys,
  rootMfa,
  rootHardwareMfa,
  rootUse,
  rootCredentialsManagement,
  multiRegionTrail,
  trailLogging,
  trailManagementEvents,
  trailDelivery,
  trailDeliveryErrors,
  trailCanary,
  trailDigestChain,
  trailLogFileValidation,
  trailKmsEncryption,
  trailCloudwatchLogs,
  logBucketNotPublic,
  logBucketAccessLogging,
  s3WriteEvents,
  s3ReadEvents,
  userAttachedPolicies,
  userInlinePolicies,
  usersWithoutGroup,
  foreignMembers,
  unmanagedUsers,
  unmanagedGroups,
  administratorCustomerPolicies,
  administratorAwsPolicies,
  administratorInlinePolicies,
  privilegeEscalation,
  missingBoundaries,
  cloudtrailFullAccess,
  kmsFullAccess,
  cloudshellFullAccess,
  supportRole,
  samlProvider,
  expiredServerCertificates,
  unusedPermissions,
  passwordMinimumLength,
  passwordUppercase,
  passwordLowercase,
  passwordNumber,
  passwordSymbol,
  passwordReuse,
  passwordExpiry,
  passwordOwnChange,
  accessKeyAge,
  unusedAccessKeys,
  unusedPasswords,
  twoActiveKeys,
  setupAccessKeys,
  consoleMfa,
  privilegedMfa,
  accessKeyMfa,
  mfaEnforcement,
]
