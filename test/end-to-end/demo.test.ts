/** `npm run demo`, as a newcomer runs it. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'

const root = new URL('../..', import.meta.url).pathname

test('the demo tells a whole life with the calls made, and ends well', async () => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', './src/quick-load.ts', 'src/demo/demo.ts'],
    {
      cwd: root,
      timeout: 120_000,
    },
  )
  for (const chapter of ['Joiner', 'Mover', 'Leave', 'Return', 'Leaver', 'Purge', 'Audit']) {
    assert.match(stdout, new RegExp(`^${chapter} `, 'm'))
  }
  const mover = /^Mover .*\n\n/ms.exec(stdout)?.[0].split('\n\n')[0] ?? ''
  assert.equal(mover.match(/iam:GetUser$/gm)?.length, 1, 'a look that belongs to another chapter')
  assert.match(stdout, /iam:CreateUser \/muster\//)
  assert.match(stdout, /iam:DeleteUser$/m)
})
