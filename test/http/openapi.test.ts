import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { parse } from 'yaml'
import { ownFormats } from '../harness/api.ts'
import { forEachDatabase } from '../harness/databases.ts'
import { type AppUnderTest, openApp } from './app-under-test.ts'

const run = promisify(execFile)
const writer = new URL('../../src/http/write-openapi.ts', import.meta.url).pathname
const committed = new URL('../../openapi.yaml', import.meta.url)

test('openapi.yaml is what the routes say', async () => {
  await run(process.execPath, [writer, '--check'])
})

/** Every schema that stands at a parameter, a header or a body, with the way to it. */
function* schemasIn(node: unknown, way = ''): Generator<readonly [string, object]> {
  if (typeof node !== 'object' || node === null) return
  for (const [key, value] of Object.entries(node)) {
    // What a schema consists of is its own matter, and an example is no schema.
    if (key === 'schema') yield [way, value]
    else if (key !== 'example' && key !== 'examples') yield* schemasIn(value, `${way}/${key}`)
  }
}

test('every schema in the description is one: no keyword in it is unknown, and no reference leads nowhere', async () => {
  const document = parse(await readFile(committed, 'utf8'))
  const ajv = new Ajv2020({
    strictSchema: true,
    strictTypes: false,
    strictRequired: false,
    strictTuples: false,
  })
  addFormats.default(ajv)
  for (const format of ownFormats) ajv.addFormat(format, true)
  ajv.addVocabulary(['components', 'example'])
  ajv.addSchema({ $id: 'description', components: document.components })
  const named = Object.keys(document.components.schemas).map(
    (name) => [`/components/schemas/${name}`, { $ref: `#/components/schemas/${name}` }] as const,
  )
  const all = [
    ...schemasIn(document.paths, '/paths'),
    ...schemasIn(document.components, '/components'),
    ...named,
  ]
  assert.ok(all.some(([way]) => way.endsWith('/headers/Location')))
  for (const [way, schema] of all) {
    const text = JSON.stringify(schema).replaceAll('"#/components/', '"description#/components/')
    assert.doesNotThrow(() => ajv.compile(JSON.parse(text)), way)
  }
})

forEachDatabase((_name, openStore) => {
  let under: AppUnderTest
  before(async () => {
    under = await openApp(openStore)
  })
  after(() => under.close())

  test('the description that is served is the one that is committed', async () => {
    const { text } = await under.app.inject({ url: '/openapi.yaml' }).then(({ body }) => ({ text: body }))
    assert.equal(text, await readFile(committed, 'utf8'))
  })

  test('every route under /v1 has an id, a summary, a tag, and says what may go wrong', async () => {
    const { paths } = parse(await readFile(committed, 'utf8'))
    const ids = new Set<string>()
    for (const [path, methods] of Object.entries<Record<string, Record<string, unknown>>>(paths)) {
      for (const [method, operation] of Object.entries(methods)) {
        const { operationId, summary, tags, responses } = operation as {
          operationId: string
          summary: string
          tags: string[]
          responses: Record<string, unknown>
        }
        assert.ok(operationId && summary && tags.length === 1, `${method} ${path}`)
        assert.ok(!ids.has(operationId), `${operationId} is used twice`)
        ids.add(operationId)
        if (path.startsWith('/v1'))
          for (const status of ['400', '401', '503']) assert.ok(responses[status], path)
        if (path.includes('{')) assert.ok(responses['404'], `${method} ${path}`)
      }
    }
  })

  test('the pages of the description work under a policy that allows no inline script', async () => {
    const page = await under.app.inject({ url: '/docs/' })
    assert.equal(page.statusCode, 200)
    const policy = String(page.headers['content-security-policy'])
    assert.match(policy, /script-src 'self'(;|$)/)
    assert.doesNotMatch(page.body, /<script>|<script [^>]*>\s*[^<\s]|<style>|\son\w+=/)
    const assets = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url]) => url ?? '')
    assert.ok(assets.length >= 4)
    for (const asset of assets) {
      const { statusCode } = await under.app.inject({ url: new URL(asset, 'http://x/docs/').pathname })
      assert.equal(statusCode, 200, asset)
    }
  })
})
