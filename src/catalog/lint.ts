/** Judging a catalog before anybody gets access by it: plain data in, faults out. */
import { type ActionTable, actionsFor } from './actions.ts'
import { DEFAULT_PATH, type DraftCatalog, type PolicyDoc, policyDocs } from './catalog.ts'
import type { Place } from './own-groups.ts'
import { documentIn } from './partition.ts'
import { statementsOf } from './policy-document.ts'
import { boundaryFaults, roleBoundaryFaults } from './rules/boundary.ts'
import { documentFaults } from './rules/document.ts'
import { escalationFaults } from './rules/escalation.ts'
import type { LintFault } from './rules/fault.ts'
import { DEFAULT_QUOTAS, type Quotas, quotaFaults } from './rules/quota.ts'
import { statementFaults } from './rules/statement.ts'

export type { LintFault, Rule } from './rules/fault.ts'

export interface LintOptions {
  /** Where Muster's users are; default `aws` and `/muster/`. */
  readonly place?: Place
  /** The account's own values from GetAccountSummary, where they differ from AWS's defaults. */
  readonly quotas?: Partial<Quotas>
}

/**
 * Everything for which a catalog must be refused; an empty list means it may be used. Never throws, whatever the
 * documents hold. It is asynchronous only because AWS's list of actions is read when first asked for.
 */
export async function lint(catalog: DraftCatalog, options: LintOptions = {}): Promise<LintFault[]> {
  const { boundaries, policies } = policyDocs(catalog)
  const patterns = [...boundaries, ...policies].flatMap((doc) =>
    statementsOf(doc.document).flatMap(({ actions, notActions }) => [...actions, ...notActions]),
  )
  return lintWith(catalog, await actionsFor(patterns), options)
}

/** `lint` with the actions at hand. */
export function lintWith(catalog: DraftCatalog, table: ActionTable, options: LintOptions = {}): LintFault[] {
  const place = options.place ?? { partition: 'aws', path: DEFAULT_PATH }
  const { boundaries, policies } = policyDocs(catalog)
  // As an account of that partition will get it; everything else is judged as it is written.
  const inPlace = (doc: PolicyDoc) => ({ ...doc, document: documentIn(doc.document, place.partition) })
  const anyDoc = (doc: PolicyDoc) => [...documentFaults(doc), ...statementFaults(doc, table)]
  return [
    ...quotaFaults(catalog, { ...DEFAULT_QUOTAS, ...options.quotas }),
    ...roleBoundaryFaults(catalog),
    ...broadAwsPolicyFaults(catalog),
    ...boundaries.flatMap((doc) => [...anyDoc(doc), ...boundaryFaults(inPlace(doc), place)]),
    ...policies.flatMap(anyDoc),
    ...escalationFaults(catalog),
  ]
}

/** For people to read: `policies/engineering.json: Deploy: allows ... (write-on-everything); name the resources`. */
export function lintLine({ file, statement, rule, message, remedy }: LintFault): string {
  return `${file}: ${statement === null ? '' : `${statement}: `}${message} (${rule}); ${remedy}`
}

/** AWS's own policies that allow, by design, what the lint refuses in a catalog's. */
const BROAD_AWS_POLICY =
  /\/(AdministratorAccess|PowerUserAccess|SystemAdministrator|NetworkAdministrator|DatabaseAdministrator|DataScientist|Billing)\b|FullAccess/

function broadAwsPolicyFaults(catalog: DraftCatalog): LintFault[] {
  return Object.entries(catalog.groups).flatMap(([name, group]) =>
    group.awsManagedPolicies
      .filter((arn) => BROAD_AWS_POLICY.test(arn))
      .map((arn) => ({
        file: catalog.file,
        statement: null,
        rule: 'broad-aws-policy' as const,
        message: `group ${name} takes ${arn.slice(arn.indexOf('/') + 1)}, which allows writing to everything`,
        remedy: 'write a small policy of what is needed, or take a ReadOnly one',
      })),
  )
}
