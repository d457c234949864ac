/** Managed policies, asked of both. */
import { listBuckets, readBuckets } from '../samples.ts'
import { denyAll, reader, unknownPolicy } from './cast.ts'
import { type Step, step } from './step.ts'

const statement = { Effect: 'Allow', Action: 's3:GetObject', Resource: '*' }

export const policies: readonly Step[] = [
  step('make a policy', 'CreatePolicyCommand', {
    PolicyName: 'reader',
    Path: '/muster/',
    PolicyDocument: readBuckets,
    Description: 'Reads reports',
    Tags: [{ Key: 'muster:managed', Value: 'true' }],
  }),
  step('make a policy again', 'CreatePolicyCommand', {
    PolicyName: 'reader',
    Path: '/muster/',
    PolicyDocument: readBuckets,
  }),
  step('make a policy of no JSON', 'CreatePolicyCommand', { PolicyName: 'bad', PolicyDocument: '{' }),
  ...malformed().map(([what, document]) =>
    step(`make a policy ${what}`, 'CreatePolicyCommand', { PolicyName: 'bad', PolicyDocument: document }),
  ),
  step('get a policy', 'GetPolicyCommand', reader),
  step('get an unknown policy', 'GetPolicyCommand', unknownPolicy),
  step('get a policy of AWS', 'GetPolicyCommand', { PolicyArn: denyAll }),
  step('get an unknown policy of AWS', 'GetPolicyCommand', { PolicyArn: 'arn:aws:iam::aws:policy/Unknown' }),
  step('list own policies', 'ListPoliciesCommand', { Scope: 'Local' }),
  step('list own attached policies', 'ListPoliciesCommand', { Scope: 'Local', OnlyAttached: true }),
  step('get the first version', 'GetPolicyVersionCommand', { ...reader, VersionId: 'v1' }),
  step('get a version that is not there', 'GetPolicyVersionCommand', { ...reader, VersionId: 'v9' }),
  step('make a version', 'CreatePolicyVersionCommand', { ...reader, PolicyDocument: listBuckets }),
  step('make a default version', 'CreatePolicyVersionCommand', {
    ...reader,
    PolicyDocument: listBuckets,
    SetAsDefault: true,
  }),
  step('make a version of an unknown policy', 'CreatePolicyVersionCommand', {
    ...unknownPolicy,
    PolicyDocument: listBuckets,
  }),
  step('make a fourth version', 'CreatePolicyVersionCommand', { ...reader, PolicyDocument: readBuckets }),
  step('make a fifth version', 'CreatePolicyVersionCommand', { ...reader, PolicyDocument: readBuckets }),
  step('make a sixth version', 'CreatePolicyVersionCommand', { ...reader, PolicyDocument: readBuckets }),
  step('list versions', 'ListPolicyVersionsCommand', reader),
  step('list versions of an unknown policy', 'ListPolicyVersionsCommand', unknownPolicy),
  step('delete the default version', 'DeletePolicyVersionCommand', { ...reader, VersionId: 'v3' }),
  step('delete a version', 'DeletePolicyVersionCommand', { ...reader, VersionId: 'v2' }),
  step('delete a version again', 'DeletePolicyVersionCommand', { ...reader, VersionId: 'v2' }),
  step('set the default version', 'SetDefaultPolicyVersionCommand', { ...reader, VersionId: 'v1' }),
  step('set an unknown default version', 'SetDefaultPolicyVersionCommand', { ...reader, VersionId: 'v99' }),
  step('get the policy with another default', 'GetPolicyCommand', reader),
  step('delete an unknown policy', 'DeletePolicyCommand', unknownPolicy),
]

export function policyWith(changes: object, version = '2012-10-17'): string {
  return JSON.stringify({ Version: version, Statement: { ...statement, ...changes } })
}

function malformed(): readonly (readonly [string, string])[] {
  return [
    ['without a version', JSON.stringify({ Statement: statement })],
    ['of an unknown version', policyWith({}, '2030-01-01')],
    ['without a statement', JSON.stringify({ Version: '2012-10-17' })],
    ['without an effect', policyWith({ Effect: undefined })],
    ['with another effect', policyWith({ Effect: 'Permit' })],
    ['without actions', policyWith({ Action: undefined })],
    ['without resources', policyWith({ Resource: undefined })],
    ['with an unknown element', policyWith({ Colour: 'red' })],
    ['with an action without vendor', policyWith({ Action: 'GetObject' })],
    ['with a resource that is no ARN', policyWith({ Resource: 'bucket' })],
    ['with actions and their opposite', policyWith({ NotAction: 's3:PutObject' })],
    ['with a condition that is none', policyWith({ Condition: 'always' })],
  ]
}
