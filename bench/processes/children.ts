/** Programs in processes of their own, asked over Node's IPC: nothing that is measured shares an event loop. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'

export interface Child<Handlers> {
  ask<Name extends keyof Handlers & string>(
    question: Name,
    ...given: Parameters<Extract<Handlers[Name], Handler>>
  ): Promise<Awaited<ReturnType<Extract<Handlers[Name], Handler>>>>
  /** Asks nothing: the process is ended, and waited for. */
  stop(): Promise<void>
}

// biome-ignore lint/suspicious/noExplicitAny: any function will do, its own types are kept
type Handler = (...given: any[]) => unknown

interface Question {
  readonly id: number
  readonly question: string
  readonly given: readonly unknown[]
}

interface Reply {
  readonly id: number
  readonly value?: unknown
  readonly error?: string
}

/** With `BENCH_CPU_PROFILE=1`, each child writes a profile into the current folder when it ends. */
export function startChild<Handlers>(file: string): Child<Handlers> {
  const profile =
    process.env.BENCH_CPU_PROFILE === '1' ? ['--cpu-prof', `--cpu-prof-name=${nameOf(file)}`] : []
  const child = fork(new URL(file, import.meta.url), {
    execArgv: [...process.execArgv, ...profile],
    serialization: 'advanced',
  })
  const waiting = new Map<number, { resolve(value: never): void; reject(error: Error): void }>()
  let asked = 0
  child.on('message', ({ id, value, error }: Reply) => {
    const asker = waiting.get(id)
    waiting.delete(id)
    if (error === undefined) asker?.resolve(value as never)
    else asker?.reject(new Error(`${file}: ${error}`))
  })
  child.on('exit', (code, signal) => {
    for (const { reject } of waiting.values()) reject(new Error(`${file} ended (${signal ?? code})`))
    waiting.clear()
  })
  return {
    ask: (question, ...given) =>
      new Promise((resolve, reject) => {
        const id = ++asked
        waiting.set(id, { resolve, reject })
        child.send({ id, question, given } satisfies Question, (error) => {
          if (error) reject(new Error(`${file} does not run: ${error.message}`))
        })
      }),
    stop: () => end(child),
  }
}

function nameOf(file: string): string {
  return `${file.replace(/\W+/g, '-').slice(1)}-${Date.now()}.cpuprofile`
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.disconnect()
  const impatience = setTimeout(() => child.kill('SIGKILL'), 10_000)
  await exited
  clearTimeout(impatience)
}

/** The child's side: answers questions until its parent goes, and then ends. */
export function answerParent(handlers: Readonly<Record<string, Handler>>): void {
  process.on('message', async ({ id, question, given }: Question) => {
    let reply: Reply
    try {
      reply = { id, value: await handlers[question]?.(...given) }
    } catch (error) {
      reply = { id, error: (error as Error).stack ?? String(error) }
    }
    if (process.connected) process.send?.(reply)
  })
  process.on('disconnect', () => process.exit(0))
}
