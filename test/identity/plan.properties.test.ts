/** What every plan keeps to, whatever it finds: judged by the sandbox's own state machine, call by call. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { mfaSettlingMs } from '../../src/identity/credential-rules.ts'
import type { Desired, Observed, Plan, Step } from '../../src/identity/model.ts'
import { grants } from '../../src/identity/steps.ts'
import type { RecordedStep } from '../../src/store/schema.ts'
import {
  active,
  anyDesired,
  type Believed,
  baseline,
  believed,
  locked,
  purged,
  quarantine,
  registration,
  type Standing,
  standing,
} from './any-user.ts'
import { credentials, type FacetName, facetNames, openWorld, planned, recordDuring } from './plan-world.ts'

const anyone = fc.option(standing, { freq: 8 })
const runs = { numRuns: 400 }

test('from anything that stands in IAM, one plan reaches what is desired, and the next is empty', async () => {
  await fc.assert(
    fc.asyncProperty(anyone, anyDesired, believed, async (user, desired, record) => {
      const world = openWorld(user)
      const bystanders = world.bystanders()
      let next = record
      // Ten groups leave no room for the quarantine: the first plan makes it, the second uses it.
      for (let rounds = isFull(user) && desired.kind !== 'active' ? 2 : 1; rounds > 0; rounds--) {
        await world.apply(planned(desired, world.look(), next))
        next = world.recordAfter(desired)
      }
      world.mustBe(desired)
      assert.deepEqual(nothingLeft(planned(desired, world.look(), next)), { steps: [], unread: [] })
      assert.equal(world.orphanedDevices(), 0)
      assert.deepEqual(world.bystanders(), bystanders)
    }),
    runs,
  )
})

test('a run that ended anywhere is no obstacle: a fresh plan, also for something else, reaches its aim', async () => {
  await fc.assert(
    fc.asyncProperty(
      anyone,
      anyDesired,
      anyDesired,
      believed,
      fc.nat(30),
      async (user, first, then, record, length) => {
        const world = openWorld(user)
        const begun = planned(first, world.look(), record)
        await world.apply({ ...begun, steps: begun.steps.slice(0, length) })
        let next = recordDuring(record, begun)
        for (let rounds = 0; rounds < 2; rounds++) {
          await world.apply(planned(then, world.look(), next))
          next = world.recordAfter(then)
        }
        world.mustBe(then)
        assert.deepEqual(nothingLeft(planned(then, world.look(), next)), { steps: [], unread: [] })
        // A run that ends right between deactivating a device and deleting it: nobody sees that one any more.
        assert.ok(world.orphanedDevices() <= 1)
      },
    ),
    runs,
  )
})

test('after no call does a user hold more than the old role had, or more than the new one has', async () => {
  await fc.assert(
    fc.asyncProperty(anyone, anyDesired, believed, async (user, desired, record) => {
      const world = openWorld(user)
      const before = world.roleGroups()
      const wanted = desired.kind === 'active' ? desired.access.groups : []
      await world.apply(planned(desired, world.look(), record), () => {
        const held = world.roleGroups()
        const isOld = held.every((group) => before.includes(group))
        assert.ok(isOld || held.every((group) => wanted.includes(group)), `held ${held}`)
      })
    }),
    runs,
  )
})

test('a read that lags behind does not give anybody two roles', async () => {
  const turn = fc.record({ desired: fc.oneof(active, active, locked), lag: fc.nat(8), length: fc.nat(40) })
  await fc.assert(
    fc.asyncProperty(fc.array(turn, { minLength: 2, maxLength: 6 }), async (turns) => {
      const world = openWorld(null)
      let record: Believed = { possibleGroups: [], groups: [], quarantined: false }
      const seen: (readonly string[])[] = []
      for (const { desired, lag, length } of turns) {
        const there = world.look()
        const groups = seen.at(-1 - Math.min(lag, Math.max(0, seen.length - 1))) ?? []
        const observed: Observed =
          there.kind === 'present' ? { ...there, user: { ...there.user, groups } } : there
        const next = planned(desired, observed, record)
        const steps = next.steps.slice(0, length)
        const { steps: done } = await world.apply({ ...next, steps }, () => {
          seen.push(world.groups())
          const held = world.roleGroups().filter((group) => group !== baseline)
          assert.ok(new Set(held.map((group) => group.split('-')[0])).size <= 1, `held ${held}`)
        })
        const isWhole = steps.length === next.steps.length
        if (isWhole && desired.kind === 'active') {
          assert.deepEqual([...world.groups()].sort(), [...desired.access.groups].sort())
        } else if (isWhole) assert.deepEqual(world.roleGroups(), [])
        record = isWhole ? afterRun(groups, done, desired) : recordDuring(record, next)
      }
    }),
    runs,
  )
})

test('no password and no active key is left without MFA, and none is there when something is granted', async () => {
  await fc.assert(
    fc.asyncProperty(standing, active, believed, async (user, desired, record) => {
      const world = openWorld(user)
      await world.apply(planned(desired, world.look(), record), (step) => {
        if (step.do === 'AddUserToGroup' || isLeaving(step, quarantine)) world.mustNotActWithoutMfa()
      })
      world.mustNotActWithoutMfa()
    }),
    runs,
  )
})

test('a user without a boundary gets one first, and no step ever takes one away', () => {
  fc.assert(
    fc.property(standing, active, believed, anyDesired, (user, desired, record, any) => {
      const unbounded = openWorld({ ...user, boundaryArn: null })
      assert.equal(planned(desired, unbounded.look(), record).steps[0]?.do, 'PutUserPermissionsBoundary')
      const names = planned(any, openWorld(user).look(), record).steps.map((step) => step.do as string)
      assert.ok(!names.includes('DeleteUserPermissionsBoundary'))
    }),
    runs,
  )
})

test('a lock begins with the quarantine, or the user is in it; what cannot be read keeps nothing else from being planned', () => {
  fc.assert(
    fc.property(standing, locked, believed, fc.subarray([...facetNames]), (user, desired, record, hidden) => {
      const world = openWorld(user)
      const whole = planned(desired, world.look(), record)
      const partial = planned(desired, world.look(hidden), record)
      for (const { steps } of [whole, partial]) {
        if (!user.quarantined) assert.ok(isJoining(steps[0], quarantine))
      }
      // Without the quarantine it is the baseline that denies, so it is left last of all.
      const leave = whole.steps.findIndex((step) => isLeaving(step, baseline))
      assert.ok(leave === -1 || leave === whole.steps.length - 1)
      const names = partial.steps.map((step) => step.do)
      if (hidden.includes('hasLoginProfile')) assert.ok(names.includes('DeleteLoginProfile'))
      const missing = whole.steps.filter((step) => !partial.steps.some((it) => isDeepStrictEqual(it, step)))
      // What is missing is only what nobody could know of.
      for (const step of missing)
        assert.ok(
          hidden.some((facet) => facetOf[step.do] === facet || (facet === 'groups' && 'GroupName' in step)),
          step.do,
        )
      assert.equal(partial.unread.length, hidden.filter((facet) => facet !== 'mfaSerials').length)
    }),
    runs,
  )
})

test('a lock is planned for a user of whom IAM says nothing at all', () => {
  fc.assert(
    fc.property(locked, believed, (desired, record) => {
      if (desired.kind === 'absent') return
      const { steps, unread } = planned(desired, { kind: 'unknown' }, record)
      assert.deepEqual(steps, [
        { do: 'AddUserToGroup', UserName: registration.userName, GroupName: quarantine },
      ])
      assert.deepEqual(unread, ['GetUser'])
    }),
  )
})

test('what the role allows to somebody with MFA is not taken away', () => {
  fc.assert(
    fc.property(standing, active, believed, (user, desired, record) => {
      if (desired.kind !== 'active' || user.mfa.length === 0) return
      const names = planned(desired, openWorld(user).look(), record).steps.map((step) => step.do)
      if (desired.access.console) assert.ok(!names.includes('DeleteLoginProfile'))
      // FIDO devices give no codes, and a key without a code is good for nothing.
      const hasCodes = user.mfa.some((kind) => kind !== 'passkey')
      if (desired.access.accessKeys === 'self-service' && hasCodes)
        assert.ok(!names.includes('UpdateAccessKey'))
    }),
    runs,
  )
})

test('a name that somebody else has is a conflict for an administrator, and nothing is planned', () => {
  fc.assert(
    fc.property(anyDesired, believed, (desired, record) => {
      const observed: Observed = { kind: 'foreign', userName: 'Ada.Lovelace', userId: 'AIDA0' }
      const { steps, conflict } = planned(desired, observed, record)
      assert.deepEqual(steps, [])
      assert.equal(conflict !== undefined, desired.kind === 'active')
      if (conflict) assert.match(conflict, /"Ada\.Lovelace".*AIDA0.*adopt that user, or choose another name/)
    }),
  )
})

test('what cannot be read grants nothing; what can be read and others gave goes all the same', () => {
  fc.assert(
    fc.property(standing, active, believed, fc.subarray([...facetNames]), (user, desired, record, hidden) => {
      const world = openWorld(user)
      const { steps, unread } = planned(desired, world.look(hidden), record)
      const whole = planned(desired, world.look(), record)
      if (unread.length === 0) {
        assert.deepEqual(steps, whole.steps)
        return
      }
      for (const step of steps) {
        const restrains = isJoining(step, baseline) || user.boundaryArn === null
        assert.ok(!grants(step, quarantine) || restrains, step.do)
        assert.ok(step.do !== 'AddUserToGroup' || !hidden.includes('groups'))
        // Password and keys go before the devices that they hang on.
        assert.ok(step.do !== 'DeactivateMFADevice' && step.do !== 'DeleteVirtualMFADevice')
        const isKnown = whole.steps.some((each) => isDeepStrictEqual(each, step))
        assert.ok(isKnown, step.do)
      }
      const given = [...record.groups, ...record.possibleGroups]
      for (const step of whole.steps) {
        const facet = step.do === 'RemoveUserFromGroup' ? 'groups' : facetOf[step.do]
        const isOurs = step.do === 'RemoveUserFromGroup' && [...given, quarantine].includes(step.GroupName)
        // Whether there is MFA is asked of the devices.
        const isUnknown = facet && (hidden.includes(facet) || hidden.includes('mfaSerials'))
        if (!facet || isOurs || isUnknown || step.do === 'DeleteAccessKey') continue
        assert.ok(
          steps.some((each) => isDeepStrictEqual(each, step)),
          step.do,
        )
      }
    }),
    runs,
  )
})

test('a user that is only being taken over loses nothing as long as something cannot be read', () => {
  fc.assert(
    fc.property(standing, active, believed, (user, desired, record) => {
      const observed = openWorld(user).look(['accessKeys'])
      const next = planned(desired, observed, { ...record, isBeingAdopted: true })
      assert.deepEqual(next, { kind: 'none', steps: [], unread: ['ListAccessKeys'] })
    }),
  )
})

test('a purge ends with leaving the quarantine and the deletion; unread facets end it before both', () => {
  fc.assert(
    fc.property(standing, believed, fc.subarray([...facetNames]), (user, record, hidden) => {
      const world = openWorld(user)
      const whole = planned(purged, world.look(), record).steps
      const [leave, remove] = whole.slice(-2)
      assert.ok(isLeaving(leave, quarantine))
      assert.equal(remove?.do, 'DeleteUser')
      assert.equal(whole.filter((step) => step.do === 'DeleteUser' || isLeaving(step, quarantine)).length, 2)
      if (!user.quarantined) assert.ok(isJoining(whole[0], quarantine))
      if (hidden.length === 0) return
      const partial = planned(purged, world.look(hidden), record).steps
      assert.ok(!partial.some((step) => step.do === 'DeleteUser' || isLeaving(step, quarantine)))
    }),
    runs,
  )
})

function isFull(user: Standing | null): boolean {
  return user !== null && !user.quarantined && user.groups.length === 10
}

function nothingLeft({ steps, unread }: Plan) {
  return { steps, unread }
}

function isJoining(step: Step | undefined, group: string): boolean {
  return step?.do === 'AddUserToGroup' && step.GroupName === group
}

function isLeaving(step: Step | undefined, group: string): boolean {
  return step?.do === 'RemoveUserFromGroup' && step.GroupName === group
}

/** Which facet a step of a lock comes from. */
const facetOf: Partial<Record<Step['do'], FacetName>> = {
  DeleteLoginProfile: 'hasLoginProfile',
  UpdateAccessKey: 'accessKeys',
  UpdateSSHPublicKey: 'sshKeys',
  UpdateSigningCertificate: 'certificates',
  UpdateServiceSpecificCredential: 'serviceCredentials',
  DetachUserPolicy: 'attachedPolicyArns',
  DeleteUserPolicy: 'inlinePolicyNames',
}

