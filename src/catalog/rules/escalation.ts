/**
 * Known ways from a few rights to all rights, looked for in everything that a role's groups allow together.
 *
 * The ways are those published by Rhino Security Labs, Bishop Fox and at https://pathfinding.cloud. A boundary may
 * stop some of them; the catalog is refused all the same, since a boundary is the second lock and not the first.
 */
import type { DraftCatalog, PolicyDoc } from '../catalog.ts'
import {
  coversAction,
  isEveryAction,
  isEveryResourceFor,
  type Statement,
  statementsOf,
} from '../policy-document.ts'
import { type LintFault, some } from './fault.ts'
import { isAllOfAKind, isExact, isNarrowed } from './narrowing.ts'

/** Any of these on any resource: more rights, fewer prohibitions, or another's identity, in one call. */
export const SELF_SUFFICIENT = [
  'iam:AddUserToGroup',
  'iam:AttachGroupPolicy',
  'iam:AttachRolePolicy',
  'iam:AttachUserPolicy',
  'iam:CreateAccessKey',
  'iam:CreateLoginProfile',
  'iam:CreatePolicyVersion',
  'iam:CreateServiceSpecificCredential',
  'iam:DeleteGroup',
  'iam:DeleteGroupPolicy',
  'iam:DeletePolicy',
  'iam:DeletePolicyVersion',
  'iam:DeleteRolePermissionsBoundary',
  'iam:DeleteUserPermissionsBoundary',
  'iam:DeleteUserPolicy',
  'iam:DetachGroupPolicy',
  'iam:DetachUserPolicy',
  'iam:PutGroupPolicy',
  'iam:PutRolePermissionsBoundary',
  'iam:PutRolePolicy',
  'iam:PutUserPermissionsBoundary',
  'iam:PutUserPolicy',
  'iam:RemoveUserFromGroup',
  'iam:ResetServiceSpecificCredential',
  'iam:SetDefaultPolicyVersion',
  'iam:UpdateAssumeRolePolicy',
  'iam:UpdateGroup',
  'iam:UpdateLoginProfile',
] as const

/** Harmless on what is named, a way to every role in use when allowed on all of a kind. */
export const ON_ALL_OF_A_KIND = [
  'apprunner:UpdateService',
  'bedrock-agentcore:InvokeCodeInterpreter',
  'cloudformation:ExecuteChangeSet',
  'cloudformation:UpdateStack',
  'codebuild:StartBuild',
  'codebuild:StartBuildBatch',
  'ec2-instance-connect:SendSSHPublicKey',
  'ec2:CreateLaunchTemplateVersion',
  'ec2:ModifyInstanceAttribute',
  'ecs:ExecuteCommand',
  'glue:UpdateDevEndpoint',
  'glue:UpdateJob',
  'lambda:UpdateFunctionCode',
  'lambda:UpdateFunctionConfiguration',
  'sagemaker:CreatePresignedNotebookInstanceUrl',
  'ssm:SendCommand',
  'ssm:StartSession',
  'sts:AssumeRole',
] as const

/** With `iam:PassRole` on all roles: something new that runs as any of them. */
export const RUNS_AS_A_ROLE: Readonly<Record<string, string>> = {
  'apprunner:CreateService': 'tasks.apprunner.amazonaws.com',
  'autoscaling:CreateLaunchConfiguration': 'ec2.amazonaws.com',
  'batch:RegisterJobDefinition': 'ecs-tasks.amazonaws.com',
  'bedrock-agentcore:CreateCodeInterpreter': 'bedrock-agentcore.amazonaws.com',
  'cloudformation:CreateChangeSet': 'cloudformation.amazonaws.com',
  'cloudformation:CreateStack': 'cloudformation.amazonaws.com',
  'cloudformation:CreateStackSet': 'cloudformation.amazonaws.com',
  'cloudformation:UpdateStackSet': 'cloudformation.amazonaws.com',
  'codebuild:CreateProject': 'codebuild.amazonaws.com',
  'codebuild:UpdateProject': 'codebuild.amazonaws.com',
  'codepipeline:CreatePipeline': 'codepipeline.amazonaws.com',
  'datapipeline:CreatePipeline': 'datapipeline.amazonaws.com',
  'ec2:AssociateIamInstanceProfile': 'ec2.amazonaws.com',
  'ec2:ReplaceIamInstanceProfileAssociation': 'ec2.amazonaws.com',
  'ec2:RequestSpotInstances': 'ec2.amazonaws.com',
  'ec2:RunInstances': 'ec2.amazonaws.com',
  'ecs:RegisterTaskDefinition': 'ecs-tasks.amazonaws.com',
  'ecs:RunTask': 'ecs-tasks.amazonaws.com',
  'elasticmapreduce:RunJobFlow': 'elasticmapreduce.amazonaws.com',
  'emr-serverless:StartJobRun': 'emr-serverless.amazonaws.com',
  'glue:CreateDevEndpoint': 'glue.amazonaws.com',
  'glue:CreateJob': 'glue.amazonaws.com',
  'glue:CreateSession': 'glue.amazonaws.com',
  'glue:UpdateJob': 'glue.amazonaws.com',
  'lambda:CreateFunction': 'lambda.amazonaws.com',
  'lambda:UpdateFunctionConfiguration': 'lambda.amazonaws.com',
  'sagemaker:CreateNotebookInstance': 'sagemaker.amazonaws.com',
  'sagemaker:CreateProcessingJob': 'sagemaker.amazonaws.com',
  'sagemaker:CreateTrainingJob': 'sagemaker.amazonaws.com',
  'scheduler:CreateSchedule': 'scheduler.amazonaws.com',
  'ssm:StartAutomationExecution': 'ssm.amazonaws.com',
  'states:CreateStateMachine': 'states.amazonaws.com',
}

