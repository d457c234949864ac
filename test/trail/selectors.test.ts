import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { BasicSelector, TrailSelectors } from '../../src/trail/facts.ts'
import { recordsIam } from '../../src/trail/selectors.ts'
import { advanced, everything, field } from './trails.ts'

const basic = (...selectors: readonly Partial<BasicSelector>[]): TrailSelectors => ({
  basic: selectors.map((change) => ({ ...(everything.basic[0] as BasicSelector), ...change })),
  advanced: [],
})
const management = field('eventCategory', { equals: ['Management'] })
const iam = 'iam.amazonaws.com'
const sts = 'sts.amazonaws.com'

const cases: readonly (readonly [string, TrailSelectors, read: boolean, write: boolean])[] = [
  ['all management events', everything, true, true],
  ['no selector at all', { basic: [], advanced: [] }, false, false],
  ['reads alone', basic({ readWriteType: 'ReadOnly' }), true, false],
  ['writes alone', basic({ readWriteType: 'WriteOnly' }), false, true],
  [
    'reads and writes by two',
    basic({ readWriteType: 'ReadOnly' }, { readWriteType: 'WriteOnly' }),
    true,
    true,
  ],
  ['data events alone', basic({ includeManagementEvents: false }), false, false],
  ['KMS left out', basic({ excludedSources: ['kms.amazonaws.com'] }), true, true],
  ['IAM left out', basic({ excludedSources: [iam] }), false, false],
  ['STS left out by one, and taken by the other', basic({ excludedSources: [sts] }, {}), true, true],
  ['advanced, all of them', advanced([management]), true, true],
  ['advanced, data events', advanced([field('eventCategory', { equals: ['Data'] })]), false, false],
  ['advanced, writes', advanced([management, field('readOnly', { equals: ['false'] })]), false, true],
  ['advanced, no reads', advanced([management, field('readOnly', { notEquals: ['true'] })]), false, true],
  [
    'advanced, without KMS',
    advanced([management, field('eventSource', { notEquals: ['kms.amazonaws.com'] })]),
    true,
    true,
  ],
  ['advanced, without STS', advanced([management, field('eventSource', { notEquals: [sts] })]), false, false],
  [
    'advanced, without i*',
    advanced([management, field('eventSource', { notStartsWith: ['i'] })]),
    false,
    false,
  ],
  [
    'advanced, IAM and STS apart',
    advanced(
      [management, field('eventSource', { equals: [iam] })],
      [management, field('eventSource', { equals: [sts] })],
    ),
    true,
    true,
  ],
  [
    'advanced, some names left out',
    advanced([management, field('eventName', { notEquals: ['AddUserToGroup'] })]),
    false,
    false,
  ],
  ['advanced, without a category', advanced([field('readOnly', { equals: ['false'] })]), false, false],
]

describe('what event selectors record of IAM and STS', () => {
  for (const [what, selectors, read, write] of cases) {
    test(what, () => {
      const recording = recordsIam(selectors)
      assert.deepEqual({ read: recording.read, write: recording.write }, { read, write })
      assert.equal(recording.blindTo.length === 0, read && write)
    })
  }

  test('one more selector never records less', () => {
    const selector = fc.record({
      readWriteType: fc.constantFrom('All' as const, 'ReadOnly' as const, 'WriteOnly' as const),
      includeManagementEvents: fc.boolean(),
      excludedSources: fc.subarray([iam, sts, 'kms.amazonaws.com']),
    })
    fc.assert(
      fc.property(fc.array(selector), selector, (some, another) => {
        const before = recordsIam(basic(...some))
        const after = recordsIam(basic(...some, another))
        assert.ok(after.read >= before.read && after.write >= before.write)
      }),
    )
  })
})
