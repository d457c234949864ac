import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { known, unknown } from '../../src/aws/fact.ts'
import type { TrailFacts } from '../../src/trail/facts.ts'
import { verifyTrails } from '../../src/trail/verify.ts'
import { advanced, field, stopped, trail } from './trails.ts'

const management = field('eventCategory', { equals: ['Management'] })

const denied = unknown('Muster may not call cloudtrail:GetTrailStatus', 'cloudtrail:GetTrailStatus')

const faults: readonly (readonly [string, Partial<TrailFacts>, RegExp])[] = [
  ['that records one Region', { isMultiRegion: false }, /main records one Region only/],
  [
    'of an organization that records one Region',
    { isMultiRegion: false, isOrganization: true },
    /one Region only/,
  ],
  ['without global services', { includesGlobalServices: false }, /leaves out global services/],
  ['that is stopped', { status: stopped }, /is stopped: start its logging/],
  [
    'whose status is not known',
    { status: denied },
    /does not tell whether it is logging: Muster may not call/,
  ],
  ['whose selectors are not known', { selectors: denied }, /does not tell what it records/],
  ['without management events', { selectors: known(advanced()) }, /does not record reads of iam/],
  [
    'that leaves out some calls by their names',
    { selectors: known(advanced([management, field('eventName', { notEquals: ['AttachUserPolicy'] })])) },
    /does not record all reads of iam\.amazonaws\.com, all reads of sts/,
  ],
  [
    'that leaves out writes, and some reads',
    {
      selectors: known(
        advanced([
          management,
          field('readOnly', { equals: ['true'] }),
          field('eventName', { notStartsWith: ['List'] }),
        ]),
      ),
    },
    /does not record all reads of iam\.amazonaws\.com, all reads of \S+, writes of iam/,
  ],
]

describe('whether CloudTrail is on', () => {
  test('it is with one trail that is as it should be, whatever else there is', () => {
    const others = faults.map(([, change], index) =>
      trail({ ...change, arn: `other-${index}`, name: `other-${index}` }),
    )
    const { isVerified, trailArn, reason } = verifyTrails(known([...others, trail()]))
    assert.deepEqual(
      { isVerified, trailArn, reason },
      { isVerified: true, trailArn: trail().arn, reason: null },
    )
  })

  for (const [what, change, reason] of faults) {
    test(`it is not with a trail ${what}`, () => {
      const verification = verifyTrails(known([trail(change)]))
      assert.equal(verification.isVerified, false)
      assert.match(verification.reason ?? '', reason)
    })
  }

  test("an organization's trail that does not tell a member account leaves a way out", () => {
    const { isVerified, reason } = verifyTrails(known([trail({ isOrganization: true, status: denied })]))
    assert.equal(isVerified, false)
    assert.match(reason ?? '', /make a multi-Region trail in this account, too/)
    assert.doesNotMatch(verifyTrails(known([trail({ status: denied })])).reason ?? '', /organization/)
  })

  test('it is not without any trail, and says what to do', () => {
    assert.match(verifyTrails(known([])).reason ?? '', /make a multi-Region trail, and start its logging/)
  })

  test('it is not when CloudTrail may not be asked, and names the permission', () => {
    const { isVerified, reason } = verifyTrails(unknown('Muster may not call cloudtrail:DescribeTrails'))
    assert.equal(isVerified, false)
    assert.match(reason ?? '', /cloudtrail:DescribeTrails/)
  })

  test('a trail that lacks log file validation or encryption is on all the same', () => {
    assert.equal(verifyTrails(known([trail({ logFileValidation: false, kmsKeyId: null })])).isVerified, true)
  })
})
