/** What is never called drift: whatever Muster's own steps alone have led to, read early, late, or after a crash. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Applied } from '../../src/identity/apply.ts'
import { driftsOf } from '../../src/identity/drift.ts'
import type { Denied } from '../../src/identity/first-deny.ts'
import type { LoadedIdentity, Outcome } from '../../src/identity/ledger-model.ts'
import type { Desired, Observed } from '../../src/identity/model.ts'
import { settle } from '../../src/identity/outcome.ts'
import { plan } from '../../src/identity/plan.ts'
import { planInput } from '../../src/identity/plan-input.ts'
import { usualRotation } from '../../src/identity/rotation.ts'
import type { RecordedStep } from '../../src/store/schema.ts'
import { active, anyDesired, purged, quarantine, registration, standing } from './any-user.ts'
import { now as start } from './iam-in-process.ts'
import { openWorld, recordDuring } from './plan-world.ts'
import { identity as nobody, recorded, runOf } from './runs.ts'

const settings = {
  accountId: nobody.accountId,
  path: registration.path,
  quarantineGroup: quarantine,
  baselineGroup: registration.baselineGroup,
  userNameTemplate: '{given}.{family}',
}

interface Turn {
  readonly desired: Desired
  /** Until it begins. */
  readonly pauseMs: number
  /** How old the read is that it goes by, as far as IAM lags. */
  readonly lagMs: number
  /** The run dies after so many steps; null for one that comes to its end. */
  readonly diesAfter: number | null
  /** The lock's first call is another process's. */
  readonly deniedElsewhere: boolean
}

const turn: fc.Arbitrary<Turn> = fc.record({
  desired: anyDesired,
  pauseMs: fc.constantFrom(0, 5000, 30_000, 70_000, 3_600_000),
  lagMs: fc.constantFrom(0, 0, 4000, 20_000, 50_000),
  diesAfter: fc.option(fc.nat(6), { freq: 3 }),
  deniedElsewhere: fc.boolean(),
})

const atFirst = (desired: Desired): Turn => ({
  desired,
  pauseMs: 0,
  lagMs: 0,
  diesAfter: null,
  deniedElsewhere: false,
})

const isOut = ({ kind }: Desired) => kind === 'locked' || kind === 'absent'

test('nothing that Muster itself did is ever called drift', async () => {
  let judged = 0
  await fc.assert(
    fc.asyncProperty(
      // Adopted, and brought to its role: what Muster leaves to others was there before it.
      fc.option(standing.map((user) => ({ ...user, attached: [], nameTaken: false }))),
      active,
      fc.array(turn, { minLength: 2, maxLength: 7 }),
      async (user, role, turns) => {
        const world = openWorld(user)
        const first = world.look()
        let identity: LoadedIdentity = {
          ...nobody,
          ...(first.kind === 'present' ? { awsUserId: first.user.userId, adopt: true } : {}),
        }
        let now = start
        let wasOut = false
        const seen: { readonly at: Date; readonly observed: Observed }[] = [{ at: now, observed: first }]
        const done: { readonly at: Date; readonly step: RecordedStep }[] = []
        const note = (steps: readonly RecordedStep[]) => {
          for (const step of steps) done.push({ at: now, step })
        }
        for (const { desired, pauseMs, lagMs, diesAfter, deniedElsewhere } of [atFirst(role), ...turns]) {
          now = new Date(now.getTime() + pauseMs)
          let denied: Denied | null = null
          // As `follow` does: what is left of an unlock that did not get through is no lock.
          if (isOut(desired) && !wasOut) identity = { ...identity, lockedAt: null }
          wasOut = isOut(desired)
          if (isOut(desired) && identity.awsUserId !== null && identity.lockedAt === null) {
            const UserName = identity.lastSeenName ?? identity.userName
            const quarantined = { do: 'AddUserToGroup', UserName, GroupName: quarantine } as const
            const { steps } = await world.apply({ kind: 'lock', steps: [quarantined], unread: [] })
            if (deniedElsewhere) identity = { ...identity, lockedAt: now }
            else {
              denied = { by: 'quarantine', at: now, steps }
              note(steps)
            }
            seen.push({ at: now, observed: world.look() })
          }
          const observed = lagging(world.look(), seen, now, lagMs)
          const lately = done
            .filter(({ at }) => now.getTime() - at.getTime() < 60_000)
            .map(({ step }) => step)
          const input = { identity, want: desired, observed, registration, partition: 'aws', now }
          const drifts = driftsOf({ ...input, rotation: usualRotation, lately, told: [] })
          assert.deepEqual(drifts, [])
          if (identity.settledAs !== null) judged++
          const context = { registration: settings, rotation: usualRotation, now }
          const next = plan(planInput(identity, desired, observed, context))
          const steps = diesAfter === null ? next.steps : next.steps.slice(0, diesAfter)
          const applied = await world.apply({ ...next, steps }, () =>
            seen.push({ at: now, observed: world.look() }),
          )
          if (diesAfter !== null) {
            identity = duringRun(identity, next, applied, now)
            // All that is known of them.
            note(next.steps.map((step) => recorded(step, 'failed')))
            // Noted at once, whatever becomes of the run.
            if (denied) identity = { ...identity, lockedAt: now }
          } else {
            note(applied.steps)
            const run = runOf({ identity, want: desired, observed, plan: next, denied, startedAt: now })
            const outcome = settle({
              ...run,
              finishedAt: now,
              applied: next.steps.length > 0 ? applied : null,
              quarantineGroup: quarantine,
            })
            identity = afterRun(identity, outcome)
          }
          if (desired === purged) break
        }
      },
    ),
    { numRuns: 1000 },
  )
  assert.ok(judged > 300, `only ${judged} looks were at somebody who is settled`)
})

/** As IAM may have shown it a moment ago. Whether the user is there at all is another matter: that is confirmed. */
function lagging(
  present: Observed,
  seen: readonly { readonly at: Date; readonly observed: Observed }[],
  now: Date,
  lagMs: number,
): Observed {
  const since = now.getTime() - lagMs
  const index = seen.findIndex(({ at }) => at.getTime() > since)
  const old = lagMs === 0 || index < 1 ? present : (seen[index - 1]?.observed ?? present)
  return old.kind === 'present' && present.kind === 'present' && old.user.userId === present.user.userId
    ? old
    : present
}

/** All there is on record when the process dies in the middle. */
function duringRun(
  identity: LoadedIdentity,
  next: ReturnType<typeof plan>,
  { createdUserId }: Applied,
  now: Date,
): LoadedIdentity {
  if (next.steps.length === 0) return identity
  const { groups, possibleGroups } = identity
  const record = recordDuring({ groups, possibleGroups, quarantined: false }, next)
  return {
    ...identity,
    groups: record.groups,
    possibleGroups: record.possibleGroups,
    awsUserId: createdUserId ?? identity.awsUserId,
    touchedAt: now,
    settledAs: null,
    boundaryArn: next.steps.some((step) => 'PermissionsBoundary' in step) ? '' : identity.boundaryArn,
  }
}

function afterRun(identity: LoadedIdentity, outcome: Outcome): LoadedIdentity {
  const { settled, lockedAt, ...rest } = outcome
  return {
    ...identity,
    ...(rest as Partial<LoadedIdentity>),
    lockedAt,
    id: identity.id,
    settledAs: settled?.as ?? null,
    settledAt: settled?.at ?? null,
  }
}
