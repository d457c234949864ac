/** The sandbox against moto, the referee: the same calls, the same answers, but for a written list. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CloudTrailClient } from '@aws-sdk/client-cloudtrail'
import { IAMClient } from '@aws-sdk/client-iam'
import { S3Client } from '@aws-sdk/client-s3'
import { openSandbox } from '../../src/sandbox/index.ts'
import { script } from './conformance/script.ts'
import type { Seen, Step } from './conformance/step.ts'
import { type MotoDifference, motoDifferences } from './moto-differences.ts'
import { missing, startMoto } from './moto-server.ts'

test(
  'the sandbox answers as moto does, but for what is listed with the page of AWS that says so',
  {
    skip: missing('moto_server'),
  },
  async (t) => {
    const moto = await startMoto()
    t.after(() => moto.close())
    const sandbox = await openSandbox({ trail: false, wellKept: false })
    t.after(() => sandbox.close())
    const [ours, theirs] = [run(sandbox.url), run(moto.url)]
    const needed = new Set<MotoDifference>()

    for (const step of script) {
      const { name, operation } = step
      await t.test(`${operation}: ${name}`, async () => {
        const [mine, his] = [await ours(step), await theirs(step)]
        const unexplained = differences(mine, his).filter((place) => {
          const exemption = motoDifferences.find(
            (each) =>
              each.operation === operation &&
              each.at === place &&
              (each.steps === undefined || each.steps.includes(name)),
          )
          if (exemption) needed.add(exemption)
          return !exemption
        })
        const found = unexplained.map((place) => ({ place, sandbox: mine.get(place), moto: his.get(place) }))
        assert.deepEqual(found, [], JSON.stringify(found))
      })
    }
    const stale = motoDifferences.filter((each) => !needed.has(each))
    assert.deepEqual(stale, [], 'these exemptions are no longer needed')
  },
)

/** An answer as its leaves: `Users[].UserName` to all values there; an error has but its code. */
type Leaves = ReadonlyMap<string, readonly string[]>

function run(endpoint: string) {
  const config = {
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'AKIAREFEREE000000000', secretAccessKey: 'referee' },
    maxAttempts: 1,
  }
  const clients = {
    iam: new IAMClient(config),
    cloudtrail: new CloudTrailClient(config),
    s3: new S3Client({ ...config, forcePathStyle: true }),
  }
  const outputs = new Map<string, unknown>()
  const seen: Seen = { of: (name) => outputs.get(name) }
  return async ({ name, send }: Step): Promise<Leaves> => {
    try {
      const output = await readWhole((await send(clients, seen)) as object)
      outputs.set(name, output)
      return leavesOf({ ...output, $metadata: undefined })
    } catch (error) {
      const { Code: code, name: errorName } = error as { Code?: string; name?: string }
      return new Map([['error', [code ?? errorName ?? '']]])
    }
  }
}

/** The bytes of an object stand for the stream they come in. */
async function readWhole(output: object): Promise<object> {
  const { Body: body } = output as { Body?: { transformToString?(): Promise<string> } }
  return body?.transformToString ? { ...output, Body: await body.transformToString() } : output
}

function differences(mine: Leaves, his: Leaves): readonly string[] {
  // Where one of them refuses, nothing else can be compared.
  if (mine.has('error') || his.has('error')) {
    return show(mine.get('error')) === show(his.get('error')) ? [] : ['error']
  }
  return [...new Set([...mine.keys(), ...his.keys()])].filter(
    (place) => show(mine.get(place)) !== show(his.get(place)),
  )
}

const show = (values: readonly string[] | undefined) =>
  values ? JSON.stringify([...values].sort()) : 'nothing'

function leavesOf(output: object): Leaves {
  const leaves = new Map<string, string[]>()
  const collect = (value: unknown, place: string) => {
    if (value === undefined || value === null) return
    if (Array.isArray(value)) {
      for (const member of value) collect(member, `${place}[]`)
    } else if (isBranch(value)) {
      for (const [field, part] of Object.entries(value))
        collect(part, place === '' ? field : `${place}.${field}`)
    } else {
      leaves.set(place, [...(leaves.get(place) ?? []), normalised(value, place)])
    }
  }
  collect(output, '')
  return leaves
}

const isBranch = (value: unknown): value is object =>
  typeof value === 'object' && !(value instanceof Date) && !(value instanceof Uint8Array)

function normalised(value: unknown, place: string): string {
  if (value instanceof Date) return '(moment)'
  if (value instanceof Uint8Array) return '(bytes)'
  if (
    /(Id|SecretAccessKey|ServicePassword|Marker|Fingerprint|ContinuationToken|Owner\.ID)$/.test(place) &&
    !/VersionId$/.test(place)
  )
    return '(random)'
  if (/Document$/.test(place)) return JSON.stringify(JSON.parse(decodeURIComponent(String(value))))
  return String(value)
}
