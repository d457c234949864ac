/** An account for tests, and calls on it that must succeed or must be refused. */
import assert from 'node:assert/strict'
import { type Account, type AccountOptions, callIam, createAccount } from '../../../src/sandbox/iam/index.ts'

// biome-ignore lint/suspicious/noExplicitAny: outputs of a hundred operations, read by their field names
type AnyOutput = any

export interface TestAccount {
  readonly account: Account
  now: Date
  /** The output of a call that is not refused. */
  call(action: string, params?: Record<string, unknown>): AnyOutput
  /** The code of a call that is refused. */
  refusal(action: string, params?: Record<string, unknown>): string
}

export function openTestAccount(options: AccountOptions = {}): TestAccount {
  const account = createAccount('123456789012', options)
  const self: TestAccount = {
    account,
    now: new Date('2026-11-23T09:00:00Z'),
    call(action, params = {}) {
      const answer = callIam(account, action, params, { now: self.now })
      assert.ok(answer.ok, answer.ok ? '' : `${action}: ${answer.error.code}: ${answer.error.message}`)
      return answer.output
    },
    refusal(action, params = {}) {
      const answer = callIam(account, action, params, { now: self.now })
      assert.ok(!answer.ok, `${action} was not refused`)
      return answer.error.code
    },
  }
  return self
}
