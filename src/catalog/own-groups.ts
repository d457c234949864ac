/**
 * Muster's own two groups, there in every account whatever the catalog says. Why the baseline is as it is:
 * docs/adr/0003-baseline-policy.md.
 */
import { BASELINE, type PolicyDoc, type PolicyDocument } from './catalog.ts'

export interface Place {
  /** `aws`, `aws-cn`, `aws-us-gov`, `aws-eusc`. */
  readonly partition: string
  /** Where Muster's users are, `/muster/`. */
  readonly path: string
}

/** The two actions that need no MFA: a first sign-in with a password that must be changed may need them. */
const WITHOUT_MFA = ['iam:ChangePassword', 'iam:GetAccountPasswordPolicy'] as const

/** Nobody takes away an MFA device, not even their own: that is Muster's work. */
export const NEVER = ['iam:DeactivateMFADevice', 'iam:DeleteVirtualMFADevice'] as const

/** What a person may do with their own user. Making a key or a password is not among it: Muster does that. */
const OWN_USER = [
  'iam:ChangePassword',
  'iam:DeleteAccessKey',
  'iam:EnableMFADevice',
  'iam:GetAccessKeyLastUsed',
  'iam:GetLoginProfile',
  'iam:GetMFADevice',
  'iam:GetUser',
  'iam:ListAccessKeys',
  'iam:ListMFADevices',
  'iam:ResyncMFADevice',
  'iam:UpdateAccessKey',
] as const

/** These name no resource; IAM knows them on `*` only. */
const WHOLE_ACCOUNT = ['iam:GetAccountPasswordPolicy', 'iam:ListVirtualMFADevices'] as const

/** The baseline: what everybody may do with themselves, and nothing at all without MFA. */
export function baselinePolicy({ partition, path }: Place): PolicyDoc {
  const document = {
    Version: '2012-10-17',
    Statement: [
      { Sid: 'SeeWhatIsNeeded', Effect: 'Allow', Action: WHOLE_ACCOUNT, Resource: '*' },
      { Sid: 'OwnUser', Effect: 'Allow', Action: OWN_USER, Resource: ownUser(partition, path) },
      {
        Sid: 'MoreMfaDevices',
        Effect: 'Allow',
        Action: 'iam:CreateVirtualMFADevice',
        Resource: ownDevices(partition, path),
      },
      {
        Sid: 'NothingWithoutMfa',
        Effect: 'Deny',
        NotAction: WITHOUT_MFA,
        Resource: '*',
        // The key is absent from requests made with a long-term access key, hence IfExists:
        // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-multifactorauthpresent
        Condition: { BoolIfExists: { 'aws:MultiFactorAuthPresent': 'false' } },
      },
      { Sid: 'NobodyDropsMfa', Effect: 'Deny', Action: NEVER, Resource: '*' },
    ],
  } satisfies PolicyDocument
  return { file: BASELINE, name: BASELINE, document }
}

/** The policy of the quarantine group, which AWS keeps in every account. */
export function denyAllArn(partition: string): string {
  return `arn:${partition}:iam::aws:policy/AWSDenyAll`
}

export interface SelfServiceRequest {
  readonly action: string
  readonly resource: string
  readonly mfa: boolean
}

/** Every kind of request that the baseline allows the user of that name; a boundary must let each of them pass. */
export function selfServiceRequests(place: Place, accountId: string, userName: string): SelfServiceRequest[] {
  const arn = (pattern: string) =>
    pattern.replace('::*:', `::${accountId}:`).replaceAll('${aws:username}', userName)
  const user = arn(ownUser(place.partition, place.path))
  const devices = ownDevices(place.partition, place.path).map((pattern) => arn(pattern).replace('?', '2'))
  return [
    { action: 'iam:ChangePassword', resource: user, mfa: false },
    { action: 'iam:GetAccountPasswordPolicy', resource: '*', mfa: false },
    ...OWN_USER.map((action) => ({ action, resource: user, mfa: true })),
    ...WHOLE_ACCOUNT.map((action) => ({ action, resource: '*', mfa: true })),
    ...devices.map((resource) => ({ action: 'iam:CreateVirtualMFADevice', resource, mfa: true })),
  ]
}

/** `${aws:username}` is the bare name and does not cover a path, so the path stands before it. */
function ownUser(partition: string, path: string): string {
  return `arn:${partition}:iam::*:user${path}\${aws:username}`
}

/**
 * Devices called after their owner: `ada.lovelace`, `ada.lovelace-2`, under Muster's path or (the console knows
 * no other) none. One more character and not `*`, so that nobody can use up the account's quota of devices.
 */
function ownDevices(partition: string, path: string): string[] {
  return [...new Set(['/', path])].flatMap((prefix) =>
    ['${aws:username}', '${aws:username}-?'].map((name) => `arn:${partition}:iam::*:mfa${prefix}${name}`),
  )
}
