import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Webhook } from 'standardwebhooks'
import { welcome } from '../src/banner.ts'
import { readConfig } from '../src/config.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

test('the printed webhook is signed with the secret that was set, in a shell that knows nothing of it', async (t) => {
  const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
  let signedBy: string | undefined
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString()
    new Webhook(secret).verify(body, request.headers as Record<string, string>)
    signedBy = secret
    response.writeHead(202).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo
  const config = readConfig({
    MUSTER_ADMIN_TOKEN: 'a'.repeat(32),
    MUSTER_SECRET_KEY: 'k'.repeat(32),
    MUSTER_HR_SECRETS: secret,
    MUSTER_DATA_DIR: '/nowhere',
  })
  const said = welcome({
    config,
    address: `http://127.0.0.1:${port}`,
    sandbox: {
      url: 'http://127.0.0.1:1',
      administrator: { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'secret' },
    },
  })
  const [command = ''] = /^ .*npm run -s webhook.*$/m.exec(said) ?? []
  await promisify(execFile)('sh', ['-c', command], { cwd: root, env: { PATH: process.env.PATH } })
  assert.equal(signedBy, secret)
})
