/** An account whose calls go straight to the sandbox's state machine: no HTTP, no pace, no clock. */
import type { ServiceOutputTypes } from '@aws-sdk/client-iam'
import { type Account, type Called, Cancelled, type IamCommand } from '../../src/aws/account.ts'
import { AwsCallError } from '../../src/aws/errors.ts'
import type { Step } from '../../src/identity/model.ts'
import { callIam } from '../../src/sandbox/index.ts'

export type SandboxAccount = Parameters<typeof callIam>[0]

export const now = new Date('2026-11-23T09:00:00Z')

/** `onAccepted` sees the account right after each call that it took; what it `refuses` is denied. */
export function inProcess(
  sandbox: SandboxAccount,
  onAccepted: (step: Step) => void = () => {},
  refuses: (step: Step) => boolean = () => false,
): Account {
  async function call<Output extends ServiceOutputTypes>(
    command: IamCommand<Output>,
    options: Parameters<Account['call']>[1] = {},
  ): Promise<Called<Output>> {
    const action = command.constructor.name.replace(/Command$/, '')
    if (options.stillWanted && !(await options.stillWanted())) throw new Cancelled(action)
    if (refuses({ do: action, ...command.input } as Step)) {
      throw new AwsCallError(action, {
        name: 'AccessDenied',
        message: 'why',
        $metadata: { httpStatusCode: 403 },
      })
    }
    const answer = callIam(sandbox, action, command.input as Record<string, unknown>, { now })
    if (!answer.ok) {
      const { code, message, status } = answer.error
      throw new AwsCallError(action, { name: code, message, $metadata: { httpStatusCode: status } })
    }
    onAccepted({ do: action, ...command.input } as Step)
    const output = answer.output as unknown as Output
    return { output, requestId: 'request-1', startedAt: now, durationMs: 1, attempts: 1 }
  }
  const notHere = () => Promise.reject(new Error('only IAM is in this process'))
  return {
    accountId: sandbox.accountId,
    partition: 'aws',
    iamRegion: 'us-east-1',
    principalId: 'AIDAINPROCESS',
    call,
    callUrgently: (it) => call(it),
    callTrail: notHere,
    callS3: notHere,
    close() {},
  }
}
