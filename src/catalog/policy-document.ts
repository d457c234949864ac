/**
 * Reading IAM policy documents as AWS does: strings or arrays, one statement or many, any case in action names.
 *
 * Grammar: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
 */
import type { PolicyDocument } from './catalog.ts'
import { PARTITIONS } from './partition.ts'

export interface Statement {
  /** Its Sid, or `Statement[n]` counted from 0. */
  readonly name: string
  readonly effect: 'Allow' | 'Deny'
  readonly actions: readonly string[]
  readonly notActions: readonly string[]
  readonly resources: readonly string[]
  readonly notResources: readonly string[]
  readonly namesPrincipal: boolean
  readonly conditions: readonly ConditionTest[]
}

export interface ConditionTest {
  readonly operator: string
  readonly key: string
  readonly values: readonly string[]
}

/** The statements that can be made sense of; malformed ones are left out. Never throws. */
export function statementsOf(document: PolicyDocument): Statement[] {
  return rawStatements(document).flatMap((raw, index) => {
    if (!isObject(raw) || (raw.Effect !== 'Allow' && raw.Effect !== 'Deny')) return []
    return [
      {
        name: statementName(raw, index),
        effect: raw.Effect,
        actions: strings(raw.Action),
        notActions: strings(raw.NotAction),
        resources: strings(raw.Resource),
        notResources: strings(raw.NotResource),
        namesPrincipal: raw.Principal !== undefined || raw.NotPrincipal !== undefined,
        conditions: conditionsOf(raw.Condition),
      },
    ]
  })
}

export function rawStatements(document: PolicyDocument): unknown[] {
  if (!isObject(document) || document.Statement === undefined) return []
  return Array.isArray(document.Statement) ? document.Statement : [document.Statement]
}

export function statementName(raw: unknown, index: number): string {
  const sid = isObject(raw) ? raw.Sid : undefined
  return typeof sid === 'string' && sid !== '' ? sid : `Statement[${index}]`
}

/** Whether a statement's action list covers an action such as `s3:GetObject`. */
export function coversAction(statement: Statement, action: string): boolean {
  if (statement.notActions.length > 0) return !statement.notActions.some((p) => matchesAction(p, action))
  return statement.actions.some((pattern) => matchesAction(pattern, action))
}

/** Whether a statement's resource list covers an ARN without wildcards. */
export function coversResource(statement: Statement, arn: string): boolean {
  if (statement.notResources.length > 0) return !statement.notResources.some((p) => matchesGlob(p, arn))
  return statement.resources.some((pattern) => matchesGlob(pattern, arn))
}

/** Action names are compared regardless of case. */
export function matchesAction(pattern: string, action: string): boolean {
  return isEveryAction(pattern) || matchesGlob(pattern.toLowerCase(), action.toLowerCase())
}

export function isEveryAction(pattern: string): boolean {
  return /^\*+(:\*+)?$/.test(pattern)
}

/** `*`, and what says the same in more letters: `arn:*`, or all of one service as in `arn:aws:s3:::*`. */
export function isEveryResource(resource: string): boolean {
  return isWholeWorld(resource) || /^arn:[^:]*:[^:]*:\*?:[^:]*:[*/:]*\*$/.test(completed(resource))
}

/**
 * IAM refuses an ARN of fewer than six fields ("The policy failed legacy parsing"). Whoever judges a document before IAM
 * does reads it as the widest it could mean: whatever is missing may be anything.
 */
function completed(arn: string): string {
  const fields = arn.split(':')
  return fields.length < 6 ? [...fields, ...Array(6 - fields.length).fill('*')].join(':') : arn
}

/** `*`, and `arn:*`: not all of one service. */
export function isWholeWorld(resource: string): boolean {
  return SOME_ARNS.some((arn) => matchesGlob(resource, arn))
}

/** All resources of the service by which an action such as `s3:GetObject` begins. */
export function isEveryResourceFor(action: string, resource: string): boolean {
  const service = action.slice(0, action.indexOf(':')).toLowerCase()
  return isWholeWorld(resource) || (isEveryResource(resource) && resource.split(':')[2] === service)
}

const SOME_ARNS = PARTITIONS.map(
  (partition) => `arn:${partition}:any-service:any-region:000000000000:any/thing`,
)

/** `*` is any run of characters, `?` any one. Takes at most |pattern| times |text| steps, whatever the pattern. */
export function matchesGlob(pattern: string, text: string): boolean {
  let p = 0
  let t = 0
  let star = -1
  let resume = 0
  while (t < text.length) {
    if (pattern[p] === '*') {
      star = p++
      resume = t
    } else if (pattern[p] === '?' || (p < pattern.length && pattern[p] === text[t])) {
      p++
      t++
    } else if (star >= 0) {
      p = star + 1
      t = ++resume
    } else return false
  }
  while (pattern[p] === '*') p++
  return p === pattern.length
}

/** AWS counts a managed policy's characters without white space: 6,144 at most. */
export function policySize(document: PolicyDocument): number {
  return JSON.stringify(document).replace(/\s/g, '').length
}

/**
 * One text for all ways to write the same policy: keys sorted, single values and arrays alike, order and repeats
 * in lists of actions, resources and condition values without meaning. The order of statements is kept.
 */
export function canonicalPolicy(document: unknown): string {
  if (!isObject(document)) return canonicalJson(document)
  return canonicalJson({ ...document, Statement: rawStatements(document).map(canonicalStatement) })
}

const LISTS = new Set(['Action', 'NotAction', 'Resource', 'NotResource'])

function canonicalStatement(raw: unknown): unknown {
  if (!isObject(raw)) return raw
  return mapValues(raw, (value, element) => {
    if (LISTS.has(element)) return asSet(value)
    if (element !== 'Condition' || !isObject(value)) return value
    return mapValues(value, (tests) => (isObject(tests) ? mapValues(tests, asSet) : tests))
  })
}

function asSet(value: unknown): string[] {
  return [...new Set(asArray(value).map(text))].sort()
}

function mapValues(object: PolicyDocument, change: (value: unknown, key: string) => unknown): PolicyDocument {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value, key)]))
}

/** Plain canonical JSON: keys sorted, everything else as it is. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    isObject(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : inner,
  )
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function conditionsOf(raw: unknown): ConditionTest[] {
  if (!isObject(raw)) return []
  return Object.entries(raw).flatMap(([operator, tests]) =>
    isObject(tests)
      ? Object.entries(tests).map(([key, values]) => ({ operator, key, values: asArray(values).map(text) }))
      : [],
  )
}

function strings(value: unknown): string[] {
  return asArray(value).filter((item) => typeof item === 'string')
}

function asArray(value: unknown): readonly unknown[] {
  if (value === undefined) return []
  return Array.isArray(value) ? value : [value]
}

/** Condition values may be written as booleans or numbers; IAM compares them as text. */
function text(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
}
