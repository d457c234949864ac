import assert from 'node:assert/strict'
import { test } from 'node:test'
import { codeOfStep, fromBase32, stepAt, stepOfCodes } from '../../../src/sandbox/iam/totp.ts'

// RFC 6238, appendix B, SHA-1.
const vectors = [
  [59, '94287082'],
  [1111111109, '07081804'],
  [1111111111, '14050471'],
  [1234567890, '89005924'],
  [2000000000, '69279037'],
  [20000000000, '65353130'],
] as const

test('codes are those of RFC 6238', () => {
  const secret = Buffer.from('12345678901234567890')
  for (const [seconds, code] of vectors) {
    const step = stepAt(new Date(seconds * 1000))
    assert.equal(codeOfStep(secret, step, 8), code)
    assert.equal(codeOfStep(secret, step), code.slice(2))
  }
})

test('base32 is that of RFC 4648', () => {
  const decoded = (text: string) => Buffer.from(fromBase32(text)).toString()
  assert.equal(decoded('MZXW6YTBOI======'), 'foobar')
  assert.equal(decoded('MZXW6YTB'), 'fooba')
  assert.equal(decoded('GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'), '12345678901234567890')
})

test('two codes have to follow each other, in their order, near the present', () => {
  const secret = Buffer.from('12345678901234567890')
  const now = new Date('2026-11-23T09:00:00Z')
  const code = (offset: number) => codeOfStep(secret, stepAt(now) + offset)
  const offsetOf = (first: string, second: string) => {
    const step = stepOfCodes(secret, first, second, now)
    return step === undefined ? undefined : step - stepAt(now)
  }
  assert.equal(offsetOf(code(-1), code(0)), 0)
  assert.equal(offsetOf(code(-3), code(-2)), -2)
  assert.equal(offsetOf(code(0), code(-1)), undefined)
  assert.equal(offsetOf(code(0), code(0)), undefined)
  assert.equal(offsetOf(code(-2), code(0)), undefined)
  assert.equal(offsetOf(code(-100), code(-99)), undefined)
})
