import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isAhead, unlessAhead } from '../src/clock.ts'

const now = new Date('2026-11-25T12:00:00Z')
const from = (ms: number) => new Date(now.getTime() + ms)

const cases: readonly (readonly [string, number, boolean])[] = [
  ['of long ago', -86_400_000, false],
  ['of now', 0, false],
  ['of a clock that is a minute ahead', 60_000, false],
  ['of a clock that is further ahead', 60_001, true],
  ['of tomorrow', 86_400_000, true],
]

for (const [what, ms, ahead] of cases) {
  test(`a moment ${what} ${ahead ? 'counts for nothing' : 'counts'}`, () => {
    assert.equal(isAhead(from(ms), now), ahead)
    assert.deepEqual(unlessAhead(from(ms), now), ahead ? null : from(ms))
  })
}

test('what never happened is not ahead', () => assert.equal(unlessAhead(null, now), null))
