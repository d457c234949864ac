/** The log files of an organization's trail, read with no more than Muster asks for. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { endpointsAt } from '../../src/aws/account.ts'
import { AwsCallError } from '../../src/aws/errors.ts'
import { known } from '../../src/aws/fact.ts'
import { openSandbox, type Sandbox } from '../../src/sandbox/index.ts'
import { openStore, type Store } from '../../src/store/open.ts'
import type { TrailFacts } from '../../src/trail/facts.ts'
import { refusalOf } from '../../src/trail/log-access.ts'
import { silentLog } from '../harness/databases.ts'
import { event, logFileOf } from './digest-files.ts'
import { goodTrail, movedClock, openLogWorld } from './log-world.ts'

let sandbox: Sandbox
let store: Store
const clock = movedClock(new Date('2026-12-01T12:00:00Z'))

before(async () => {
  sandbox = await openSandbox({ now: clock.now })
  store = await openStore({ dataDir: 'memory://' }, silentLog)
  await store.withStartLock(async () => {})
})
after(async () => {
  await store.close()
  await sandbox.close()
})

const organizationId = 'o-a1b2c3d4e5'

for (const keyPrefix of [null, 'audit/all']) {
  test(`whatever is listed and read is what the proposed statement allows, ${keyPrefix ? 'below a prefix' : 'at the top'}`, async () => {
    const bucket = `of-the-organization-${keyPrefix ? 'below' : 'top'}`
    sandbox.buckets.create(bucket, 'us-east-1', clock.now())
    const trail: TrailFacts = goodTrail({ bucket, keyPrefix, isOrganization: true, logFileValidation: true })
    const world = await openLogWorld({
      store,
      endpoints: endpointsAt(sandbox.url),
      credentials: sandbox.credentials,
      trails: async () => known([trail]),
      clock,
    })
    const { accountId } = world.account
    const folder = `${keyPrefix ? `${keyPrefix}/` : ''}AWSLogs/${organizationId}/${accountId}`
    const put = (kind: string, name: string, content: Buffer) =>
      sandbox.buckets.put(bucket, {
        key: `${folder}/${kind}/us-east-1/2026/12/01/${accountId}_${kind}_us-east-1_${name}.json.gz`,
        body: gzipSync(content),
        at: clock.now(),
      })
    put('CloudTrail', '20261201T1155Z_aaaaaaaaaaaaaaaa', logFileOf([event()]))
    put('CloudTrail-Digest', 'main_us-east-1_20261201T114500Z', Buffer.from('{}'))
    sandbox.calls.clear()
    await world.look()
    await world.look()
    await world.close()

    const place = { bucket, keyPrefix, organizationId: null, accountId, region: 'us-east-1' }
    const denied = new AwsCallError('ListObjectsV2', Object.assign(new Error(), { name: 'AccessDenied' }))
    const [list, read] = refusalOf(denied, 'aws', trail, place).statementsToAdd
    const allowed = (list?.Condition as { StringLike: { 's3:prefix': string[] } }).StringLike['s3:prefix']
    const prefixes = sandbox.calls.of('ListObjectsV2').map(({ params }) => String(params.Prefix))
    const keys = sandbox.calls.of('GetObject').map(({ params }) => String(params.Key))
    // The folders of organizations, those of the account, log files twice, digest files twice.
    assert.equal(prefixes.length, 6)
    assert.deepEqual(
      prefixes.filter((prefix) => !allowed.some((pattern) => isLike(prefix, pattern))),
      [],
    )
    assert.ok(keys.length >= 2)
    const arns = keys.map((key) => `arn:aws:s3:::${bucket}/${key}`)
    assert.deepEqual(
      arns.filter((arn) => !isLike(arn, String(read?.Resource))),
      [],
    )
  })
}

/** `StringLike`: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html */
const isLike = (text: string, pattern: string) =>
  new RegExp(`^${pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`).test(text)
