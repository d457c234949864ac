import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { canonicalJson } from '../../src/audit/canonical-json.ts'

test('the text does not depend on the order in which keys were written', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()), (value) => {
      const reversed = Object.fromEntries(Object.entries(value).reverse())
      assert.equal(canonicalJson(reversed), canonicalJson(value))
    }),
  )
})

test('the text says what JSON would have said', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      assert.deepEqual(JSON.parse(canonicalJson(value)), JSON.parse(JSON.stringify(value)))
    }),
  )
})

test('keys are sorted by UTF-16 code units at every depth (RFC 8785, section 3.2.3)', () => {
  const value = {
    '\u20ac': 1,
    '\r': 2,
    '\ufb33': 3,
    '1': 4,
    '\ud83d\ude00': 5,
    '\u0080': 6,
    ö: { b: 1, a: 2 },
  }
  assert.equal(
    canonicalJson(value),
    '{"\\r":2,"1":4,"\u0080":6,"ö":{"a":2,"b":1},"\u20ac":1,"\ud83d\ude00":5,"\ufb33":3}',
  )
})

test('numbers are written as RFC 8785 writes them', () => {
  assert.equal(
    canonicalJson([333333333.3333333, 1e30, 4.5, 2e-3, 1e-27, -0]),
    '[333333333.3333333,1e+30,4.5,0.002,1e-27,0]',
  )
})

test('moments are text, absent members are absent, and no lone surrogate survives', () => {
  const value = { at: new Date(0), gone: undefined, list: [undefined, null], name: 'a\ud800b', '\udc00': 1 }
  assert.equal(
    canonicalJson(value),
    '{"at":"1970-01-01T00:00:00.000Z","list":[null,null],"name":"a\ufffdb","\ufffd":1}',
  )
})
