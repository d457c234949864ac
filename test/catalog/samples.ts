/** Catalogs made by hand for tests: as small as they can be, and sound unless told otherwise. */
import type { Catalog, DraftCatalog, PolicyDoc, PolicyDocument, Role } from '../../src/catalog/catalog.ts'

export function statement(...statements: unknown[]): PolicyDocument {
  return { Version: '2012-10-17', Statement: statements }
}

export function policy(name: string, document: PolicyDocument): PolicyDoc {
  return { file: `policies/${name}.json`, name: `muster-${name}`, document }
}

export function boundary(name: string, document: PolicyDocument = SOUND_BOUNDARY): PolicyDoc {
  return { file: `boundaries/${name}.json`, name: `muster-boundary-${name}`, document }
}

const MFA = { Bool: { 'aws:MultiFactorAuthPresent': 'true' } }

const OWN_USER = [
  'iam:CreateVirtualMFADevice',
  'iam:DeleteAccessKey',
  'iam:EnableMFADevice',
  'iam:Get*',
  'iam:ListAccessKeys',
  'iam:ListMFADevices',
  'iam:ResyncMFADevice',
  'iam:UpdateAccessKey',
]

export const SELF_SERVICE = [
  { Effect: 'Allow', Action: 'iam:ChangePassword', Resource: 'arn:aws:iam::*:user/muster/${aws:username}' },
  { Effect: 'Allow', Action: ['iam:GetAccountPasswordPolicy', 'iam:ListVirtualMFADevices'], Resource: '*' },
  {
    Effect: 'Allow',
    Action: OWN_USER,
    Resource: ['arn:aws:iam::*:user/muster/${aws:username}', 'arn:aws:iam::*:mfa/*'],
    Condition: MFA,
  },
]

export const SOUND_BOUNDARY = statement(...SELF_SERVICE)

export const SOUND_POLICY = statement({
  Effect: 'Allow',
  Action: 's3:GetObject',
  Resource: 'arn:aws:s3:::b/*',
})

export interface Parts {
  readonly groups?: Readonly<
    Record<string, { policies?: readonly PolicyDoc[]; awsManagedPolicies?: readonly string[] }>
  >
  readonly roles?: Readonly<Record<string, Partial<Omit<Role, 'boundary'>> & { boundary?: PolicyDoc | null }>>
}

export function draft({ groups = {}, roles = {} }: Parts): DraftCatalog {
  return {
    version: 1,
    file: 'roles.yaml',
    hash: 'hash',
    groups: mapped(groups, ({ policies = [], awsManagedPolicies = [] }) => ({
      policies,
      awsManagedPolicies,
    })),
    roles: mapped(roles, (role) => ({
      description: 'Does something',
      groups: [],
      console: true,
      accessKeys: 'none' as const,
      privileged: false,
      boundary: boundary('sound'),
      ...role,
    })),
  }
}

export function catalog(parts: Parts): Catalog {
  const made = draft(parts)
  return {
    ...made,
    roles: mapped(made.roles, (role) => ({ ...role, boundary: role.boundary ?? boundary('sound') })),
  }
}

/** A catalog of one role with one group of one policy. */
export function withPolicy(document: PolicyDocument): DraftCatalog {
  return draft({ groups: { g: { policies: [policy('p', document)] } }, roles: { r: { groups: ['g'] } } })
}

export function withBoundary(document: PolicyDocument): DraftCatalog {
  return draft({ roles: { r: { boundary: boundary('b', document) } } })
}

function mapped<A, B>(record: Readonly<Record<string, A>>, change: (value: A) => B): Record<string, B> {
  const result: Record<string, B> = Object.create(null)
  for (const [key, value] of Object.entries(record)) result[key] = change(value)
  return result
}
