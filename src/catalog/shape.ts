/** The form of the catalog file, and everything about it that can be wrong without looking into a policy. */
import Type, { type Static } from 'typebox'
import Value from 'typebox/value'
import { BASELINE, QUARANTINE } from './catalog.ts'

export interface CatalogFault {
  readonly file: string
  /** Where in the file: `roles.backend-engineer.groups[0]`; empty for the file as a whole. */
  readonly at: string
  readonly message: string
  readonly remedy: string
}

const strict = { additionalProperties: false }

const CatalogFile = Type.Object(
  {
    version: Type.Literal(1),
    groups: Type.Record(
      Type.String(),
      Type.Object(
        {
          policies: Type.Optional(Type.Array(Type.String(), { uniqueItems: true })),
          awsManagedPolicies: Type.Optional(Type.Array(Type.String(), { uniqueItems: true })),
        },
        strict,
      ),
    ),
    roles: Type.Record(
      Type.String(),
      Type.Object(
        {
          description: Type.String({ minLength: 1, maxLength: 200 }),
          groups: Type.Array(Type.String(), { uniqueItems: true }),
          boundary: Type.Optional(Type.String()),
          console: Type.Optional(Type.Boolean()),
          accessKeys: Type.Optional(Type.Enum(['none', 'self-service'])),
          privileged: Type.Optional(Type.Boolean()),
        },
        strict,
      ),
    ),
  },
  strict,
)

export type CatalogFile = Static<typeof CatalogFile>

/** The faults of the parsed YAML; when there are none it is a `CatalogFile`. */
export function shapeFaults(value: unknown, file: string): CatalogFault[] {
  const faults = Value.Errors(CatalogFile, value).flatMap((error) => {
    const told = SHAPE_MESSAGES[error.keyword]
    return told === undefined ? [] : [{ file, at: dotted(error.instancePath), ...told(error.params) }]
  })
  return faults.length > 0 ? faults : nameFaults(value as CatalogFile, file)
}

type Params = Readonly<Record<string, unknown>>
type Told = { readonly message: string; readonly remedy: string }

/** Keywords that are not here (`boolean`) only repeat what another one says. */
const SHAPE_MESSAGES: Readonly<Record<string, (params: Params) => Told>> = {
  additionalProperties: ({ additionalProperties }) => ({
    message: `does not know ${quoted(additionalProperties)}`,
    remedy: 'remove it, or correct its spelling',
  }),
  required: ({ requiredProperties }) => ({
    message: `lacks ${quoted(requiredProperties)}`,
    remedy: 'add it; docs/catalog.md shows how',
  }),
  type: ({ type }) => ({
    message: 'is of the wrong kind',
    remedy: `write ${KINDS[String(type)] ?? String(type)}`,
  }),
  const: ({ allowedValue }) => ({ message: 'is not a known value', remedy: `write ${String(allowedValue)}` }),
  enum: ({ allowedValues }) => ({
    message: 'is not a known value',
    remedy: `write one of ${quoted(allowedValues)}`,
  }),
  uniqueItems: () => ({ message: 'names something twice', remedy: 'name each once' }),
  minLength: () => ({ message: 'is empty', remedy: 'say in a few words what it is for' }),
  maxLength: ({ limit }) => ({ message: 'is too long', remedy: `use ${String(limit)} characters or fewer` }),
}

const KINDS: Readonly<Record<string, string>> = {
  object: 'a map',
  array: 'a list',
  string: 'a text',
  boolean: 'true or false',
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#reference_iam-quotas-names */
export const GROUP_NAME = /^[\w+=,.@-]{1,128}$/
const ROLE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/
const AWS_MANAGED_POLICY = /^arn:aws[a-z-]*:iam::aws:policy\/[\w+=,.@/-]+$/
const RESERVED = new Set([BASELINE, QUARANTINE])

function nameFaults(catalog: CatalogFile, file: string): CatalogFault[] {
  const groupNames = Object.keys(catalog.groups)
  const roleNames = Object.keys(catalog.roles)
  const at = (place: string, message: string, remedy: string): CatalogFault => ({
    file,
    at: place,
    message,
    remedy,
  })
  return [
    ...groupNames
      .filter((name) => !GROUP_NAME.test(name))
      .map((name) =>
        at(`groups.${name}`, 'is no IAM group name', 'use 1 to 128 letters, digits and +=,.@_-'),
      ),
    ...groupNames
      .filter((name) => RESERVED.has(name.toLowerCase()))
      .map((name) =>
        at(`groups.${name}`, "is the name of one of Muster's own groups", 'choose another name'),
      ),
    ...sameNames(groupNames).map(([first, second]) =>
      at(`groups.${second}`, `is the same name in IAM as ${first}`, 'IAM ignores case: choose another name'),
    ),
    ...roleNames
      .filter((name) => !ROLE_NAME.test(name))
      .map((name) => at(`roles.${name}`, 'is no role name', 'use 1 to 64 letters, digits and ._-')),
    ...sameNames(roleNames).map(([first, second]) =>
      at(`roles.${second}`, `differs from ${first} in case only`, 'choose another name'),
    ),
    ...Object.entries(catalog.groups).flatMap(([name, group]) =>
      (group.awsManagedPolicies ?? []).flatMap((arn, index) =>
        AWS_MANAGED_POLICY.test(arn)
          ? []
          : [
              at(
                `groups.${name}.awsManagedPolicies[${index}]`,
                `${JSON.stringify(arn)} is not the ARN of a policy kept by AWS`,
                'write it as arn:aws:iam::aws:policy/Name; policies of your own belong under `policies`',
              ),
            ],
      ),
    ),
    ...Object.entries(catalog.roles).flatMap(([name, role]) =>
      role.groups.flatMap((group, index) =>
        Object.hasOwn(catalog.groups, group)
          ? []
          : [
              at(
                `roles.${name}.groups[${index}]`,
                `names the group ${JSON.stringify(group)}, which does not exist`,
                `define it under groups, or use one of ${groupNames.join(', ') || '(there is none yet)'}`,
              ),
            ],
      ),
    ),
  ]
}

/** Pairs that IAM takes for one name; it compares them regardless of case. */
function sameNames(names: readonly string[]): [string, string][] {
  const seen = new Map<string, string>()
  return names.flatMap((name): [string, string][] => {
    const first = seen.get(name.toLowerCase())
    seen.set(name.toLowerCase(), first ?? name)
    return first === undefined ? [] : [[first, name]]
  })
}

function quoted(names: unknown): string {
  return Array.isArray(names) ? names.map((name) => JSON.stringify(name)).join(', ') : String(names)
}

/** `/roles/backend-engineer/groups/0` as `roles.backend-engineer.groups[0]`. */
function dotted(pointer: string): string {
  const parts = pointer.split('/').slice(1)
  return parts
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((part, index) => (/^\d+$/.test(part) ? `[${part}]` : index === 0 ? part : `.${part}`))
    .join('')
}
