/** A moto of our own for a test, when there is one on this machine. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'

/** Why a test that needs `command` is skipped, or `false`; with MUSTER_REQUIRE_ALL=1 nothing may be. */
export function missing(command: string): string | false {
  const found = spawnSync('sh', ['-c', `command -v ${command}`]).status === 0
  if (found) return false
  if (process.env.MUSTER_REQUIRE_ALL === '1')
    throw new Error(`${command} is required, and is not on the PATH`)
  return `${command} is not on the PATH`
}

export interface MotoServer {
  readonly url: string
  close(): Promise<void>
}

/**
 * With the policies that AWS keeps in every account, unless told otherwise: with them moto takes seconds to begin anew.
 *
 * @throws Error when it does not answer within a minute
 */
export async function startMoto({ awsPolicies = true } = {}): Promise<MotoServer> {
  const port = await freePort()
  const child = spawn('moto_server', ['-H', '127.0.0.1', '-p', String(port)], {
    env: { ...process.env, MOTO_IAM_LOAD_MANAGED_POLICIES: String(awsPolicies) },
    stdio: 'ignore',
  })
  const exited = once(child, 'exit')
  const close = async () => {
    child.kill()
    await exited
  }
  const url = `http://127.0.0.1:${port}`
  const deadline = Date.now() + 60_000
  while (Date.now() < deadline && child.exitCode === null) {
    const up = await fetch(`${url}/moto-api/`).then(
      (response) => response.ok,
      () => false,
    )
    if (up) return { url, close }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  await close()
  throw new Error('moto_server did not start')
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}