/** The record after a whole run: what was seen, which may be old, and what our own calls did since. */
function afterRun(seen: readonly string[], done: readonly RecordedStep[], desired: Desired): Believed {
  const groups = new Set(seen)
  for (const { do: name, params, outcome } of done) {
    if (outcome !== 'done' && outcome !== 'already') continue
    if (name === 'AddUserToGroup') groups.add(String(params.GroupName))
    if (name === 'RemoveUserFromGroup') groups.delete(String(params.GroupName))
  }
  return { possibleGroups: [...groups], groups: [...groups], quarantined: desired.kind !== 'active' }
}

test('after a reset no device, no password and no active key is left, and the password went before the devices', async () => {
  await fc.assert(
    fc.asyncProperty(standing, active, believed, async (user, desired, record) => {
      const world = openWorld(user)
      const next = planned(desired, world.look(), record, { resetMfa: true })
      await world.apply(next)
      const there = world.look()
      assert.ok(there.kind === 'present')
      assert.deepEqual(there.user.mfaSerials, [])
      assert.equal(there.user.hasLoginProfile, false)
      assert.ok(there.user.accessKeys !== 'unknown' && there.user.accessKeys.every((key) => !key.active))
      assert.equal(world.orphanedDevices(), 0)
      const order = next.steps.map((step) => step.do)
      const drops = order.indexOf('DeleteLoginProfile')
      const devices = order.indexOf('DeactivateMFADevice')
      assert.ok(drops < 0 || devices < 0 || drops < devices)
      const joins = order.indexOf('AddUserToGroup')
      assert.ok(joins < 0 || devices < joins)
    }),
    runs,
  )
})

