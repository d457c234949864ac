import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigError, readConfig } from '../src/config.ts'
import { recommendedPolicy } from '../src/credentials/password-policy.ts'

const needed = { MUSTER_ADMIN_TOKEN: 'a'.repeat(32), MUSTER_SECRET_KEY: 'k'.repeat(32) }

test('the password policy is what is recommended, unless it is told to be stricter', () => {
  assert.deepEqual(readConfig(needed).passwordPolicy, recommendedPolicy)
  const stricter = { MUSTER_PASSWORD_MIN_LENGTH: '20', MUSTER_PASSWORD_MAX_AGE_DAYS: '30' }
  assert.deepEqual(readConfig({ ...needed, ...stricter }).passwordPolicy, {
    ...recommendedPolicy,
    minimumLength: 20,
    maxAgeDays: 30,
  })
})

for (const [name, value] of [
  ['MUSTER_PASSWORD_MIN_LENGTH', '13'],
  ['MUSTER_PASSWORD_KINDS', 'upper,lower,digit'],
  ['MUSTER_PASSWORD_REMEMBERED', '5'],
  ['MUSTER_PASSWORD_MAX_AGE_DAYS', '0'],
  ['MUSTER_PASSWORD_MAX_AGE_DAYS', '365'],
] as const) {
  test(`${name}=${value} is weaker, and needs a word of its own`, () => {
    assert.throws(() => readConfig({ ...needed, [name]: value }), /MUSTER_PASSWORD_WEAKER=1/)
    assert.ok(readConfig({ ...needed, [name]: value, MUSTER_PASSWORD_WEAKER: '1' }))
  })
}

test('a malformed setting stops the start with one line that names it and says what is right', () => {
  for (const [name, value, right] of [
    ['MUSTER_PASSWORD_KINDS', 'upper,runes', /some of upper, lower, digit, symbol/],
    ['MUSTER_PASSWORD_MIN_LENGTH', '5', /a whole number from 6 to 128/],
    ['MUSTER_ADMIN_TOKEN', 'short', /32 characters or more/],
    ['PORT', '80000', /a whole number from 0 to 65535/],
    ['MUSTER_HR_SECRETS', 'secret', /whsec_/],
  ] as const) {
    assert.throws(
      () => readConfig({ ...needed, [name]: value }),
      (error) =>
        error instanceof ConfigError &&
        error.message.startsWith(name) &&
        right.test(error.message) &&
        !error.message.includes('\n'),
    )
  }
  assert.throws(
    () => readConfig({}),
    /^ConfigError: MUSTER_ADMIN_TOKEN is missing|^Error: MUSTER_ADMIN_TOKEN/,
  )
})
