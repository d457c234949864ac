/**
 * What AWS does not track the use of, so that nobody may call it unused: passing a role is no call of its own, and is
 * needed wherever a service is given one.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_last-accessed.html#access_policies_last-accessed-know
 */
import type { PolicyDocument } from '../catalog/catalog.ts'
import { isEveryAction, matchesAction, statementsOf } from '../catalog/policy-document.ts'

const untracked = ['iam:PassRole']

/** The untracked actions that a pattern such as `iam:*` allows; what names one itself stays as it is written. */
export function untrackedIn(pattern: string): readonly string[] {
  return untracked
    .filter((action) => matchesAction(pattern, action))
    .map((action) => (action.toLowerCase() === pattern.toLowerCase() ? pattern : action))
}

/** Whether nothing else of a service is allowed by name: then "never used" says nothing of it. */
export function isAllUntracked(namespace: string, documents: readonly PolicyDocument[]): boolean {
  const allows = documents.flatMap(statementsOf).filter(({ effect }) => effect === 'Allow')
  if (allows.some(({ notActions }) => notActions.length > 0)) return false
  const ofService = allows
    .flatMap(({ actions }) => actions.map((action) => action.toLowerCase()))
    .filter((action) => isEveryAction(action) || action.startsWith(`${namespace}:`))
  return ofService.length > 0 && ofService.every((action) => names.has(action))
}

const names: ReadonlySet<string> = new Set(untracked.map((action) => action.toLowerCase()))
