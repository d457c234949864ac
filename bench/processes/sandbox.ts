/** The sandbox in a process of its own. */
import { QUARANTINE } from '../../src/catalog/catalog.ts'
import { openSandbox, type Sandbox } from '../../src/sandbox/index.ts'
import { callBudget, fillAccount, largest } from '../../test/compliance/large-account.ts'
import { answerParent } from './children.ts'
import type { SandboxPlace } from './settings.ts'

/** One IAM call, as the sandbox took it. */
export interface Call {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly action: string
  readonly readOnly: boolean
  readonly params: Readonly<Record<string, unknown>>
  readonly accepted: boolean
  readonly errorCode: string | undefined
}

let sandbox: Sandbox | undefined

const handlers = {
  async open(): Promise<SandboxPlace> {
    sandbox = await openSandbox({ quotas: { users: 1_000_000 }, callLogSize: 200_000 })
    return { url: sandbox.url, accountId: sandbox.accountId, credentials: sandbox.credentials }
  },
  /** From now on IAM takes so many calls a second, and throttles the others. */
  limit(perSecond: number) {
    opened().faults.set({ rateLimit: { perSecond } })
  },
  /** The IAM calls since the last `forget`, oldest first. */
  calls(): Call[] {
    return opened()
      .calls.entries.filter(({ service }) => service === 'iam')
      .map(({ at, action, readOnly, params, status, errorCode }) => ({
        at: at.getTime(),
        action,
        readOnly,
        params,
        accepted: status === 200,
        errorCode,
      }))
  },
  /** Milliseconds since the epoch at which a call was accepted that put this user into this group. */
  joinedAt(userName: string, groupName: string): number | undefined {
    const join = opened()
      .calls.of('AddUserToGroup')
      .find(
        ({ params, status }) =>
          status === 200 && params.UserName === userName && params.GroupName === groupName,
      )
    return join?.at.getTime()
  },
  /** Users who are in fewer than so many groups, and not locked: their joiners are running. */
  halfway(groups: number): string[] {
    const users = [...opened().state.users.values()]
    return users
      .filter((user) => user.groups.length < groups && !user.groups.includes(QUARANTINE))
      .map((user) => user.userName)
  },
  forget() {
    opened().calls.clear()
  },
  /** Makes the account as large as AWS allows; returns the calls that a scan of it may make. */
  fill(): number {
    fillAccount(opened(), largest)
    return callBudget(opened())
  },
}

export type SandboxProcess = typeof handlers

function opened(): Sandbox {
  if (!sandbox) throw new Error('the sandbox is not open')
  return sandbox
}

answerParent(handlers)
