import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readConfig } from '../src/config.ts'
import { ConfigError } from '../src/config-error.ts'
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

test('nobody is told of anything unless the settings name them', () => {
  assert.deepEqual(readConfig(needed).notify, {
    endpoints: [],
    secrets: [],
    linksToEndpoints: false,
    mail: undefined,
  })
  const secret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`
  const told = {
    MUSTER_NOTIFY_URLS: 'https://a.example.com/x?token=t, https://b.example.com/',
    MUSTER_NOTIFY_SECRET: secret,
    MUSTER_NOTIFY_LINKS: '1',
    MUSTER_SMTP_URL: 'smtps://muster:p%40ss@mail.example.com',
    MUSTER_MAIL_FROM: 'Muster <muster@example.com>',
    MUSTER_MAIL_ADMIN: 'ops@example.com',
  }
  assert.deepEqual(readConfig({ ...needed, ...told }).notify, {
    endpoints: ['https://a.example.com/x?token=t', 'https://b.example.com/'],
    secrets: [secret],
    linksToEndpoints: true,
    mail: {
      smtpUrl: 'smtps://muster:p%40ss@mail.example.com',
      from: 'Muster <muster@example.com>',
      admin: 'ops@example.com',
    },
  })
})

test('settings for notifications that cannot work stop the start, and no secret of theirs is repeated', () => {
  const urls = { MUSTER_NOTIFY_URLS: 'https://a.example.com/hunter2' }
  const smtp = { MUSTER_SMTP_URL: 'smtp://mail.example.com' }
  for (const [settings, right] of [
    [urls, /MUSTER_NOTIFY_SECRET is missing/],
    [{ MUSTER_NOTIFY_URLS: 'ftp://a.example.com/hunter2' }, /MUSTER_NOTIFY_URLS is malformed/],
    [{ MUSTER_NOTIFY_URLS: 'https://a/?hunter2,https://a/?other' }, /differ before their query/],
    [{ ...smtp }, /MUSTER_MAIL_FROM is missing/],
    [{ ...smtp, MUSTER_MAIL_FROM: 'a@b.com, c@d.com' }, /MUSTER_MAIL_FROM is malformed/],
    [{ MUSTER_SMTP_URL: 'https://hunter2@mail.example.com' }, /smtp:\/\/ or smtps:\/\//],
    [{ MUSTER_SMTP_URL: 'smtp://muster:hunter2%@mail.example.com' }, /a % in user or password is %25/],
    [{ MUSTER_NOTIFY_URLS: 'https://muster:hunter2%@a.example.com' }, /a % in user or password is %25/],
    [{ MUSTER_MAIL_ADMIN: 'ops@example.com' }, /set MUSTER_SMTP_URL/],
  ] as const) {
    assert.throws(
      () => readConfig({ ...needed, ...settings }),
      (error: Error) =>
        error instanceof ConfigError && right.test(error.message) && !/\n|hunter2/.test(error.message),
    )
  }
})
