/** What a policy would be without the services that nobody uses. A proposal only: a person decides, in the catalog. */
import type { PolicyDocument } from '../catalog/catalog.ts'
import { isEveryAction, isObject, rawStatements, statementName } from '../catalog/policy-document.ts'
import { untrackedIn } from './untracked.ts'

export interface SmallerPolicy {
  /** Null when nothing of the policy is used: the group does without it. */
  readonly document: PolicyDocument | null
  readonly removed: readonly RemovedActions[]
  /** What could not be narrowed, and why: one sentence each. */
  readonly notes: readonly string[]
}

export interface RemovedActions {
  /** Its Sid, or `Statement[n]` counted from 0. */
  readonly statement: string
  readonly actions: readonly string[]
  /** Nothing is left of the statement. */
  readonly whole: boolean
}

/**
 * Takes the actions of unused services out of statements that allow; of a wildcard, all but what AWS does not track.
 * What denies, conditions and resources stay as they are, so the proposal never allows what the original did not.
 *
 * @param unused namespaces in lower case, as AWS reports them: `codecommit`
 */
export function smallerPolicy(document: PolicyDocument, unused: ReadonlySet<string>): SmallerPolicy {
  const narrowed = rawStatements(document).map((raw, index) => narrow(raw, statementName(raw, index), unused))
  const left = narrowed.flatMap(({ statement }) => (statement === undefined ? [] : [statement]))
  const removed = narrowed.flatMap(({ removed }) => removed ?? [])
  return {
    // One that only denies is still needed: it may be there for what other policies of the group allow.
    document: left.length > 0 ? { ...document, Statement: left } : null,
    removed,
    notes: narrowed.flatMap(({ note }) => note ?? []),
  }
}

interface Narrowed {
  readonly statement?: unknown
  readonly removed?: RemovedActions
  readonly note?: string
}

function narrow(raw: unknown, name: string, unused: ReadonlySet<string>): Narrowed {
  if (!isObject(raw) || raw.Effect !== 'Allow') return { statement: raw }
  if (raw.NotAction !== undefined) {
    return { statement: raw, note: `${name} allows all but a list (NotAction), which cannot be narrowed.` }
  }
  const actions = [raw.Action].flat().filter((action) => typeof action === 'string')
  const kept = [
    ...new Set(actions.flatMap((action) => (isOfUnused(action, unused) ? untrackedIn(action) : [action]))),
  ]
  const gone = actions.filter((action) => !kept.includes(action))
  const note = noteOn(name, actions, unused)
  const said = note === undefined ? {} : { note }
  if (gone.length === 0) return { statement: raw, ...said }
  const removed = { statement: name, actions: gone, whole: kept.length === 0 }
  return kept.length === 0 ? { removed, ...said } : { statement: { ...raw, Action: kept }, removed, ...said }
}

function isOfUnused(action: string, unused: ReadonlySet<string>): boolean {
  const service = serviceOf(action)
  return service !== undefined && unused.has(service)
}

/** Undefined for a pattern that reaches over services. */
function serviceOf(action: string): string | undefined {
  const service = action.slice(0, action.indexOf(':')).toLowerCase()
  return isEveryAction(action) || /[*?]/.test(service) ? undefined : service
}

function noteOn(name: string, actions: readonly string[], unused: ReadonlySet<string>): string | undefined {
  const wide = actions.find((action) => serviceOf(action) === undefined)
  if (wide !== undefined)
    return `${name} allows ${wide}: a wildcard over all services cannot be narrowed; list what is used instead.`
  const untold = actions.filter((action) => isOfUnused(action, unused)).flatMap(untrackedIn)[0]
  return untold && `${name} keeps ${untold}: AWS does not track whether it is used.`
}
