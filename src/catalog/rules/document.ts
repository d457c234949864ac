/** Whether IAM would accept the document at all, as a managed policy for a group or as a boundary. */
import type { PolicyDoc } from '../catalog.ts'
import { isObject, policySize, rawStatements, statementName } from '../policy-document.ts'
import type { LintFault } from './fault.ts'

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#reference_iam-quotas-entity-length */
const MAX_POLICY_SIZE = 6144

export function documentFaults({ file, document }: PolicyDoc): LintFault[] {
  const malformed = (statement: string | null, message: string, remedy: string): LintFault => ({
    file,
    statement,
    rule: 'malformed-policy',
    message,
    remedy,
  })
  const unknown = Object.keys(document).filter((element) => !['Version', 'Id', 'Statement'].includes(element))
  const statements = rawStatements(document)
  return [
    ...unknown.map((element) =>
      malformed(null, `has an element ${quote(element)}`, 'IAM does not know it: remove it'),
    ),
    ...versionFaults(file, document.Version),
    ...(statements.length === 0 ? [malformed(null, 'has no statement', 'add a Statement')] : []),
    ...statements.flatMap((raw, index) =>
      statementFaults(raw).map(([message, remedy]) => malformed(statementName(raw, index), message, remedy)),
    ),
    ...repeatedSids(statements).map((sid) =>
      malformed(sid, 'has the Sid of another statement', 'rename one'),
    ),
    ...sizeFaults(file, policySize(document)),
  ]
}

function versionFaults(file: string, version: unknown): LintFault[] {
  if (version === '2012-10-17') return []
  const message = 'is not of the policy version 2012-10-17; in the older one ${aws:username} is just text'
  return [
    { file, statement: null, rule: 'old-policy-version', message, remedy: 'write "Version": "2012-10-17"' },
  ]
}

function sizeFaults(file: string, size: number): LintFault[] {
  if (size <= MAX_POLICY_SIZE) return []
  const message = `has ${size} characters without white space; IAM accepts ${MAX_POLICY_SIZE}`
  const remedy = 'split it in two, or say the same in fewer words'
  return [{ file, statement: null, rule: 'policy-too-large', message, remedy }]
}

const ELEMENTS = new Set([
  'Sid',
  'Effect',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Condition',
  'Principal',
  'NotPrincipal',
])

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html */
function statementFaults(raw: unknown): [message: string, remedy: string][] {
  if (!isObject(raw)) return [['is not an object', 'write { "Effect": ..., "Action": ..., "Resource": ... }']]
  const faults: [string, string][] = []
  for (const element of Object.keys(raw))
    if (!ELEMENTS.has(element))
      faults.push([`has an element ${quote(element)}`, 'IAM does not know it: remove it'])
  if (raw.Sid !== undefined && !(typeof raw.Sid === 'string' && /^[A-Za-z0-9]*$/.test(raw.Sid)))
    faults.push([`has the Sid ${quote(raw.Sid)}`, 'use letters and digits only'])
  if (raw.Effect !== 'Allow' && raw.Effect !== 'Deny')
    faults.push([`has the Effect ${quote(raw.Effect)}`, 'write "Allow" or "Deny"'])
  for (const element of ['Action', 'Resource'] as const) {
    const given = [element, `Not${element}`].filter((name) => raw[name] !== undefined)
    if (given.length !== 1)
      faults.push([`has ${given.length || 'no'} ${element} elements`, `write one ${element}`])
    for (const name of given)
      if (!isStringList(raw[name]))
        faults.push([`has a malformed ${name}`, 'write a string or a list of strings'])
  }
  for (const resource of [raw.Resource, raw.NotResource].flat())
    if (typeof resource === 'string' && !/^(arn:|\*)/.test(resource))
      faults.push([`has the resource ${quote(resource)}`, 'write "*" or an ARN'])
  return [...faults, ...conditionFaults(raw.Condition)]
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html */
const OPERATOR = new RegExp(
  `^(ForAllValues:|ForAnyValue:)?(${[
    'String(Not)?Equals(IgnoreCase)?',
    'String(Not)?Like',
    'Numeric(Not)?Equals',
    '(Numeric|Date)(Less|Greater)Than(Equals)?',
    'Date(Not)?Equals',
    'Bool',
    'BinaryEquals',
    '(Not)?IpAddress',
    'Arn(Not)?(Equals|Like)',
  ].join('|')})(IfExists)?$|^Null$`,
  'i',
)

function conditionFaults(condition: unknown): [string, string][] {
  if (condition === undefined) return []
  if (!isObject(condition)) return [['has a malformed Condition', 'write { "operator": { "key": "value" } }']]
  return Object.entries(condition).flatMap(([operator, tests]): [string, string][] => {
    if (!OPERATOR.test(operator))
      return [[`has a condition operator ${quote(operator)}`, 'correct its spelling']]
    if (!isObject(tests) || Object.keys(tests).length === 0 || !Object.values(tests).every(isValueList))
      return [
        [`has a malformed condition ${operator}`, 'write { "key": "value" } or { "key": ["value", ...] }'],
      ]
    return []
  })
}

function isStringList(value: unknown): boolean {
  const items = Array.isArray(value) ? value : [value]
  return items.length > 0 && items.every((item) => typeof item === 'string' && item !== '')
}

function isValueList(value: unknown): boolean {
  const items = Array.isArray(value) ? value : [value]
  return items.length > 0 && items.every((item) => ['string', 'number', 'boolean'].includes(typeof item))
}

function repeatedSids(statements: readonly unknown[]): string[] {
  const sids = statements.flatMap((raw) =>
    isObject(raw) && typeof raw.Sid === 'string' && raw.Sid ? [raw.Sid] : [],
  )
  return [...new Set(sids.filter((sid, index) => sids.indexOf(sid) !== index))]
}

function quote(value: unknown): string {
  return JSON.stringify(value) ?? 'nothing'
}
