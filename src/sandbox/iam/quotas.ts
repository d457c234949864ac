/** How much of each thing an account may have. */

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
export const defaultQuotas = {
  users: 5000,
  groups: 300,
  policies: 1500,
  groupsPerUser: 10,
  attachedPoliciesPerUser: 10,
  attachedPoliciesPerGroup: 10,
  versionsPerPolicy: 5,
  accessKeysPerUser: 2,
  mfaDevicesPerUser: 8,
  signingCertificatesPerUser: 2,
  sshPublicKeysPerUser: 5,
  serviceCredentialsPerUserAndService: 2,
  policySize: 6144,
  userPolicySize: 2048,
  groupPolicySize: 5120,
  roles: 1000,
  attachedPoliciesPerRole: 10,
  rolePolicySize: 10_240,
  serverCertificates: 20,
} as const
export type Quotas = { readonly [Name in keyof typeof defaultQuotas]: number }
