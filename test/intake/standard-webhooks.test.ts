import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Headers, verifyWebhook, webhookKeys } from '../../src/intake/standard-webhooks.ts'
import { newSecret, signed } from '../harness/webhooks.ts'

const now = new Date('2026-11-23T09:00:00.500Z')
const secret = newSecret()

function verify(headers: Headers, body: Buffer, { secrets = [secret], at = now } = {}) {
  return verifyWebhook(webhookKeys(secrets), headers, body, at)
}

function faultAt(headers: Headers, body: Buffer, at = now): string | undefined {
  const verification = verify(headers, body, { at })
  return verification.ok ? undefined : verification.fault.at
}

test('what the reference library signs is accepted, whatever the bytes and the id', () => {
  const id = fc.string({
    minLength: 1,
    maxLength: 300,
    unit: fc.integer({ min: 33, max: 126 }).map((code) => String.fromCharCode(code)),
  })
  fc.assert(
    fc.property(id, fc.uint8Array({ maxLength: 500 }), (senderId, bytes) => {
      // The library signs text only; other bytes are tested below.
      const { headers, payload } = signed(secret, Buffer.from(bytes).toString('utf8'), {
        id: senderId,
        at: now,
      })
      assert.deepEqual(verify(headers, payload), { ok: true, senderId })
    }),
  )
})

test('any flipped bit of the body, the id, the timestamp or the signature fails', () => {
  const { headers, payload } = signed(secret, '{"type":"employee.terminated"}', { id: 'msg_1', at: now })
  const parts = ['body', 'webhook-id', 'webhook-timestamp', 'webhook-signature'] as const
  fc.assert(
    fc.property(fc.constantFrom(...parts), fc.nat(), fc.nat(7), (part, position, bit) => {
      const original = part === 'body' ? payload : Buffer.from(headers[part] ?? '', 'latin1')
      const flipped = Buffer.from(original)
      const at = position % flipped.length
      flipped[at] = (flipped[at] ?? 0) ^ (1 << bit)
      const verification =
        part === 'body'
          ? verify(headers, flipped)
          : verify({ ...headers, [part]: flipped.toString('latin1') }, payload)
      assert.equal(verification.ok, false)
    }),
    { numRuns: 2000 },
  )
})

test('bytes that are not UTF-8 are verified as they are', () => {
  const body = Buffer.concat([randomBytes(200), Buffer.from([0xff, 0xfe, 0x00])])
  const { headers } = signed(secret, body, { at: now })
  assert.equal(verify(headers, body).ok, true)
  assert.equal(verify(headers, Buffer.from(body.toString('utf8'))).ok, false)
})

test('while secrets rotate, each active one verifies and a retired one does not', () => {
  const [older, newer, retired] = [newSecret(), newSecret(), newSecret()]
  const secrets = [newer, older]
  for (const active of secrets) {
    const { headers, payload } = signed(active, '{}', { at: now })
    assert.equal(verify(headers, payload, { secrets }).ok, true)
  }
  const { headers, payload } = signed(retired, '{}', { at: now })
  assert.equal(verify(headers, payload, { secrets }).ok, false)
})

test('one fitting signature among several is enough, and other versions are passed over', () => {
  const { headers, payload } = signed(secret, '{}', { at: now })
  const [own, foreign] = [
    headers['webhook-signature'],
    signed(newSecret(), '{}', { at: now }).headers['webhook-signature'],
  ]
  const withSignature = (signature: string | readonly string[]) =>
    verify({ ...headers, 'webhook-signature': signature }, payload).ok
  assert.equal(withSignature(`${foreign} ${own}`), true)
  assert.equal(withSignature(`v1a,${randomBytes(64).toString('base64')} ${own}`), true)
  assert.equal(withSignature([String(foreign), String(own)]), true, 'a repeated header, as a list')
  assert.equal(withSignature(`${foreign}, ${own}`), true, 'a repeated header, joined by Node')
  assert.equal(withSignature(`${foreign} ${foreign}`), false)
  assert.equal(withSignature(`v1a,${own?.slice(3)}`), false)
  assert.equal(withSignature(`${own}x`), false)
  assert.equal(withSignature('v1,'), false)
})

test('a clock may be five minutes off, either way, and no more', () => {
  const at = new Date('2026-11-23T09:00:00Z')
  const { headers, payload } = signed(secret, '{}', { at })
  for (const seconds of [-300, -299, 0, 299, 300]) {
    assert.equal(
      verify(headers, payload, { at: new Date(at.getTime() + seconds * 1000) }).ok,
      true,
      `${seconds} s`,
    )
  }
  for (const seconds of [-301, 301, 86_400, -86_400]) {
    assert.equal(faultAt(headers, payload, new Date(at.getTime() + seconds * 1000)), 'webhook-timestamp')
  }
})

test('a missing, repeated or senseless header is named', () => {
  const { headers, payload } = signed(secret, '{}', { at: now })
  for (const name of ['webhook-id', 'webhook-timestamp', 'webhook-signature']) {
    assert.equal(faultAt({ ...headers, [name]: undefined }, payload), name)
    assert.equal(faultAt({ ...headers, [name]: '' }, payload), name)
  }
  for (const name of ['webhook-id', 'webhook-timestamp']) {
    const value = headers[name] ?? ''
    assert.equal(faultAt({ ...headers, [name]: [value, value] }, payload), name)
    assert.equal(verify({ ...headers, [name]: `${value}, ${value}` }, payload).ok, false)
  }
  for (const timestamp of [
    'now',
    '1e9',
    '-1',
    ' 1',
    '0x10',
    '1764000000.5',
    '9'.repeat(15),
    '9'.repeat(9000),
    'NaN',
  ]) {
    assert.equal(
      faultAt({ ...headers, 'webhook-timestamp': timestamp }, payload),
      'webhook-timestamp',
      timestamp,
    )
  }
})

test('without any active secret nothing is accepted', () => {
  const { headers, payload } = signed(secret, '{}', { at: now })
  assert.equal(verify(headers, payload, { secrets: [] }).ok, false)
})
