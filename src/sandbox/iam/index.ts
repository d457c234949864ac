/** IAM as a state machine in this process: an account, and calls upon it. No HTTP, no clock, no I/O. */
import { administratorOf } from '../identities.ts'
import { type Answer, type CallContext, type OperationTable, perform } from '../operation.ts'
import { createBuckets } from '../s3/buckets.ts'
import { accessKeyOperations } from './access-keys.ts'
import { accountOperations } from './account.ts'
import type { Account } from './account-data.ts'
import { attachmentOperations } from './attachments.ts'
import { authorizationDetailsOperations } from './authorization-details.ts'
import { credentialReportOperations } from './credential-report.ts'
import { groupOperations } from './groups.ts'
import { lastAccessedOperations } from './last-accessed.ts'
import { loginProfileOperations } from './login-profiles.ts'
import { mfaOperations } from './mfa.ts'
import { organizationOperations } from './organization.ts'
import { passwordPolicyOperations } from './password-policy.ts'
import { policyOperations } from './policies.ts'
import { roleOperations } from './roles.ts'
import { samlProviderOperations } from './saml-providers.ts'
import { serverCertificateOperations } from './server-certificates.ts'
import { serviceCredentialOperations } from './service-credentials.ts'
import { signingCertificateOperations, sshKeyOperations } from './uploaded-keys.ts'
import { userOperations } from './users.ts'

export { administratorOf } from '../identities.ts'
export type { Answer, CallContext, Caller } from '../operation.ts'
export type { Account, Group, User } from './account-data.ts'
export { type AccountOptions, createAccount } from './account-state.ts'
export type { Quotas } from './quotas.ts'

export const iamOperations: OperationTable = {
  ...userOperations,
  ...groupOperations,
  ...attachmentOperations,
  ...policyOperations,
  ...loginProfileOperations,
  ...accessKeyOperations,
  ...sshKeyOperations,
  ...signingCertificateOperations,
  ...serviceCredentialOperations,
  ...mfaOperations,
  ...passwordPolicyOperations,
  ...accountOperations,
  ...credentialReportOperations,
  ...authorizationDetailsOperations,
  ...roleOperations,
  ...serverCertificateOperations,
  ...samlProviderOperations,
  ...organizationOperations,
  ...lastAccessedOperations,
}

/**
 * Performs one IAM call on `account`, in place. Parameters and outputs are shaped as the SDK's, but moments
 * are texts (`2026-11-23T09:00:00Z`), and `SummaryMap` is a `Map`. A refused call changes nothing, and is
 * answered (`ok: false`), not thrown.
 */
export function callIam(
  account: Account,
  action: string,
  params: Readonly<Record<string, unknown>>,
  context: Pick<CallContext, 'now'> & Partial<CallContext>,
): Answer {
  const caller = context.caller ?? administratorOf(account)
  return perform(iamOperations, account, action, params, { ...nothingElse, caller, ...context })
}

/** IAM asks for none of it. */
const nothingElse = { region: 'us-east-1', buckets: createBuckets(), history: () => [], eventLagMs: 0 }
