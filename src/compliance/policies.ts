/** What policy documents give, judged by what they say alone: everything, or all of a service. */
import type { PolicyDocument } from '../catalog/catalog.ts'
import {
  coversAction,
  isEveryAction,
  isEveryResourceFor,
  isWholeWorld,
  type Statement,
  statementsOf,
} from '../catalog/policy-document.ts'
import { SELF_SUFFICIENT } from '../catalog/rules/escalation.ts'

/**
 * Whether documents, held together, give everything: `*` on `*`, or everything but what is listed, where all of IAM's
 * own powers are given all the same (whoever has these takes the rest).
 *
 * Conditions are not heeded, as the public checks do not: MFA and an address say who asks, not for how much. Neither
 * are denials, but for one of everything, which leaves nothing.
 */
export function isAdministrative(documents: readonly PolicyDocument[]): boolean {
  const statements = documents.flatMap(statementsOf)
  if (statements.some(deniesEverything)) return false
  const broad = statements.filter(isOnEverything)
  if (broad.some(({ actions }) => actions.some(isEveryAction))) return true
  return (
    broad.some(({ notActions }) => notActions.length > 0) &&
    SELF_SUFFICIENT.every((power) => isGivenOnAll(power, statements))
  )
}

/** On everything but some things, too, as long as IAM itself is not among these. */
function isOnEverything({ effect, resources, notResources }: Statement): boolean {
  const isBut =
    notResources.length > 0 && !notResources.some((resource) => isEveryResourceFor('iam:*', resource))
  return effect === 'Allow' && (resources.some(isWholeWorld) || isBut)
}

function deniesEverything(statement: Statement): boolean {
  return (
    statement.effect === 'Deny' &&
    statement.conditions.length === 0 &&
    statement.resources.some(isWholeWorld) &&
    statement.actions.some(isEveryAction)
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
  return fullAccess[service].every(
    (action) => isGivenOnAll(action, statements) && !isDeniedOnAll(action, statements),
  )
}

function isGivenOnAll(action: string, statements: readonly Statement[]): boolean {
  return statements.some((statement) => statement.effect === 'Allow' && isOnAll(action, statement))
}

function isDeniedOnAll(action: string, statements: readonly Statement[]): boolean {
  return statements.some(
    (statement) =>
      statement.effect === 'Deny' && statement.conditions.length === 0 && isOnAll(action, statement),
  )
}

function isOnAll(action: string, statement: Statement): boolean {
  return (
    coversAction(statement, action) &&
    statement.resources.some((resource) => isEveryResourceFor(action, resource))
  )
}
