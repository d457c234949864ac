/** From a step of an account's plan to its IAM call: one table. */
import { setTimeout as delay } from 'node:timers/promises'
import {
  AttachGroupPolicyCommand,
  CreateGroupCommand,
  CreatePolicyCommand,
  CreatePolicyVersionCommand,
  DeleteGroupCommand,
  DeleteGroupPolicyCommand,
  DeletePolicyCommand,
  DeletePolicyVersionCommand,
  DetachGroupPolicyCommand,
  type ServiceOutputTypes,
} from '@aws-sdk/client-iam'
import type { Account, IamCommand } from '../aws/account.ts'
import { AwsCallError, isAwsError } from '../aws/errors.ts'
import { priorities } from '../aws/limiter.ts'
import type { RecordedStep } from '../store/schema.ts'
import type { AccountStep } from './account-plan.ts'

type StepOf<Name extends AccountStep['do']> = Extract<AccountStep, { do: Name }>

const commands: { [Name in AccountStep['do']]: (step: StepOf<Name>) => IamCommand<ServiceOutputTypes> } = {
  CreatePolicy: ({ policyName, path, document, description }) =>
    new CreatePolicyCommand({
      PolicyName: policyName,
      Path: path,
      PolicyDocument: JSON.stringify(document),
      Description: description,
    }),
  CreatePolicyVersion: ({ policyArn, document }) =>
    new CreatePolicyVersionCommand({
      PolicyArn: policyArn,
      PolicyDocument: JSON.stringify(document),
      SetAsDefault: true,
    }),
  DeletePolicyVersion: ({ policyArn, versionId }) =>
    new DeletePolicyVersionCommand({ PolicyArn: policyArn, VersionId: versionId }),
  DeletePolicy: ({ policyArn }) => new DeletePolicyCommand({ PolicyArn: policyArn }),
  CreateGroup: ({ groupName, path }) => new CreateGroupCommand({ GroupName: groupName, Path: path }),
  DeleteGroup: ({ groupName }) => new DeleteGroupCommand({ GroupName: groupName }),
  AttachGroupPolicy: ({ groupName, policyArn }) =>
    new AttachGroupPolicyCommand({ GroupName: groupName, PolicyArn: policyArn }),
  DetachGroupPolicy: ({ groupName, policyArn }) =>
    new DetachGroupPolicyCommand({ GroupName: groupName, PolicyArn: policyArn }),
  DeleteGroupPolicy: ({ groupName, policyName }) =>
    new DeleteGroupPolicyCommand({ GroupName: groupName, PolicyName: policyName }),
}

/** A step's parameters, for the record; a document only by what it belongs to. */
export function accountStepParams(step: AccountStep): Record<string, unknown> {
  const { do: _, ...params } = step
  return params
}

export interface AppliedAccountStep {
  readonly recorded: RecordedStep
  readonly error?: AwsCallError
}

/** Waits between tries, in ms. What was made a moment ago may not be visible yet. */
const backoffMs = [200, 500, 1000, 2000, 4000]

/** Makes or repeats a policy: after an unknown outcome only a new look tells what is there. */
const minting: ReadonlySet<AccountStep['do']> = new Set(['CreatePolicy', 'CreatePolicyVersion'] as const)

export async function applyAccountStep(account: Account, step: AccountStep): Promise<AppliedAccountStep> {
  const base = { do: step.do, params: accountStepParams(step) }
  const command = commands[step.do] as (step: AccountStep) => IamCommand<ServiceOutputTypes>
  for (let attempt = 1; ; attempt++) {
    try {
      const called = await account.call(command(step), { priority: priorities.interactive })
      return {
        recorded: {
          ...base,
          outcome: 'done',
          startedAt: called.startedAt.toISOString(),
          durationMs: Math.round(called.durationMs),
          attempts: attempt,
          ...(called.requestId ? { requestId: called.requestId } : {}),
        },
      }
    } catch (error) {
      if (!(error instanceof AwsCallError)) throw error
      if (error.class === 'absent' && /^(Detach|Delete)/.test(step.do)) {
        return { recorded: { ...base, outcome: 'already', attempts: attempt, error: error.message } }
      }
      const wait = backoffMs[attempt - 1]
      const again =
        isAwsError(error, 'throttled', 'transient', 'absent') &&
        !(minting.has(step.do) && error.outcomeUnknown)
      if (wait === undefined || !again) {
        return { recorded: { ...base, outcome: 'failed', attempts: attempt, error: error.message }, error }
      }
      await delay(wait * (0.75 + Math.random() / 2))
    }
  }
}
