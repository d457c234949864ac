/** How long `npm start` takes to be ready when everything is there from the last time. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { median, type Row } from './row.ts'
import { until } from './world.ts'

const goalMs = 3000
const starts = 5

export async function benchStart(): Promise<Row> {
  const folder = await mkdtemp(join(tmpdir(), 'muster-bench-'))
  try {
    const first = await millisecondsToReady(folder)
    const later: number[] = []
    for (let i = 0; i < starts; i++) later.push(await millisecondsToReady(folder))
    const measured = median(later)
    return {
      name: 'start to ready, embedded, second start: ms',
      goal: `under ${goalMs}`,
      measured: measured.toFixed(0),
      ok: measured < goalMs,
      notes: [
        `each: ${later.map((ms) => ms.toFixed(0)).join(', ')}; the very first start: ${first.toFixed(0)}`,
      ],
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** From the start of the process to the first 200 of `/readyz`. */
async function millisecondsToReady(folder: string): Promise<number> {
  const port = await freePort()
  const started = performance.now()
  const muster = spawn(process.execPath, ['src/main.ts', '--sandbox'], {
    env: {
      PATH: process.env.PATH,
      MUSTER_DATA_DIR: folder,
      PORT: String(port),
      MUSTER_SANDBOX_PORT: '0',
      MUSTER_LOG_LEVEL: 'error',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const exited = once(muster, 'exit')
  try {
    const isReady = async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).ok
    const ended = exited.then(([code]) => {
      throw new Error(`Muster ended with ${code} instead of getting ready`)
    })
    await Promise.race([until(isReady, 30_000, 'Muster is ready', 10), ended])
    return performance.now() - started
  } finally {
    muster.kill('SIGTERM')
    await exited
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
