/** Whoever did something of the same name to the same thing, which changed something else, gets no blame. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { culpritAmong } from '../../src/drift/culprit.ts'
import { eventIn } from '../../src/drift/event-history.ts'
import type { DriftDetail, DriftKind } from '../../src/drift/kinds.ts'

const detectedAt = new Date('2026-11-29T09:30:00Z')

type Did = readonly [who: string, eventName: string, requestParameters: object]

/** Each a minute after the one before. */
const events = (all: readonly Did[]) =>
  all.flatMap(([who, eventName, requestParameters], minute) =>
    eventIn(
      JSON.stringify({
        eventID: `event-${minute}`,
        eventName,
        eventTime: `2026-11-29T09:0${minute}:00Z`,
        userIdentity: { type: 'IAMUser', arn: who, principalId: `AIDA${who}`, userName: who },
        requestParameters,
      }),
    ),
  )

const ada = { userName: 'ada', userNames: ['ada'] }
const group = { ...ada, groupName: 'operations' }
const key = { ...ada, accessKeyId: 'AKIA1' }
const trailArn = 'arn:aws:cloudtrail:us-east-1:123456789012:trail/main'
const trail = { trailArn, trailNames: [trailArn, 'main'] }

const cases: readonly (readonly [DriftKind, DriftDetail, guilty: Did, innocent: Did])[] = [
  [
    'group-added',
    group,
    ['mallory', 'AddUserToGroup', { userName: 'ada', groupName: 'operations' }],
    ['bob', 'UpdateGroup', { groupName: 'operations', newPath: '/x/' }],
  ],
  [
    'quarantine-left',
    group,
    ['mallory', 'UpdateGroup', { groupName: 'operations', newGroupName: 'other' }],
    ['bob', 'UpdateGroup', { groupName: 'operations', newPath: '/x/' }],
  ],
  [
    'user-renamed',
    { before: 'ada', after: 'eve', userName: 'ada', userNames: ['ada', 'eve'] },
    ['mallory', 'UpdateUser', { userName: 'ada', newUserName: 'eve' }],
    ['bob', 'UpdateUser', { userName: 'eve', newPath: '/x/' }],
  ],
  [
    'access-key-activated',
    key,
    ['mallory', 'UpdateAccessKey', { userName: 'ada', accessKeyId: 'AKIA1', status: 'Active' }],
    ['bob', 'UpdateAccessKey', { userName: 'ada', accessKeyId: 'AKIA1', status: 'Inactive' }],
  ],
  [
    'policy-edited',
    { policyArn: 'arn:p' },
    ['mallory', 'SetDefaultPolicyVersion', { policyArn: 'arn:p', versionId: 'v2' }],
    ['bob', 'CreatePolicyVersion', { policyArn: 'arn:p', setAsDefault: false }],
  ],
  [
    'policy-edited',
    { policyArn: 'arn:p' },
    ['mallory', 'CreatePolicyVersion', { policyArn: 'arn:p', setAsDefault: true }],
    ['bob', 'CreatePolicyVersion', { policyArn: 'arn:p' }],
  ],
  [
    'trail-blinded',
    trail,
    ['mallory', 'PutEventSelectors', { trailName: trailArn }],
    ['bob', 'UpdateTrail', { name: 'main', isMultiRegionTrail: true, kmsKeyId: 'k' }],
  ],
  [
    'trail-blinded',
    trail,
    ['mallory', 'UpdateTrail', { name: 'main', includeGlobalServiceEvents: false }],
    ['bob', 'UpdateTrail', { name: 'main', kmsKeyId: null, s3BucketName: 'logs' }],
  ],
]

for (const [kind, detail, guilty, innocent] of cases) {
  test(`${kind}: ${innocent[1]} right after ${guilty[1]}, of something else, does not take the blame`, () => {
    const drift = { kind, resource: 'arn:any', detail, detectedAt, since: null }
    assert.equal(culpritAmong(events([guilty, innocent]), drift, 'AIDAMUSTER')?.by, 'mallory')
    assert.equal(culpritAmong(events([innocent]), drift, 'AIDAMUSTER'), undefined)
  })
}
