import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { rolesFit } from '../../src/compliance/roles-fit.ts'

const pages = (count: number) => Math.ceil(count / 1000)

/** As AWS lets an account be. */
const accounts = fc.record({
  users: fc.nat(5000),
  roles: fc.nat(5000),
  groups: fc.nat(500),
  policies: fc.nat(5000),
  policiesOfAws: fc.nat(1500),
  virtualMfaDevices: fc.nat(5000),
  hasServerCertificates: fc.boolean(),
})
type Account = typeof accounts extends fc.Arbitrary<infer T> ? T : never

const fits = (account: Account) =>
  rolesFit({ ...account, hasVirtualMfaDevices: account.virtualMfaDevices > 0 })

/** What a scan makes, trails apart: ten calls, certificates, and lists of which even an empty one is a call. */
const callsOf = (account: Account) =>
  10 +
  (account.hasServerCertificates ? 1 : 0) +
  Math.max(1, pages(account.virtualMfaDevices)) +
  Math.max(
    1,
    pages(account.users + account.groups + account.policies + account.policiesOfAws + account.roles),
  )

const budgetOf = (account: Account) =>
  pages(account.users) +
  pages(account.virtualMfaDevices) +
  pages(account.groups + account.policies + account.policiesOfAws) +
  12

test('with roles that fit, a scan stays within its budget, whatever else is in the account', () => {
  fc.assert(
    fc.property(accounts, (account) => {
      fc.pre(fits(account) && account.users + account.roles > 0)
      assert.ok(callsOf(account) <= budgetOf(account))
    }),
    { numRuns: 2000 },
  )
})

test('roles that do not fit would break the budget of an account whose policies fill their pages', () => {
  fc.assert(
    fc.property(accounts, (account) => {
      fc.pre(!fits(account))
      const full = { ...account, groups: 300, policies: 1700, policiesOfAws: 0 }
      assert.ok(callsOf(full) > budgetOf(full))
    }),
    { numRuns: 2000 },
  )
})

test('as many roles as AWS allows by default fit beside as many users', () => {
  assert.ok(rolesFit({ users: 5000, roles: 1000, hasServerCertificates: false, hasVirtualMfaDevices: true }))
  assert.ok(!rolesFit({ users: 10, roles: 5000, hasServerCertificates: false, hasVirtualMfaDevices: true }))
})
