/** Whether a condition leaves so few targets to a statement that it opens no way up. */
import { PARTITIONS } from '../partition.ts'
import { type ConditionTest, isEveryResource, matchesGlob, type Statement } from '../policy-document.ts'

const TAG_KEYS = /^(aws|iam|ssm|ec2|ecs|sagemaker):resourcetag\//i
/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html#awsidentityandaccessmanagementiam-policy-keys */
const POLICY_KEYS = /^iam:(policyarn|permissionsboundary)$/i
const EXACT = /^(ForAnyValue:)?(String(Equals|EqualsIgnoreCase|Like)|Arn(Equals|Like))$/i

/** Bound to certain targets by a condition. MFA, Region and network say who asks and from where, not on what. */
export function isNarrowed({ conditions }: Statement): boolean {
  return conditions.some((test) => {
    if (!isExact(test)) return false
    if (TAG_KEYS.test(test.key)) return !test.values.some((value) => /^[*?]*$/.test(value))
    return POLICY_KEYS.test(test.key) && !test.values.some(maybeAdministrative)
  })
}

/** One of its values must be there: what has no such key at all does not pass. */
export const isExact = ({ operator }: ConditionTest): boolean => EXACT.test(operator)

/** `*`, `arn:aws:iam::*:role/*`, `arn:aws:lambda:eu-west-1:*:function:*`, but not `...:role/app-*`. */
export function isAllOfAKind(resource: string): boolean {
  return isEveryResource(resource) || /^arn:(?:[^:]*:){4}[\w*-]*[/:]?[*/:?]*\*$/.test(resource)
}

/** Policies of AWS that give everything, or whose holder takes what they do not give. */
const ADMINISTRATIVE = PARTITIONS.flatMap((partition) =>
  ['AdministratorAccess', 'IAMFullAccess', 'PowerUserAccess'].map((name) =>
    `arn:${partition}:iam::aws:policy/${name}`.toLowerCase(),
  ),
)

/**
 * Whether the ARN of a policy, with wildcards or without, may be one that gives everything, attached or as a boundary.
 * All policies of an account are as good as that: whoever may write one has it.
 */
function maybeAdministrative(policyArn: string): boolean {
  const pattern = policyArn.toLowerCase()
  return isAllOfAKind(pattern) || ADMINISTRATIVE.some((arn) => matchesGlob(pattern, arn))
}
