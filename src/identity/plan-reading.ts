/** Reading an observed user for a plan: what IAM did not tell is noted, never guessed. Pure. */

import type { Facet } from './facet.ts'
import type { Credential, ObservedUser, Step } from './model.ts'

export interface Reading {
  readonly UserName: string
  /** The reads that failed and mattered. */
  readonly unread: string[]
  read<T>(call: string, facet: Facet<T>, whenUnknown: T): T
  each<T>(call: string, facet: Facet<readonly T[]>, step: (item: T) => Step): Step[]
}

export function reading(user: ObservedUser): Reading {
  const unread: string[] = []
  function read<T>(call: string, facet: Facet<T>, whenUnknown: T): T {
    if (facet !== 'unknown') return facet as T
    unread.push(call)
    return whenUnknown
  }
  return {
    UserName: user.userName,
    unread,
    read,
    each: (call, facet, step) => read<readonly never[]>(call, facet as never, []).map(step as never),
  }
}

const deactivationOf = {
  accessKeys: {
    list: 'ListAccessKeys',
    step: (UserName: string, id: string): Step => ({
      do: 'UpdateAccessKey',
      UserName,
      AccessKeyId: id,
      Status: 'Inactive',
    }),
  },
  sshKeys: {
    list: 'ListSSHPublicKeys',
    step: (UserName: string, id: string): Step => ({
      do: 'UpdateSSHPublicKey',
      UserName,
      SSHPublicKeyId: id,
      Status: 'Inactive',
    }),
  },
  certificates: {
    list: 'ListSigningCertificates',
    step: (UserName: string, id: string): Step => ({
      do: 'UpdateSigningCertificate',
      UserName,
      CertificateId: id,
      Status: 'Inactive',
    }),
  },
  serviceCredentials: {
    list: 'ListServiceSpecificCredentials',
    step: (UserName: string, id: string): Step => ({
      do: 'UpdateServiceSpecificCredential',
      UserName,
      ServiceSpecificCredentialId: id,
      Status: 'Inactive',
    }),
  },
} as const

export function deactivations(
  user: ObservedUser,
  each: Reading['each'],
  facets: readonly (keyof typeof deactivationOf)[],
): Step[] {
  return facets.flatMap((facet) => {
    const { list, step } = deactivationOf[facet]
    const credentials: Facet<readonly Credential[]> = user[facet]
    const active =
      credentials === 'unknown' ? credentials : credentials.filter((credential) => credential.active)
    return each(list, active, ({ id }) => step(user.userName, id))
  })
}

/**
 * What denies stays: AWS attaches its quarantine to a user whose key leaked, and asks not to remove it
 * (https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSCompromisedKeyQuarantineV3.html); an incident
 * responder attaches `AWSDenyAll`. Whoever put it there takes it away.
 */
export function isDeny(policyArn: string): boolean {
  return /^arn:[^:]+:iam::aws:policy\/(AWSCompromisedKeyQuarantine(V\d+)?|AWSDenyAll)$/.test(policyArn)
}

/** No policy stays on a user, but those that deny. */
export function policyRemovals(user: ObservedUser, each: Reading['each']): Step[] {
  const UserName = user.userName
  return [
    ...each('ListAttachedUserPolicies', removable(user.attachedPolicyArns), (PolicyArn) => ({
      do: 'DetachUserPolicy',
      UserName,
      PolicyArn,
    })),
    ...each('ListUserPolicies', user.inlinePolicyNames, (PolicyName) => ({
      do: 'DeleteUserPolicy',
      UserName,
      PolicyName,
    })),
  ]
}

function removable(attached: Facet<readonly string[]>): Facet<readonly string[]> {
  return attached === 'unknown' ? attached : attached.filter((arn) => !isDeny(arn))
}

export function union(a: readonly string[], b: readonly string[]): string[] {
  return [...new Set([...a, ...b])]
}
