import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { sandboxSecrets } from '../src/sandbox-secrets.ts'

const program = fileURLToPath(new URL('../src/send-webhook.ts', import.meta.url))
const event = JSON.stringify({ type: 'employee.resumed', data: { employeeId: 'E1001' } })

async function newFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'muster-webhook-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

interface Ended {
  readonly code: number
  readonly output: string
}

/** In a folder of its own, with these settings and no others. */
function send(cwd: string, env: Readonly<Record<string, string>>): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [program, event], { cwd, env }, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), output: stdout + stderr }),
    )
  })
}

test('a folder without secrets is said to have none, and nothing is made in it', async (t) => {
  const cwd = await newFolder(t)
  const said = (dataDir: string) =>
    `the webhook was not sent: there are no secrets in ${dataDir}: start Muster there first, ` +
    'or set MUSTER_DATA_DIR or MUSTER_HR_SECRETS\n'
  const elsewhere = join(cwd, 'elsewhere')
  assert.deepEqual(await send(cwd, { MUSTER_DATA_DIR: elsewhere }), { code: 1, output: said(elsewhere) })
  assert.deepEqual(await send(cwd, {}), { code: 1, output: said('.muster') })
  assert.equal(existsSync(elsewhere) || existsSync(join(cwd, '.muster')), false)
})

test('settings that are set to nothing count as unset', async (t) => {
  const cwd = await newFolder(t)
  sandboxSecrets(join(cwd, '.muster'))
  let received: IncomingHttpHeaders | undefined
  const server = createServer((request, response) => {
    received = request.headers
    response.writeHead(202).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo
  const nothing = { MUSTER_HR_SECRETS: '', MUSTER_DATA_DIR: '', MUSTER_PUBLIC_URL: '', HOST: ' ' }
  const { code, output } = await send(cwd, { ...nothing, PORT: String(port) })
  assert.equal(code, 0, output)
  assert.match(String(received?.['webhook-signature']), /^v1,/)
})

test('where nobody listens, the address is told', async (t) => {
  const cwd = await newFolder(t)
  sandboxSecrets(join(cwd, '.muster'))
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  server.close()
  await once(server, 'close')
  assert.deepEqual(await send(cwd, { MUSTER_PUBLIC_URL: url }), {
    code: 1,
    output:
      `the webhook was not sent: nothing answers at ${url} (ECONNREFUSED): ` +
      'start Muster, or set MUSTER_PUBLIC_URL to where it is\n',
  })
})
