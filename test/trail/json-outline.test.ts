import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { jsonOutline } from '../../src/trail/json-outline.ts'

/** What JSON says down to that depth. */
function cut(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return depth === 0 ? [] : value.map((each) => cut(each, depth - 1))
  if (depth === 0) return {}
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, cut(each, depth - 1)]))
}

test('an outline is what the whole says, without what is nested deeper', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), fc.nat({ max: 4 }), fc.boolean(), (value, depth, isWide) => {
      const json = JSON.stringify(value, null, isWide ? 2 : 0)
      assert.deepEqual(jsonOutline(Buffer.from(json), depth), cut(JSON.parse(json), depth))
    }),
    { numRuns: 500 },
  )
})

test('what is no JSON, or too much, has no outline', () => {
  const tooMuch = [`[${'{},'.repeat(200_000)}{}]`, JSON.stringify('x'.repeat(300_000))]
  for (const json of ['', '{', '}', '{"a', '[1,]', '{}}', '{"a":[}', ...tooMuch]) {
    assert.equal(jsonOutline(Buffer.from(json), 1), undefined, json.slice(0, 50))
  }
})

test('what is nested deeper is not even looked at', () => {
  const json = Buffer.from(`{"a":1,"b":[${'{neither JSON},'.repeat(100_000)}]}`)
  assert.deepEqual(jsonOutline(json, 1), { a: 1, b: [] })
})
