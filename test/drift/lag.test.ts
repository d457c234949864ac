/** What a read shows that Muster has just set right: seen late, or done again? */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mayBeLag, type Told } from '../../src/drift/drift.ts'

const difference = { kind: 'group-added', detail: { userName: 'ada', groupName: 'operations' } } as const
const leave = {
  do: 'RemoveUserFromGroup',
  params: { UserName: 'ada', GroupName: 'operations' },
  outcome: 'done',
  startedAt: '2026-11-23T09:00:10.400Z',
} as const
const told = (change: Partial<Told> = {}): Told => ({
  eventName: 'AddUserToGroup',
  at: new Date('2026-11-23T09:00:11Z'),
  groupName: 'operations',
  policyArn: null,
  ...change,
})

const cases: readonly (readonly [string, boolean, readonly (typeof leave)[], readonly Told[]])[] = [
  ['Muster has done nothing about it', false, [], []],
  ['Muster has just set it right', true, [leave], []],
  ['an event since then tells that it was done again', false, [leave], [told()]],
  ['the event is of before', true, [leave], [told({ at: new Date('2026-11-23T09:00:09Z') })]],
  // CloudTrail tells the second, and no more.
  ['the event is of that second', true, [leave], [told({ at: new Date('2026-11-23T09:00:10Z') })]],
  ['the event is about another group', true, [leave], [told({ groupName: 'finance' })]],
  ['the event tells of something else', true, [leave], [told({ eventName: 'RemoveUserFromGroup' })]],
  [
    'Muster has set right that, too',
    true,
    [leave, { ...leave, startedAt: '2026-11-23T09:00:20.000Z' as typeof leave.startedAt }],
    [told()],
  ],
]

for (const [what, isLag, lately, events] of cases) {
  test(`${isLag ? 'it may be seen late' : 'it is drift'} where ${what}`, () =>
    assert.equal(mayBeLag(difference, lately, events), isLag))
}
