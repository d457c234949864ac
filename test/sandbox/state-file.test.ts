import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { CreateGroupCommand, CreateUserCommand, PutGroupPolicyCommand } from '@aws-sdk/client-iam'
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { openSandbox } from '../../src/sandbox/index.ts'
import { readStateFile } from '../../src/sandbox/state-file.ts'
import { eventually } from '../harness/waiting.ts'
import { eventNamesIn, keysIn, sandboxBucket } from './cloudtrail/log-files.ts'
import { listBuckets } from './samples.ts'
import { codeOf, openTestSandbox } from './sandbox.ts'

const digestFolder = 'AWSLogs/123456789012/CloudTrail-Digest/'

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

test('buckets survive a restart, and trails go on delivering where they were', async (t) => {
  let nowMs = Date.parse('2026-11-23T09:00:00Z')
  const options = { stateFile: join(temporaryFolder(), 'sandbox.json'), now: () => new Date(nowMs) }
  const first = await openTestSandbox(t, options)
  await first.iam.send(new CreateUserCommand({ UserName: 'ada' }))
  const mine = { Bucket: 'mine', Key: 'at/body', Metadata: { body: 'x', at: 'y' } }
  await first.s3.send(new CreateBucketCommand(mine))
  await first.s3.send(new PutObjectCommand({ ...mine, Body: 'bytes' }))
  await first.s3.send(new PutObjectCommand({ ...mine, Key: 'gone', Body: 'bytes' }))
  await first.s3.send(new DeleteObjectCommand({ ...mine, Key: 'gone' }))
  nowMs += 61 * 60_000
  const digests = await keysIn(first.s3, digestFolder)
  await first.iam.send(new CreateUserCommand({ UserName: 'grace' }))
  await first.sandbox.close()

  nowMs += 60 * 60_000
  const second = await openTestSandbox(t, options)
  assert.deepEqual(await keysIn(second.s3, '', 'mine'), ['at/body'])
  const { Body: body, Metadata: metadata } = await second.s3.send(new GetObjectCommand(mine))
  assert.deepEqual([await body?.transformToString(), metadata], ['bytes', mine.Metadata])
  // What waited for delivery when the sandbox was closed was delivered then.
  assert.deepEqual(await eventNamesIn(second.s3), ['CreateUser', 'CreateUser'])
  const [before, after] = await keysIn(second.s3, digestFolder)
  assert.deepEqual([before], digests)
  const { Body: digest } = await second.s3.send(
    new GetObjectCommand({ Bucket: sandboxBucket, Key: after ?? '' }),
  )
  const content = gunzipSync((await digest?.transformToByteArray()) ?? new Uint8Array())
  assert.equal(JSON.parse(content.toString()).previousDigestS3Object, before)
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
