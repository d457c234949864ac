/** Asking IAM: reads, which are safe to repeat. */
import { setTimeout as delay } from 'node:timers/promises'
import type { ServiceOutputTypes } from '@aws-sdk/client-iam'
import type { Account, IamCommand } from './account.ts'
import { isAwsError } from './errors.ts'
import { type Priority, priorities } from './limiter.ts'

export type Ask = <Output extends ServiceOutputTypes>(command: IamCommand<Output>) => Promise<Output>

/** A passing fault is tried again a few times. What is asked throws AwsCallError when IAM refuses, or goes on failing. */
export function asker({
  account,
  priority = priorities.reconcile,
}: {
  readonly account: Pick<Account, 'call'>
  readonly priority?: Priority
}): Ask {
  return async (command) => {
    for (let attempt = 0; ; attempt++) {
      try {
        return (await account.call(command, { priority })).output
      } catch (error) {
        if (attempt >= 2 || !isAwsError(error, 'throttled', 'transient')) throw error
        await delay(200 * 2 ** attempt * (0.75 + Math.random() / 2))
      }
    }
  }
}

/** Any page may hold fewer entries than asked for; `IsTruncated` alone says whether there are more. */
export async function eachPage<
  Output extends ServiceOutputTypes & {
    readonly IsTruncated?: boolean | undefined
    readonly Marker?: string | undefined
  },
>(
  ask: Ask,
  command: (page: { readonly MaxItems: number; readonly Marker?: string }) => IamCommand<Output>,
  take: (output: Output) => void,
): Promise<void> {
  let marker: string | undefined
  do {
    const output = await ask(command({ MaxItems: 1000, ...(marker ? { Marker: marker } : {}) }))
    take(output)
    marker = output.IsTruncated ? output.Marker : undefined
  } while (marker)
}
