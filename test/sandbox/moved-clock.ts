/** A sandbox whose clock stands still, until the test moves it. */
import type { TestContext } from 'node:test'
import type { SandboxOptions } from '../../src/sandbox/index.ts'
import { openTestSandbox } from './sandbox.ts'

export async function openAtNine(t: TestContext, options: SandboxOptions = {}) {
  let nowMs = Date.parse('2026-11-23T09:00:00Z')
  const opened = await openTestSandbox(t, { now: () => new Date(nowMs), ...options })
  return {
    ...opened,
    passMinutes(minutes: number) {
      nowMs += minutes * 60_000
    },
  }
}
