import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { noDigests } from '../../src/trail/canary-progress.ts'
import type { DigestFault } from '../../src/trail/digest.ts'
import { faultCountOf, faultKeptMs, forgetOldFaults, withFault } from '../../src/trail/digest-faults.ts'
import { digestFactsOf } from '../../src/trail/digest-state.ts'

const now = new Date('2026-12-01T12:00:00Z')
const since = new Date('2026-12-01T10:00:00Z')

const fault = (kind: 'missing' | 'altered', n: number, bucket = 'logs'): DigestFault => ({
  kind: `log-file-${kind}`,
  bucket,
  key: `file-${n}`,
  message: `the log file file-${n} is ${kind}`,
})
const found = (faults: readonly DigestFault[], before = noDigests) =>
  faults.reduce((progress, each) => withFault(progress, each, { since, now }), before)
const altered = Array.from({ length: 50 }, (_, i) => fault('altered', i))
const factsOf = (progress: typeof noDigests, at = now) =>
  digestFactsOf(progress, { region: 'us-east-1', latestDigest: null, now: at })

test('a file that is missing is not hidden by any number that were altered', () => {
  const progress = found([...altered, fault('missing', 99), ...altered])
  assert.equal(progress.faults.length, 50)
  assert.ok(progress.faults.some(({ key }) => key === 'file-99'))
  assert.equal(faultCountOf(progress), 51)
})

test('faults for which there was no room keep the chain from being valid for as long as the others would', () => {
  const missing = Array.from({ length: 51 }, (_, i) => fault('missing', i))
  const restored = { ...found(missing), faults: [] }
  const facts = factsOf(restored)
  assert.equal(facts.status, 'broken')
  assert.equal(facts.faultCount, 1)
  assert.equal(facts.validUntil, since.toISOString())
  const later = (ms: number) => forgetOldFaults(restored, new Date(now.getTime() + ms))
  assert.equal(faultCountOf(later(faultKeptMs)), 1)
  assert.equal(faultCountOf(later(faultKeptMs + 1)), 0)
})

test('a fault counts once, however often it is found, and is listed as soon as there is room', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ n: fc.nat({ max: 70 }), isGone: fc.boolean() }), { maxLength: 300 }),
      (finds) => {
        const progress = found(finds.map(({ n, isGone }) => fault(isGone ? 'missing' : 'altered', n)))
        assert.equal(faultCountOf(progress), new Set(finds.map(({ n }) => n)).size)
        assert.ok(progress.faults.length <= 50)
      },
    ),
  )
  const full = found([...altered, fault('altered', 77)])
  const after = found([fault('altered', 77)], { ...full, faults: full.faults.slice(1) })
  assert.equal(after.dropped, null)
  assert.equal(after.faults.length, 50)
})

test('files of one key in two buckets are two', () => {
  assert.equal(faultCountOf(found([fault('missing', 1), fault('missing', 1, 'elsewhere')])), 2)
})

test('faults beyond any number are counted as far as they are told apart', () => {
  const many = Array.from({ length: 1500 }, (_, i) => fault('missing', i))
  assert.equal(faultCountOf(found(many)), 1050)
})
