/** Everything about one account that controls judge by: plain data, gathered within a fixed number of calls. */
import type { Fact } from '../aws/fact.ts'
import type { PolicyDocument } from '../catalog/catalog.ts'
import type { CredentialReport } from '../credentials/credential-report.ts'
import type { RolesFound } from '../store/compliance-tables.ts'
import type { IdentityState, PasswordPolicy } from '../store/schema.ts'
import type { CanaryFacts, LogBucket, TrailFacts } from '../trail/facts.ts'

export type { CredentialReport, ReportedKey, ReportedUser } from '../credentials/credential-report.ts'

export interface AccountSnapshot {
  readonly accountId: string
  readonly partition: string
  /** When gathering began: nothing in it is older, the credential report apart. */
  readonly takenAt: Date
  readonly summary: Fact<AccountSummary>
  readonly report: Fact<CredentialReport>
  readonly authorization: Fact<Authorization>
  /** Inline policies of roles, read along where there are few enough, or up to two days ago. */
  readonly roles: Fact<RolesRead>
  /** Assigned ones, root's included. */
  readonly virtualMfaDevices: Fact<readonly VirtualMfaDevice[]>
  /** Null when the account has none. */
  readonly passwordPolicy: Fact<PasswordPolicy | null>
  /** Those that reach into IAM's Region; and those of one other Region alone. */
  readonly trails: Fact<readonly TrailFacts[]>
  readonly trailsElsewhere: Fact<readonly TrailFacts[]>
  readonly canary: CanaryFacts
  /** The buckets that the trails deliver to, each once. */
  readonly logBuckets: Fact<readonly LogBucket[]>
  readonly serverCertificates: Fact<readonly { readonly name: string; readonly expiresAt: Date }[]>
  readonly samlProviders: Fact<readonly string[]>
  /** Which roles, groups and users carry `AWSSupportAccess`, and `AWSCloudShellFullAccess`. */
  readonly supportAccess: Fact<PolicyHolders>
  readonly cloudShellFullAccess: Fact<PolicyHolders>
  readonly rootCredentialsManagement: Fact<RootCredentialsManagement>
  /** What Muster knows and wants. */
  readonly muster: MusterFacts
  /** By group name: what its members used; empty before the first look. */
  readonly usage: readonly GroupUsage[]
}

/** Whether the organization manages root credentials centrally; only its own accounts for that can tell. */
export type RootCredentialsManagement = 'on' | 'off' | 'no-organization' | 'member-account'

/** https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountSummary.html */
export interface AccountSummary {
  readonly rootHasMfa: boolean
  readonly rootAccessKeys: number
  /** Every entry, by AWS's own name. */
  readonly entries: Readonly<Record<string, number>>
}

/** As `GetAccountAuthorizationDetails` tells it. */
export interface Authorization {
  readonly users: readonly AuthorizedUser[]
  readonly groups: readonly AuthorizedGroup[]
  /** Customer managed ones, and those of AWS that are attached. */
  readonly policies: readonly AuthorizedPolicy[]
}

export interface RolesRead extends RolesFound {
  readonly readAt: Date
}

export interface AuthorizedUser {
  readonly userName: string
  readonly userId: string
  readonly arn: string
  readonly path: string
  readonly createdAt: Date
  readonly groups: readonly string[]
  readonly attachedPolicyArns: readonly string[]
  readonly inlinePolicies: readonly InlinePolicy[]
  readonly boundaryArn: string | null
  readonly tags: Readonly<Record<string, string>>
}

export interface AuthorizedGroup {
  readonly groupName: string
  readonly groupId: string
  readonly arn: string
  readonly path: string
  readonly createdAt: Date
  readonly attachedPolicyArns: readonly string[]
  readonly inlinePolicies: readonly InlinePolicy[]
}

export interface InlinePolicy {
  readonly name: string
  /** Undefined where it could not be read. */
  readonly document: PolicyDocument | undefined
}

export interface AuthorizedPolicy {
  readonly policyName: string
  readonly arn: string
  readonly path: string
  readonly attachmentCount: number
  readonly boundaryCount: number
  /** Of the default version. Undefined where it could not be read. */
  readonly document: PolicyDocument | undefined
}

export interface VirtualMfaDevice {
  readonly serial: string
  /** Null for root's. */
  readonly userName: string | null
  readonly isRoot: boolean
}

export interface PolicyHolders {
  readonly users: readonly string[]
  readonly groups: readonly string[]
  readonly roles: readonly string[]
}

export interface MusterFacts {
  readonly path: string
  readonly mode: 'enforce' | 'observe'
  readonly trailGate: 'enforce' | 'warn'
  readonly quarantineGroup: string
  readonly baselineGroup: string
  readonly baselinePolicyArn: string
  readonly baselineDocument: PolicyDocument
  /** Groups that Muster keeps, its own two included, with the ARNs of the policies that each should carry. */
  readonly groups: Readonly<Record<string, readonly string[]>>
  /** Groups and policies that the catalog brought, now or earlier. */
  readonly madeArns: readonly string[]
  /** Names of roles' boundaries, as ARNs. */
  readonly boundaryArns: readonly string[]
  readonly identities: readonly ManagedIdentity[]
  readonly rotation: { readonly disableAfterDays: number; readonly unusedDays: number }
}

/** An identity that has, or had, a user. */
export interface ManagedIdentity {
  readonly identityId: string
  readonly employeeId: string
  readonly userName: string
  readonly userId: string | null
  readonly state: IdentityState
  readonly role: string
  readonly privileged: boolean
  /** What its role means; the baseline first. Empty where it should be in none. */
  readonly groups: readonly string[]
  readonly boundaryArn: string | null
  /** Null when Muster has not looked, or has begun something since of which it does not know the end. */
  readonly seen: SeenCredentials | null
}

/** Credentials of a user as Muster itself read them, or left them when it made the user. */
export interface SeenCredentials {
  readonly at: Date
  readonly hasPassword: boolean
  readonly hasMfa: boolean
  readonly activeKeys: readonly { readonly createdAt: Date; readonly usedAt: Date | null }[]
}

export interface GroupUsage {
  readonly groupName: string
  readonly checkedAt: Date
  /** Services that its policies allow; `usedAt` is null when none of its members ever tried, in the time AWS tracks. */
  readonly services: readonly {
    readonly namespace: string
    readonly usedAt: Date | null
  }[]
}
