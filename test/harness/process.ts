/**
 * Muster as whoever runs it starts it: `node src/main.ts`, a process of its own.
 *
 *     const muster = await startMuster(t, settingsFor({ MUSTER_DATABASE_URL: url, AWS_ENDPOINT_URL: aws.url }))
 *     await fetch(`${muster.url}/healthz`)
 *     await muster.stop()
 *
 * No process outlives its test, nor the process of the tests.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { adminToken, documentedFetch } from './api.ts'
import { eventually } from './waiting.ts'
import { newSecret } from './webhooks.ts'

export type Settings = Readonly<Record<string, string>>

export interface MusterProcess {
  readonly pid: number
  /** Where it listens; throws while it has not said so. */
  readonly url: string
  /** All that it wrote so far, standard output and standard error in one. */
  output(): string
  readonly exited: Promise<Exit>
  /** Resolves once it listens. @throws Error with its output when it ends instead. */
  listening(): Promise<void>
  /** Resolves once it answers 200 there. @throws Error with its output when it ends instead. */
  answers(path: '/readyz' | '/healthz'): Promise<void>
  /** SIGTERM; it must end with exit code 0. @returns how long that took, in ms */
  stop(): Promise<number>
  /** SIGKILL: whatever it is doing, it does no more of it. */
  kill(): Promise<void>
}

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface StartOptions {
  readonly args?: readonly string[]
  /** Of the child; the repository's root by default. */
  readonly cwd?: string
}

const root = fileURLToPath(new URL('../..', import.meta.url))
const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

/** What a stop may take: the grace time of the service, and the time to notice. */
const stopMs = 35_000

/** Everything that must be set, on a free port; `more` adds to it and replaces. */
export function settingsFor(more: Settings): Settings {
  return {
    PORT: '0',
    MUSTER_ADMIN_TOKEN: adminToken,
    MUSTER_HR_SECRETS: newSecret(),
    MUSTER_SECRET_KEY: 'the-key-of-the-tests-0123456789abcdef',
    MUSTER_IAM_RATE: '200',
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'AKIATESTSTESTSTESTS0',
    AWS_SECRET_ACCESS_KEY: 'of-no-account',
    ...more,
  }
}

/** Starts the process and waits until it is ready. */
export async function startMuster(
  t: TestContext,
  settings: Settings,
  options?: StartOptions,
): Promise<MusterProcess> {
  const muster = spawnMuster(t, settings, options)
  await muster.answers('/readyz')
  return muster
}

/** Starts the process and waits for nothing. */
export function spawnMuster(t: TestContext, settings: Settings, options: StartOptions = {}): MusterProcess {
  const child = spawn(process.execPath, [main, ...(options.args ?? [])], {
    cwd: options.cwd ?? root,
    env: { ...harmless(), ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.add(child)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  const exited = once(child, 'close').then(([code, signal]): Exit => {
    children.delete(child)
    return { code, signal }
  })
  const muster = processOf(child, exited, () => output)
  t.after(async () => {
    const wasKilled = child.signalCode === 'SIGKILL'
    await muster.kill()
    if (!t.passed && !wasKilled) t.diagnostic(`process ${child.pid} had written:\n${lastOf(output)}`)
  })
  return muster
}

function processOf(child: ChildProcess, exited: Promise<Exit>, output: () => string): MusterProcess {
  const isOver = () => child.exitCode !== null || child.signalCode !== null
  const urlOf = () => addressIn(output())

  /** Asks until the answer is yes; a process that is over will not give it. */
  async function whileAlive(what: string, ask: () => Promise<boolean> | boolean): Promise<void> {
    await eventually(
      async () => {
        if (await ask()) return true
        await delay(50)
        if (isOver()) throw new Error(`the process ended before ${what}:\n${lastOf(output())}`)
        return false
      },
      { what },
    ).catch((error: Error) => {
      throw new Error(`${error.message}\n${lastOf(output())}`)
    })
  }

  const listening = () => whileAlive('it listened', () => urlOf() !== undefined)

  return {
    pid: child.pid ?? 0,
    get url() {
      const url = urlOf()
      if (url === undefined) throw new Error(`the process has not said where it listens:\n${output()}`)
      return url
    },
    output,
    exited,
    listening,
    async answers(path) {
      await listening()
      await whileAlive(`it answered ${path}`, () => isOk(`${urlOf()}${path}`))
    },
    async stop() {
      const since = performance.now()
      child.kill('SIGTERM')
      const exit = await Promise.race([exited, tooLate()])
      assert.deepEqual(exit, { code: 0, signal: null }, `SIGTERM did not end it well:\n${lastOf(output())}`)
      return performance.now() - since
    },
    async kill() {
      child.kill('SIGKILL')
      await exited
    },
  }
}

/** The end of what it wrote, no line of it longer than one can read. */
function lastOf(output: string): string {
  const lines = output.trimEnd().split('\n').slice(-20)
  return lines.map((line) => line.slice(0, 600)).join('\n')
}

/** A line of the log, or the one of the welcome in the sandbox. */
function addressIn(output: string): string | undefined {
  return /"address":"([^"]+)"/.exec(output)?.[1] ?? /(http:\/\/\S+)\/docs/.exec(output)?.[1]
}

function isOk(url: string): Promise<boolean> {
  return fetch(url, { signal: AbortSignal.timeout(5000) }).then(
    async (response) => {
      await documentedFetch('GET', response)
      return response.ok
    },
    () => false,
  )
}

function tooLate(): Promise<string> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(`still running after ${stopMs} ms`), stopMs).unref()
  })
}

/** Nothing of this process' own environment that could lead to somebody's account or database. */
function harmless(): Settings {
  const { PATH = '', HOME = '' } = process.env
  return {
    PATH,
    HOME,
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
  }
}

const children = new Set<ChildProcess>()

function killAll(): void {
  for (const child of children) child.kill('SIGKILL')
}

process.on('exit', killAll)
// The test runner ends a file that takes too long by a signal, which runs no `exit` handlers.
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    killAll()
    process.kill(process.pid, signal)
  })
}
