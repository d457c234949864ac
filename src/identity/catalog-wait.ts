/**
 * Somebody who works here while a new catalog is not wholly in the account. What Muster gave stays as it is, for what
 * is to come in its place is not there yet; what others gave is taken away at once, as ever. Pure.
 */
import type { LoadedIdentity } from './ledger-model.ts'
import type { Desired, Observed, Plan, Registration } from './model.ts'
import { withoutGrants } from './plan-gated.ts'
import { union } from './plan-reading.ts'

export const catalogIsOnItsWay = 'the catalog is still being brought into the account'

/** In observe mode no catalog ever comes, and everything is planned by the new one. */
export function waitsForCatalog(
  { catalogHash }: Pick<LoadedIdentity, 'catalogHash'>,
  want: Desired,
  context: { readonly catalogHash: string; readonly mode: 'enforce' | 'observe' },
): boolean {
  return want.kind === 'active' && context.mode === 'enforce' && catalogHash !== context.catalogHash
}

type Given = Pick<
  LoadedIdentity,
  'groups' | 'possibleGroups' | 'boundaryArn' | 'consoleAccess' | 'accessKeys'
>

/**
 * What is wanted until then: what is on record as given. Under the new catalog the role may have lost a group, its
 * boundary, its password or its keys, and all of these wait for what comes with the loss.
 */
export function asGiven(want: Desired, given: Given, { quarantineGroup }: OwnGroups): Desired {
  if (want.kind !== 'active') return want
  const { access } = want
  return {
    kind: 'active',
    access: {
      groups: union(given.groups, given.possibleGroups).filter((group) => group !== quarantineGroup),
      boundaryArn: given.boundaryArn || access.boundaryArn,
      console: access.console || given.consoleAccess,
      accessKeys: given.accessKeys.some(({ active }) => active) ? 'self-service' : access.accessKeys,
    },
  }
}

type OwnGroups = Pick<Registration, 'quarantineGroup' | 'baselineGroup'>

/** @param plan of somebody to whom Muster has given something, for what `asGiven` says: what of it does not wait */
export function withoutCatalog(plan: Plan, observed: Observed, given: Given, own: OwnGroups): Plan {
  const reduced = withoutGrants(plan, observed, { ...given, isBeingAdopted: false }, own)
  // Where no boundary is on record, there is only the new one, which may not be in the account.
  const steps = reduced.steps.filter(
    (step) => step.do !== 'PutUserPermissionsBoundary' || step.PermissionsBoundary === given.boundaryArn,
  )
  return { ...reduced, kind: steps.length > 0 ? 'repair' : 'none', steps }
}
