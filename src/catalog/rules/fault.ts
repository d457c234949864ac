export type Rule =
  | 'malformed-policy'
  | 'old-policy-version'
  | 'policy-too-large'
  | 'principal-in-policy'
  | 'allow-not-action'
  | 'allow-not-resource'
  | 'every-action'
  | 'unknown-action'
  | 'allows-nothing'
  | 'write-on-everything'
  | 'privilege-escalation'
  | 'broad-aws-policy'
  | 'no-boundary'
  | 'boundary-blocks-baseline'
  | 'boundary-can-be-left'
  | 'too-many-policies'
  | 'too-many-groups'

export interface LintFault {
  /** Relative to the catalog file; the catalog file itself for what is wrong with groups and roles. */
  readonly file: string
  /** The statement's Sid, or `Statement[n]` counted from 0; null where no single statement is at fault. */
  readonly statement: string | null
  readonly rule: Rule
  readonly message: string
  readonly remedy: string
}

/** `a, b, c and 4 more`: enough to find it, not enough to drown in. */
export function some(names: Iterable<string>, shown = 4): string {
  const all = [...new Set(names)]
  const more = all.length - shown
  return more > 0 ? `${all.slice(0, shown).join(', ')} and ${more} more` : all.join(', ')
}
