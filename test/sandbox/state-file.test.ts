import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { CreateGroupCommand, CreateUserCommand, PutGroupPolicyCommand } from '@aws-sdk/client-iam'
import { openSandbox } from '../../src/sandbox/index.ts'
import { readStateFile } from '../../src/sandbox/state-file.ts'
import { eventually } from '../harness/waiting.ts'
import { listBuckets } from './samples.ts'
import { codeOf, openTestSandbox } from './sandbox.ts'

const folders: string[] = []
// After the sandboxes of all tests are closed: they write once more.
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true })
})

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'muster-sandbox-'))
  folders.push(folder)
  return folder
}

test('a sandbox that is opened again knows everything it knew, and gives new ids', async (t) => {
  const stateFile = join(temporaryFolder(), 'sandbox.json')
  const first = await openTestSandbox(t, { stateFile, accountId: '210987654321' })
  await first.iam.send(new CreateUserCommand({ UserName: 'ada', Tags: [{ Key: 'team', Value: 'engines' }] }))
  await first.iam.send(new CreateGroupCommand({ GroupName: 'g' }))
  const inline = { PolicyName: 'inline', PolicyDocument: listBuckets }
  await first.iam.send(new PutGroupPolicyCommand({ GroupName: 'g', ...inline }))
  await first.sandbox.close()
  assert.equal(statSync(stateFile).mode & 0o777, 0o600)

  const second = await openTestSandbox(t, { stateFile })
  assert.deepEqual(second.sandbox.state, first.sandbox.state)
  assert.equal(second.sandbox.accountId, '210987654321')
  assert.equal(
    await codeOf(second.iam.send(new CreateUserCommand({ UserName: 'ADA' }))),
    'EntityAlreadyExists',
  )
  const { User: grace } = await second.iam.send(new CreateUserCommand({ UserName: 'grace' }))
  assert.notEqual(grace?.UserId, first.sandbox.state.users.get('ada')?.userId)
})

test('a sandbox that was killed remembers what it had a moment to write', async (t) => {
  const folder = temporaryFolder()
  const stateFile = join(folder, 'sandbox.json')
  const child = fork(new URL('killed-sandbox.ts', import.meta.url), [stateFile])
  await once(child, 'message')
  await eventually(() => readStateFile(stateFile)?.users.size === 200, { what: 'writing 200 users' })
  child.kill('SIGKILL')
  await once(child, 'exit')
  const reopened = await openSandbox({ stateFile })
  t.after(() => reopened.close())
  assert.equal(reopened.state.users.size, 200)
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.endsWith('.json')),
    ['sandbox.json'],
  )
})

test('a state file that is none stops the start with what to do, and is left as it is', async () => {
  const stateFile = join(temporaryFolder(), 'sandbox.json')
  for (const text of ['{"something":"else"}', '{"format":"muster-sandbox-1","acc', 'null', '']) {
    writeFileSync(stateFile, text)
    await assert.rejects(openSandbox({ stateFile }), {
      message: `${stateFile} is not the state of a sandbox: move it away to begin with an empty account`,
    })
    assert.equal(readFileSync(stateFile, 'utf8'), text)
  }
})

test('a state file from before accounts had roles is read, and what it lacks is as in a new account', async () => {
  const stateFile = join(temporaryFolder(), 'sandbox.json')
  const first = await openSandbox({ stateFile })
  await first.close()
  const saved = JSON.parse(readFileSync(stateFile, 'utf8'))
  for (const name of ['roles', 'samlProviders', 'organization', 'attempts']) delete saved.account[name]
  saved.account.root = { mfaActive: false, accessKeys: 0 }
  writeFileSync(stateFile, JSON.stringify(saved))
  const account = readStateFile(stateFile)
  assert.equal(account?.roles.size, 0)
  assert.equal(account?.organization?.rootCredentialsManagement, true)
  assert.deepEqual(account?.root, { mfaActive: false, mfaDevice: 'hardware', accessKeys: [] })
})
