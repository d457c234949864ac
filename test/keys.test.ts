import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { deriveKeys, purposes } from '../src/keys.ts'

const secret = 'a secret of at least thirty-two bytes'
const other = 'another secret of at least thirty-two bytes'

test('the same secret gives the same keys, on every replica and after every restart', () => {
  const bytes = () => deriveKeys([secret])['audit chain'][0].key.export()
  assert.deepEqual(bytes(), bytes())
  assert.equal(bytes().length, 32)
})

test('derivation is HKDF-SHA256 with the purpose as info, so that it can be written again elsewhere', () => {
  // RFC 5869: extract with an empty salt (32 zero bytes), then one round of expand.
  const extracted = createHmac('sha256', Buffer.alloc(32)).update(secret).digest()
  const expanded = createHmac('sha256', extracted).update('muster 1 cookie\u0001').digest()
  assert.deepEqual(deriveKeys([secret]).cookie[0].key.export(), expanded)
})

test('each purpose has a key of its own', () => {
  const keyring = deriveKeys([secret])
  const keys = new Set(purposes.map((purpose) => keyring[purpose][0].key.export().toString('hex')))
  assert.equal(keys.size, purposes.length)
})

test('the first secret signs, and all of them verify, in the order of the setting', () => {
  const ids = deriveKeys([secret, other])['audit chain'].map(({ id }) => id)
  assert.deepEqual(
    ids,
    [deriveKeys([secret]), deriveKeys([other])].map((keyring) => keyring['audit chain'][0].id),
  )
  assert.notEqual(ids[0], ids[1])
})

test('a key id is eight hexadecimal digits and no part of any key', () => {
  const keyring = deriveKeys([secret])
  for (const purpose of purposes) {
    const [{ id, key }] = keyring[purpose]
    assert.match(id, /^[0-9a-f]{8}$/)
    assert.ok(!key.export().toString('hex').includes(id))
  }
})

test('a keyring that ends up in a log by mistake shows no key', () => {
  const keyring = deriveKeys([secret])
  const key = keyring['audit chain'][0].key.export().toString('hex')
  for (const text of [JSON.stringify(keyring), inspect(keyring, { depth: 9 })]) {
    assert.ok(!text.includes(secret) && !text.includes(key))
  }
})

test('no secret key at all is refused', () => {
  assert.throws(() => deriveKeys([]), RangeError)
})
