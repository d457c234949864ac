import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type DigestFile, linkOf, verifyDigest, verifyLink, verifyLogFile } from '../../src/trail/digest.ts'
import { event, fingerprint, keys, logFileOf, sha256, spkiDer, writeDigest } from './digest-files.ts'

const folder = 'AWSLogs/123456789012/CloudTrail-Digest/us-east-1/2026/12/01'
const logFile = {
  key: 'AWSLogs/123456789012/CloudTrail/us-east-1/2026/12/01/l.json.gz',
  content: logFileOf([event()]),
}
const first = writeDigest({ logFiles: [logFile] })
const second = writeDigest({
  key: `${folder}/b.json.gz`,
  startTime: '2026-12-01T10:00:00Z',
  endTime: '2026-12-01T11:00:00Z',
  previous: first,
})

function faultOf(file: DigestFile, known = keys) {
  const verdict = verifyDigest(file, known)
  return verdict.ok ? undefined : verdict.fault.kind
}

function digestOf(file: DigestFile) {
  const verdict = verifyDigest(file, keys)
  assert.ok(verdict.ok, JSON.stringify(verdict))
  return verdict.digest
}

test('a digest that CloudTrail wrote is valid: the first of a chain, one that goes on, one without log files', () => {
  assert.deepEqual(digestOf(first).logFiles, [
    { bucket: 'logs', key: logFile.key, hash: sha256(logFile.content) },
  ])
  assert.equal(digestOf(first).previous, null)
  assert.equal(digestOf(second).previous?.key, first.key)
  assert.deepEqual(digestOf(second).logFiles, [])
})

test('a public key is taken in either form in which AWS documents it', () => {
  assert.equal(faultOf(first, new Map([[fingerprint, spkiDer]])), undefined)
})

test('any bit that is flipped in a digest is noticed', () => {
  fc.assert(
    fc.property(fc.nat({ max: second.content.length * 8 - 1 }), (bit) => {
      const content = Buffer.from(second.content)
      content[bit >> 3] = (content[bit >> 3] as number) ^ (1 << (bit & 7))
      assert.notEqual(faultOf({ ...second, content }), undefined)
    }),
    { numRuns: 400 },
  )
})

test('any bit that is flipped in a signature is noticed', () => {
  const signature = Buffer.from(second.signature ?? '', 'hex')
  fc.assert(
    fc.property(fc.nat({ max: signature.length * 8 - 1 }), (bit) => {
      const other = Buffer.from(signature)
      other[bit >> 3] = (other[bit >> 3] as number) ^ (1 << (bit & 7))
      assert.equal(faultOf({ ...second, signature: other.toString('hex') }), 'digest-signature')
    }),
    { numRuns: 200 },
  )
})

test('any bit that is flipped in a log file is noticed', () => {
  const [listed] = digestOf(first).logFiles
  assert.ok(listed)
  assert.equal(verifyLogFile(listed, sha256(logFile.content)), undefined)
  fc.assert(
    fc.property(fc.nat({ max: logFile.content.length * 8 - 1 }), (bit) => {
      const content = Buffer.from(logFile.content)
      content[bit >> 3] = (content[bit >> 3] as number) ^ (1 << (bit & 7))
      assert.equal(verifyLogFile(listed, sha256(content))?.kind, 'log-file-altered')
    }),
    { numRuns: 200 },
  )
  assert.equal(verifyLogFile(listed, undefined)?.kind, 'log-file-missing')
})

const spoiled: readonly [string, DigestFile, string][] = [
  ['that was copied to another key', { ...second, key: first.key }, 'digest-moved'],
  ['that was copied to another bucket', { ...second, bucket: 'elsewhere' }, 'digest-moved'],
  ['that has lost its signature', { ...second, signature: undefined }, 'digest-unsigned'],
  ['that has an empty signature', { ...second, signature: '' }, 'digest-unsigned'],
  ['whose signature is no number', { ...second, signature: 'xyz' }, 'digest-signature'],
  ['whose signature is cut', { ...second, signature: second.signature?.slice(2) }, 'digest-signature'],
  ['that has the signature of another', { ...second, signature: first.signature }, 'digest-signature'],
  ['that claims a weaker algorithm', { ...second, signatureAlgorithm: 'MD5withRSA' }, 'digest-unsigned'],
  ['that is empty', { ...second, content: Buffer.alloc(0) }, 'digest-unreadable'],
  ['that is null', { ...second, content: Buffer.from('null') }, 'digest-unreadable'],
  ['that is a list', { ...second, content: Buffer.from('[]') }, 'digest-unreadable'],
]

for (const [what, file, kind] of spoiled) {
  test(`a digest ${what} is refused`, () => assert.equal(faultOf(file), kind))
}

test('a digest that is signed with a key of somebody else is refused', () => {
  assert.equal(faultOf(first, new Map()), 'digest-key-unknown')
  assert.equal(faultOf(first, new Map([[fingerprint, Buffer.from('no key')]])), 'digest-key-unknown')
})

test('a digest whose predecessor was replaced says so, and names it', () => {
  const link = linkOf(digestOf(first), first)
  assert.equal(verifyLink(digestOf(second), link), undefined)
  for (const other of [
    { ...link, hash: sha256(Buffer.from('another')) },
    { ...link, signature: second.signature ?? '' },
  ]) {
    const fault = verifyLink(digestOf(second), other)
    assert.equal(fault?.kind, 'digest-replaced')
    assert.equal(fault?.key, first.key)
  }
})

test('the list of log files is not read before the signature fits', () => {
  const content = Buffer.from(second.content.toString().replace('"logFiles":[', '"logFiles":[neither JSON'))
  assert.notEqual(content.length, second.content.length)
  assert.equal(faultOf({ ...second, content }), 'digest-signature')
})
