/** The reference: the SDK alone, making the calls of joiners and nothing else, in a process of its own. */
import { AddUserToGroupCommand, CreateUserCommand, IAMClient } from '@aws-sdk/client-iam'
import { answerParent } from './children.ts'
import type { Call } from './sandbox.ts'

let client: IAMClient | undefined

const handlers = {
  open(endpoint: string, credentials: { accessKeyId: string; secretAccessKey: string }) {
    client = new IAMClient({ region: 'us-east-1', endpoint, credentials })
  },
  /** Repeats one joiner's calls for `joiners` users, `concurrency` of them at a time. Milliseconds it took. */
  async join(calls: readonly Call[], joiners: number, concurrency: number, prefix: string): Promise<number> {
    const started = performance.now()
    let next = 0
    async function work(): Promise<void> {
      while (next < joiners) {
        const userName = `${prefix}.${next++}`
        for (const { action, params } of calls) await send(action, { ...params, UserName: userName })
      }
    }
    await Promise.all(Array.from({ length: concurrency }, work))
    return performance.now() - started
  },
}

export type BareSdkProcess = typeof handlers

async function send(action: string, params: Record<string, unknown>): Promise<void> {
  if (!client) throw new Error('the client is not open')
  if (action === 'CreateUser') await client.send(new CreateUserCommand(params as never))
  else if (action === 'AddUserToGroup') await client.send(new AddUserToGroupCommand(params as never))
  else throw new Error(`a joiner makes no ${action}`)
}

answerParent(handlers)
