/** What policy documents give, judged by what they say alone: everything, or all of a service. */
import type { PolicyDocument } from '../catalog/catalog.ts'
import {
  coversAction,
  isEveryAction,
  isEveryResource,
  matchesAction,
  matchesGlob,
  type Statement,
  statementsOf,
} from '../catalog/policy-document.ts'
import { SELF_SUFFICIENT } from '../catalog/rules/escalation.ts'

/**
 * Whether documents, held together, give everything: `*` on `*`, or everything but what another statement gives,
 * or everything but things that IAM's own powers are not among (whoever has these takes the rest).
 *
 * Conditions are not heeded, as the public checks do not: MFA and an address say who asks, not for how much. Neither
 * are denials, but for one of everything, which leaves nothing.
 */
export function isAdministrative(documents: readonly PolicyDocument[]): boolean {
  const statements = documents.flatMap(statementsOf)
  if (statements.some(deniesEverything)) return false
  const broad = statements.filter(isOnEverything)
  return broad.some(
    (statement) =>
      statement.actions.some(isEveryAction) ||
      (statement.notActions.length > 0 &&
        statement.notActions.every((exception) => !isOfIam(exception) || isGiven(exception, broad))),
  )
}

function isOnEverything({ effect, resources }: Statement): boolean {
  return effect === 'Allow' && resources.some(isWholeWorld)
}

/** `*`, and `arn:*`: not all of one service, which is everything only for that service. */
function isWholeWorld(resource: string): boolean {
  return matchesGlob(resource, 'arn:aws:any-service:any-region:000000000000:any/thing')
}

function deniesEverything(statement: Statement): boolean {
  return (
    statement.effect === 'Deny' &&
    statement.conditions.length === 0 &&
    statement.resources.some(isWholeWorld) &&
    statement.actions.some(isEveryAction)
  )
}

function isOfIam(pattern: string): boolean {
  return SELF_SUFFICIENT.some((action) => matchesAction(pattern, action))
}

/** Whether all that a pattern stands for is given by one other pattern: its `*` must meet a `*`. */
function isGiven(pattern: string, statements: readonly Statement[]): boolean {
  return statements.some(({ actions }) =>
    actions.some((given) => !given.includes('?') && matchesAction(given, pattern)),
  )
}

/** What full access to a service comes to: a read, what is harmful, and what hides it. */
const fullAccess = {
  cloudtrail: [
    'cloudtrail:CreateTrail',
    'cloudtrail:DeleteTrail',
    'cloudtrail:DescribeTrails',
    'cloudtrail:LookupEvents',
    'cloudtrail:PutEventSelectors',
    'cloudtrail:StopLogging',
    'cloudtrail:UpdateTrail',
  ],
  kms: [
    'kms:CreateGrant',
    'kms:CreateKey',
    'kms:Decrypt',
    'kms:DescribeKey',
    'kms:DisableKey',
    'kms:Encrypt',
    'kms:PutKeyPolicy',
    'kms:ScheduleKeyDeletion',
  ],
} as const

export type WatchedService = keyof typeof fullAccess

/**
 * Whether a document gives all of a service on all resources, by `service:*` or in more words. What gives everything
 * is administrative, and not said a second time.
 */
export function givesAllOf(service: WatchedService, document: PolicyDocument): boolean {
  if (isAdministrative([document])) return false
  const statements = statementsOf(document)
  const onAll = statements.filter(({ resources }) => resources.some(isEveryResource))
  const allows = onAll.filter(({ effect }) => effect === 'Allow')
  const denials = onAll.filter(({ effect, conditions }) => effect === 'Deny' && conditions.length === 0)
  return fullAccess[service].every(
    (action) =>
      allows.some((statement) => coversAction(statement, action)) &&
      !denials.some((statement) => coversAction(statement, action)),
  )
}
