/**
 * The grammar of identity policies, as far as IAM checks it when a policy is stored.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
 */
import { Refusal } from '../refusal.ts'

/** White space does not count: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
export const sizeOf = (document: string) => document.replace(/\s/g, '').length

/** @throws Refusal `MalformedPolicyDocument` */
export function mustBeWellFormed(document: string): void {
  const fault = faultOf(document)
  if (fault) throw new Refusal('MalformedPolicyDocument', fault)
}

const syntaxErrors = 'Syntax errors in policy.'
const policyElements = new Set(['Version', 'Id', 'Statement'])
const statementElements = new Set([
  'Sid',
  'Effect',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Condition',
])

function faultOf(document: string): string | undefined {
  let policy: unknown
  try {
    policy = JSON.parse(document)
  } catch {
    return syntaxErrors
  }
  if (!isRecord(policy)) return syntaxErrors
  if (!Object.keys(policy).every((element) => policyElements.has(element))) return syntaxErrors
  const { Version: version, Statement: statement } = policy
  if (version === undefined) return 'Policy document must be version 2012-10-17 or greater.'
  if (version !== '2012-10-17' && version !== '2008-10-17') return syntaxErrors
  if (version === '2008-10-17') return 'Policy document must be version 2012-10-17 or greater.'
  const statements = Array.isArray(statement) ? statement : [statement]
  if (statements.length === 0) return syntaxErrors
  const sids = new Set<unknown>()
  for (const each of statements) {
    if (!isRecord(each)) return syntaxErrors
    const fault = statementFault(each)
    if (fault) return fault
    if (each.Sid === undefined) continue
    if (sids.has(each.Sid)) return 'Statement IDs (SID) in a single policy must be unique.'
    sids.add(each.Sid)
  }
  return undefined
}

function statementFault(statement: Record<string, unknown>): string | undefined {
  if ('Principal' in statement || 'NotPrincipal' in statement) {
    return 'Policy document should not specify a principal.'
  }
  if (!Object.keys(statement).every((element) => statementElements.has(element))) return syntaxErrors
  const { Sid: sid, Effect: effect, Condition: condition } = statement
  if (effect !== 'Allow' && effect !== 'Deny') return syntaxErrors
  if (sid !== undefined && !(typeof sid === 'string' && /^[A-Za-z0-9]*$/.test(sid))) {
    return 'Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*'
  }
  const actions = only(statement, 'Action', 'NotAction')
  const resources = only(statement, 'Resource', 'NotResource')
  if (actions === 'both' || resources === 'both') return syntaxErrors
  if (actions === 'none') return 'Policy statement must contain actions.'
  if (resources === 'none') return 'Policy statement must contain resources.'
  return actionsFault(actions) ?? resourcesFault(resources) ?? conditionFault(condition)
}

function actionsFault(actions: unknown[]): string | undefined {
  for (const action of actions) {
    if (typeof action !== 'string') return syntaxErrors
    if (action === '*') continue
    const [vendor = '', name, ...others] = action.split(':')
    if (name === undefined) {
      return 'Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.'
    }
    if (others.length > 0) return 'Actions/Condition can contain only one colon.'
    if (!/^[\w*?-]+$/.test(name)) return syntaxErrors
    if (!/^[A-Za-z0-9-]+$/.test(vendor)) return `Vendor ${vendor} is not valid`
  }
  return undefined
}

function resourcesFault(resources: unknown[]): string | undefined {
  for (const resource of resources) {
    if (typeof resource !== 'string') return syntaxErrors
    if (resource === '*') continue
    if (!/^arn:/.test(resource)) return `Resource ${resource} must be in ARN format or "*".`
    const partition = resource.split(':')[1] ?? ''
    if (!/^(aws|aws-cn|aws-us-gov|aws-eusc|\*)$/.test(partition)) {
      return `Partition "${partition}" is not valid for resource "${resource}".`
    }
    if (resource.split(':').length < 6) return 'The policy failed legacy parsing'
  }
  return undefined
}

function conditionFault(condition: unknown): string | undefined {
  if (condition === undefined) return undefined
  if (!isRecord(condition)) return syntaxErrors
  for (const [operator, keys] of Object.entries(condition)) {
    if (!/^((ForAllValues|ForAnyValue):)?[A-Za-z]+$/.test(operator) || !isRecord(keys)) return syntaxErrors
    for (const values of Object.values(keys)) {
      const scalars = Array.isArray(values) ? values : [values]
      if (scalars.some((value) => !['string', 'number', 'boolean'].includes(typeof value)))
        return syntaxErrors
    }
  }
  return undefined
}

function only(statement: Record<string, unknown>, name: string, opposite: string) {
  if (name in statement && opposite in statement) return 'both'
  const value = statement[name] ?? statement[opposite]
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return 'none'
  return Array.isArray(value) ? value : [value]
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
