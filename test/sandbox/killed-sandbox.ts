/** Run by a test: makes 200 users, says so, and waits to be killed. */
import { openSandbox } from '../../src/sandbox/index.ts'

const [, , stateFile = ''] = process.argv
const sandbox = await openSandbox({ stateFile })
for (let i = 0; i < 200; i += 1) {
  const answer = await fetch(sandbox.url, { method: 'POST', body: `Action=CreateUser&UserName=user${i}` })
  await answer.text()
}
process.send?.('done')
