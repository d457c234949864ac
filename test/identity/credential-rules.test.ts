/** Who may keep a password while no device is seen: only for as long as reads may lag behind the one that was enabled. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeCredentials, settlesAt } from '../../src/identity/credential-rules.ts'
import type { ObservedUser } from '../../src/identity/model.ts'
import { credentials } from './plan-world.ts'

const { now } = credentials
const member: ObservedUser = {
  userName: 'ada.lovelace',
  userId: 'AIDA1',
  path: '/muster/',
  tags: {},
  boundaryArn: null,
  groups: [],
  attachedPolicyArns: [],
  inlinePolicyNames: [],
  hasLoginProfile: true,
  mfaSerials: [],
  passwordUsedAt: null,
  accessKeys: [],
  sshKeys: [],
  certificates: [],
  serviceCredentials: [],
  nameTakenBy: null,
}
const minutesFrom = (minutes: number) => new Date(now.getTime() + minutes * 60_000)

const cases: readonly (readonly [string, Date | null, boolean])[] = [
  ['never enabled', null, false],
  ['enabled now', now, true],
  ['enabled four minutes ago', minutesFrom(-4), true],
  ['enabled five minutes ago', minutesFrom(-5), false],
  ['enabled by a replica whose clock is a minute ahead', minutesFrom(1), true],
  ['enabled by a clock that was two minutes ahead', minutesFrom(2), false],
  ['enabled by a clock that was a day ahead', minutesFrom(24 * 60), false],
]

for (const [what, mfaEnabledAt, settles] of cases) {
  test(`without any device in the list, and one ${what}, a password ${settles ? 'stays' : 'goes'}`, () => {
    assert.equal(settlesAt({ mfaEnabledAt, resetMfa: false, now }) !== null, settles)
    const access = { console: true, accessKeys: 'none' } as const
    const { password, nextChangeAt } = judgeCredentials(member, access, {
      ...credentials,
      mfaEnabledAt,
    })
    assert.equal(password, settles ? null : 'no_mfa')
    assert.ok(nextChangeAt === null || nextChangeAt <= minutesFrom(6), 'nobody waits for that future')
  })
}
