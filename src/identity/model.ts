/** The identity's words as types: desired, observed, steps, plan. Plain data, no behaviour. */
import type { CredentialContext } from './credential-context.ts'
import type { Facet } from './facet.ts'

/** What an identity should be. */
export type Desired =
  /** No user should exist: not hired, not started, or never started. */
  | { readonly kind: 'absent' }
  | { readonly kind: 'active'; readonly access: Access }
  | { readonly kind: 'locked'; readonly why: LockReason }
  | { readonly kind: 'purged' }
  /** Nothing is given, nor taken of what Muster gave, until an administrator has done what `reason` says. */
  | { readonly kind: 'blocked'; readonly reason: string }

export type LockReason = 'terminated' | 'suspended' | 'held'

export interface Access {
  /** The baseline first, then the role's. */
  readonly groups: readonly string[]
  readonly boundaryArn: string
  readonly console: boolean
  readonly accessKeys: 'none' | 'self-service'
}

/** What does not change in an identity's life: under which name, path and tags its user stands in IAM. */
export interface Registration {
  readonly userName: string
  readonly path: string
  readonly tags: Readonly<Record<string, string>>
  readonly quarantineGroup: string
  /** Denies everything without MFA, so it is the last group that anybody leaves. */
  readonly baselineGroup: string
}

/** What IAM says. `unknown` when it was not asked or did not answer. */
export type Observed =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'absent' }
  | { readonly kind: 'present'; readonly user: ObservedUser }
  /** The name belongs to a user that is not ours. */
  | { readonly kind: 'foreign'; readonly userName: string; readonly userId: string }

export interface ObservedUser {
  readonly userName: string
  readonly userId: string
  readonly path: string
  readonly tags: Readonly<Record<string, string>>
  readonly boundaryArn: string | null
  readonly groups: Facet<readonly string[]>
  readonly attachedPolicyArns: Facet<readonly string[]>
  readonly inlinePolicyNames: Facet<readonly string[]>
  readonly hasLoginProfile: Facet<boolean>
  readonly mfaSerials: Facet<readonly string[]>
  /** When the password was last used, or else made; null when there is none, or IAM does not tell. */
  readonly passwordUsedAt: Date | null
  readonly accessKeys: Facet<readonly ObservedKey[]>
  readonly sshKeys: Facet<readonly Credential[]>
  readonly certificates: Facet<readonly Credential[]>
  readonly serviceCredentials: Facet<readonly Credential[]>
  /** Another user stands under the name this one should have (it was renamed by hand). */
  readonly nameTakenBy: string | null
}

export interface Credential {
  readonly id: string
  readonly active: boolean
}

export interface ObservedKey extends Credential {
  readonly createdAt: Date
  /** Null for never; asked of active keys only. */
  readonly lastUsedAt: Facet<Date | null>
}

/** One IAM call, as data: the action's name and its parameters as the API reference has them. */
export type Step =
  | {
      readonly do: 'CreateUser'
      readonly UserName: string
      readonly Path: string
      readonly PermissionsBoundary: string
      readonly Tags: readonly Tag[]
    }
  | {
      readonly do: 'UpdateUser'
      readonly UserName: string
      readonly NewUserName?: string
      readonly NewPath?: string
    }
  | { readonly do: 'TagUser'; readonly UserName: string; readonly Tags: readonly Tag[] }
  | {
      readonly do: 'PutUserPermissionsBoundary'
      readonly UserName: string
      readonly PermissionsBoundary: string
    }
  | { readonly do: 'AddUserToGroup'; readonly UserName: string; readonly GroupName: string }
  | { readonly do: 'RemoveUserFromGroup'; readonly UserName: string; readonly GroupName: string }
  | { readonly do: 'DetachUserPolicy'; readonly UserName: string; readonly PolicyArn: string }
  | { readonly do: 'DeleteUserPolicy'; readonly UserName: string; readonly PolicyName: string }
  | { readonly do: 'DeleteLoginProfile'; readonly UserName: string }
  | {
      readonly do: 'UpdateAccessKey'
      readonly UserName: string
      readonly AccessKeyId: string
      readonly Status: 'Inactive'
    }
  | { readonly do: 'DeleteAccessKey'; readonly UserName: string; readonly AccessKeyId: string }
  | {
      readonly do: 'UpdateSSHPublicKey'
      readonly UserName: string
      readonly SSHPublicKeyId: string
      readonly Status: 'Inactive'
    }
  | { readonly do: 'DeleteSSHPublicKey'; readonly UserName: string; readonly SSHPublicKeyId: string }
  | {
      readonly do: 'UpdateSigningCertificate'
      readonly UserName: string
      readonly CertificateId: string
      readonly Status: 'Inactive'
    }
  | { readonly do: 'DeleteSigningCertificate'; readonly UserName: string; readonly CertificateId: string }
  | {
      readonly do: 'UpdateServiceSpecificCredential'
      readonly UserName: string
      readonly ServiceSpecificCredentialId: string
      readonly Status: 'Inactive'
    }
  | {
      readonly do: 'DeleteServiceSpecificCredential'
      readonly UserName: string
      readonly ServiceSpecificCredentialId: string
    }
  | { readonly do: 'DeactivateMFADevice'; readonly UserName: string; readonly SerialNumber: string }
  | { readonly do: 'DeleteVirtualMFADevice'; readonly SerialNumber: string }
  | { readonly do: 'DeleteUser'; readonly UserName: string }

export interface Tag {
  readonly Key: string
  readonly Value: string
}

export type StepName = Step['do']

export interface PlanInput {
  readonly desired: Desired
  readonly observed: Observed
  readonly registration: Registration
  /**
   * Every group that Muster may have put the user into. A read of IAM may lag behind our own
   * writes, so what is to be left is decided by this and by what was observed.
   */
  readonly possibleGroups: readonly string[]
  /**
   * What our own accepted calls say. A read may still show what was left a moment ago, so a group counts
   * as joined only when both say so, and the quarantine as left only when neither speaks of it.
   */
  readonly believed: {
    readonly groups: readonly string[]
    readonly quarantined: boolean
    /** Null when nothing is on record; empty when it is not known what our last call came to. */
    readonly boundaryArn: string | null
    /** All that the user has is from others: it is to be taken over, and nothing of Muster's has come yet. */
    readonly isBeingAdopted: boolean
  }
  readonly credentials: CredentialContext
}

export interface Plan {
  readonly kind: 'join' | 'move' | 'lock' | 'unlock' | 'purge' | 'repair' | 'rotate' | 'none'
  readonly steps: readonly Step[]
  /** What could not be planned because IAM did not tell; not empty means: look again. */
  readonly unread: readonly string[]
  /** An administrator's matter: the reason why nothing is planned. */
  readonly conflict?: string
}
