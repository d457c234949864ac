/** Judging documents one by one: managed policies that somebody carries, and inline ones of users and groups. */
import { unknown } from '../aws/fact.ts'
import type { PolicyDocument } from '../catalog/catalog.ts'
import { type Finding, unknownVerdict, type Verdict, verdictOf } from './control.ts'
import { withFacts } from './facts-at-hand.ts'
import type { AccountSnapshot, Authorization, AuthorizedPolicy } from './snapshot.ts'

/** Something that carries documents: a policy its one, a user or a group its inline ones. */
export interface Bearer {
  readonly arn: string
  /** `Policy engineering`, `User ada`: begins a sentence. */
  readonly label: string
  readonly documents: readonly { readonly name: string; readonly document: PolicyDocument | undefined }[]
}

/** One finding for each bearer of a document that is bad; what could not be read leaves the verdict open. */
export function noDocument(
  bearersIn: (authorization: Authorization) => readonly Bearer[],
  isBad: (document: PolicyDocument) => boolean,
  what: string,
) {
  return ({ authorization }: AccountSnapshot): Verdict =>
    withFacts({ authorization }, ({ authorization: found }) => {
      const bearers = bearersIn(found)
      const findings: Finding[] = []
      const unread: string[] = []
      for (const { arn, label, documents } of bearers) {
        const bad = documents.filter(({ document }) => document !== undefined && isBad(document))
        const policies = bad.map(({ name }) => name)
        if (bad.length > 0)
          findings.push({ resource: arn, message: `${label} ${what}`, evidence: { policies } })
        if (documents.some(({ document }) => document === undefined)) unread.push(arn)
      }
      if (unread.length > 0)
        return unknownVerdict([unknown(`The policy could not be read: ${unread.join(', ')}`)], findings)
      return verdictOf(findings, { looked: bearers.length })
    })
}

/** A boundary gives nothing, and what nobody carries does nothing. */
export function attachedPolicies({ policies }: Authorization, which: (arn: string) => boolean): Bearer[] {
  return policies
    .filter(({ arn, attachmentCount }) => attachmentCount > 0 && which(arn))
    .map(({ arn, policyName, document }: AuthorizedPolicy) => ({
      arn,
      label: `Policy ${policyName}`,
      documents: [{ name: policyName, document }],
    }))
}

export function inlinePolicies({ users, groups }: Authorization): Bearer[] {
  return [
    ...users.map(({ arn, userName, inlinePolicies }) => ({
      arn,
      label: `User ${userName}, by an inline policy,`,
      documents: inlinePolicies,
    })),
    ...groups.map(({ arn, groupName, inlinePolicies }) => ({
      arn,
      label: `Group ${groupName}, by an inline policy,`,
      documents: inlinePolicies,
    })),
  ].filter(({ documents }) => documents.length > 0)
}

/** Written and kept by AWS, the same in every account. */
export function isOfAws(arn: string): boolean {
  return /^arn:[^:]*:iam::aws:policy\//.test(arn)
}