/** One fault for each statement that opens a way. */
export function escalationFaults(catalog: DraftCatalog): LintFault[] {
  const faults = holders(catalog).flatMap(({ who, docs }) => waysOf(who, docs))
  const firsts = new Map<string, LintFault>()
  for (const fault of faults) {
    const key = JSON.stringify([fault.file, fault.statement, fault.remedy])
    if (!firsts.has(key)) firsts.set(key, fault)
  }
  return [...firsts.values()]
}

/** Whoever holds policies together: each role, and each group that no role has yet. */
function holders(catalog: DraftCatalog): { who: string; docs: PolicyDoc[] }[] {
  const roles = Object.entries(catalog.roles)
  const used = new Set(roles.flatMap(([, role]) => role.groups))
  const docsOf = (group: string) => catalog.groups[group]?.policies ?? []
  return [
    ...roles.map(([name, role]) => ({ who: `role ${name}`, docs: role.groups.flatMap(docsOf) })),
    ...Object.keys(catalog.groups)
      .filter((group) => !used.has(group))
      .map((group) => ({ who: `group ${group}`, docs: [...docsOf(group)] })),
  ]
}

function waysOf(who: string, docs: readonly PolicyDoc[]): LintFault[] {
  // What says `*` or NotAction is refused for that alone, once.
  const isRefused = ({ effect, actions }: Statement) =>
    effect === 'Allow' && (actions.length === 0 || actions.some(isEveryAction))
  const grants = docs.flatMap((doc) =>
    statementsOf(doc.document)
      .filter((statement) => !isRefused(statement))
      .map((statement) => ({ source: doc, statement })),
  )
  return escalationWays(grants).map(({ source, statement, kind, actions }) => ({
    file: source.file,
    statement: statement.name,
    rule: 'privilege-escalation',
    message: `${who}: ${saidOf[kind](some(actions))}`,
    remedy: remedyOf[kind],
  }))
}

/** A statement of something that its holder also has; `source` is where it comes from. */
export interface Grant<Source> {
  readonly source: Source
  readonly statement: Statement
}

export interface EscalationWay<Source> extends Grant<Source> {
  readonly kind: 'alone' | 'on-all' | 'pass-role'
  /** What opens the way; for `pass-role` those to which a role can be passed. */
  readonly actions: readonly string[]
}

/**
 * The known ways that grants open to whoever holds them all. Denials without a condition on all resources are
 * heeded; whatever else may forbid, a boundary or a condition on MFA, is not.
 */
export function escalationWays<Source>(grants: readonly Grant<Source>[]): EscalationWay<Source>[] {
  const denied = (action: string) => grants.some(({ statement }) => deniesEverywhere(statement, action))
  const allows = grants.filter(({ statement }) => statement.effect === 'Allow')
  const opened = ({ statement }: Grant<Source>, actions: readonly string[]) =>
    actions.filter((action) => coversAction(statement, action) && !denied(action))

  return allows.flatMap((grant) => {
    const { statement } = grant
    if (isNarrowed(statement)) return []
    const broad = isBroad(statement)
    const ways: readonly [EscalationWay<Source>['kind'], readonly string[]][] = [
      ['alone', opened(grant, SELF_SUFFICIENT)],
      ['on-all', broad ? opened(grant, ON_ALL_OF_A_KIND) : []],
      ['pass-role', passesAnyRole(statement) && !denied('iam:PassRole') ? partnersOf(statement) : []],
    ]
    return ways
      .filter(([, actions]) => actions.length > 0)
      .map(([kind, actions]) => ({ ...grant, kind, actions }))
  })

  function partnersOf(statement: Statement): readonly string[] {
    return Object.entries(RUNS_AS_A_ROLE)
      .filter(([, service]) => mayBePassedTo(statement, service))
      .map(([action]) => action)
      .filter((action) => allows.some((other) => opened(other, [action]).length > 0))
  }
}

/** Half of a way: with something that runs as a role, it is one. */
export function passesAnyRole(statement: Statement): boolean {
  return (
    statement.effect === 'Allow' &&
    !isNarrowed(statement) &&
    isBroad(statement) &&
    coversAction(statement, 'iam:PassRole')
  )
}

/** For people: what the ways come to, after the names of the actions. */
export const saidOf: Readonly<Record<EscalationWay<unknown>['kind'], (actions: string) => string>> = {
  alone: (actions) => `${actions} lets its holder take more rights, or another's, or take off what forbids`,
  'on-all': (actions) => `${actions} on all there is leads to every role in use`,
  'pass-role': (actions) => `iam:PassRole on all roles, with ${actions}, runs code as any role`,
}

const remedyOf: Readonly<Record<EscalationWay<unknown>['kind'], string>> = {
  alone: 'remove it: users, groups, policies and credentials are for Muster to change',
  'on-all': 'name the resources, or bind it to a tag (aws:ResourceTag/...)',
  'pass-role': 'name the roles that may be passed, and iam:PassedToService',
}

function deniesEverywhere(statement: Statement, action: string): boolean {
  return (
    statement.effect === 'Deny' &&
    statement.conditions.length === 0 &&
    statement.resources.some((resource) => isEveryResourceFor(action, resource)) &&
    coversAction(statement, action)
  )
}

/** On everything but what is named is on all of a kind, whatever is named. */
function isBroad({ resources, notResources }: Statement): boolean {
  return notResources.length > 0 || resources.some(isAllOfAKind)
}

function mayBePassedTo({ conditions }: Statement, service: string): boolean {
  const limits = conditions.filter(
    (test) => isExact(test) && test.key.toLowerCase() === 'iam:passedtoservice',
  )
  return limits.every(({ values }) => values.some((value) => value.includes('*') || value === service))
}