test('an empty list of devices right after one was enabled takes nothing away', () => {
  fc.assert(
    fc.property(
      standing,
      active,
      believed,
      fc.integer({ min: -600_000, max: 600_000 }),
      (user, desired, record, agoMs) => {
        if (desired.kind !== 'active' || user.mfa.length > 0) return
        const mfaEnabledAt = new Date(credentials.now.getTime() - agoMs)
        const steps = planned(desired, openWorld(user).look(), record, { mfaEnabledAt }).steps
        const drops = steps.some((step) => step.do === 'DeleteLoginProfile')
        // Unless it was a clock that was ahead which enabled it.
        const isSettling = agoMs >= -60_000 && agoMs < mfaSettlingMs
        assert.equal(drops, user.hasPassword && !(desired.access.console && isSettling))
      },
    ),
    runs,
  )
})

test('an adopted user keeps password and keys without MFA until the deadline, and not a moment longer', () => {
  fc.assert(
    fc.property(
      standing,
      active,
      believed,
      fc.integer({ min: -2, max: 2 }),
      (user, desired, record, aheadMs) => {
        if (desired.kind !== 'active' || user.mfa.length > 0) return
        const graceUntil = new Date(credentials.now.getTime() + aheadMs)
        const steps = planned(desired, openWorld(user).look(), record, { graceUntil }).steps
        const drops = steps.some((step) => step.do === 'DeleteLoginProfile')
        assert.equal(drops, user.hasPassword && !(desired.access.console && aheadMs > 0))
      },
    ),
    runs,
  )
})
