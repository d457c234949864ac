import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  expiringBy,
  type PasswordPolicy,
  recommendedPolicy,
  strictest,
  weakParts,
} from '../../src/credentials/password-policy.ts'

const anyPolicy: fc.Arbitrary<PasswordPolicy> = fc.record(
  {
    minimumLength: fc.integer({ min: 6, max: 128 }),
    requiresUppercase: fc.boolean(),
    requiresLowercase: fc.boolean(),
    requiresDigits: fc.boolean(),
    requiresSymbols: fc.boolean(),
    usersMayChangeTheirOwn: fc.boolean(),
    maxAgeDays: fc.option(fc.integer({ min: 1, max: 1095 })),
    rememberedPasswords: fc.integer({ min: 0, max: 24 }),
    hardExpiry: fc.boolean(),
  },
  { noNullPrototype: true },
)
const anyOwn = fc.option(anyPolicy)

test('what is set is never weaker than what is wanted, nor than what was there', () => {
  fc.assert(
    fc.property(anyPolicy, anyOwn, (wanted, own) => {
      const target = strictest(wanted, own)
      assert.deepEqual(weakParts(wanted, target), [])
      if (own) assert.deepEqual(weakParts(own, target), [])
      assert.deepEqual(strictest(wanted, target), target)
    }),
  )
})

test('an account that has what should be is left alone, and any part that is weaker is seen', () => {
  fc.assert(
    fc.property(anyPolicy, anyOwn, (wanted, own) => {
      const isWeak = weakParts(wanted, own).length > 0
      assert.equal(isWeak, own === null || JSON.stringify(strictest(wanted, own)) !== JSON.stringify(own))
    }),
  )
})

test('the account’s own policy stands where it is stricter, part by part', () => {
  const own = { ...recommendedPolicy, minimumLength: 20, maxAgeDays: 30, rememberedPasswords: 3 }
  assert.deepEqual(strictest(recommendedPolicy, own), { ...own, rememberedPasswords: 24 })
  assert.deepEqual(weakParts(recommendedPolicy, own), ['rememberedPasswords'])
  assert.deepEqual(weakParts(recommendedPolicy, { ...own, maxAgeDays: null }), [
    'maxAgeDays',
    'rememberedPasswords',
  ])
})

const dayMs = 86_400_000
const now = new Date('2026-11-24T12:00:00Z')
const changed = (userName: string, daysAgo: number, moreMs = 0) => ({
  userName,
  changedAt: new Date(now.getTime() - daysAgo * dayMs - moreMs),
})

test('a password expires on the day it reaches the age, and who has expired already is hurt no more', () => {
  const passwords = [
    changed('fresh', 10),
    changed('border', 90),
    changed('inside', 90, -1),
    changed('old', 200),
  ]
  assert.deepEqual(expiringBy(passwords, null, recommendedPolicy, now), ['border', 'old'])
  const yearly = { ...recommendedPolicy, maxAgeDays: 180 }
  assert.deepEqual(expiringBy(passwords, yearly, recommendedPolicy, now), ['border'])
  assert.deepEqual(expiringBy(passwords, null, { ...recommendedPolicy, maxAgeDays: null }, now), [])
})
