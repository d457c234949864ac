import type { Control } from '../control.ts'
import { activeKeysOf, everybodyIn, reportedOf, verdictOnEverybody, withFacts } from '../facts-at-hand.ts'

/** A second key is there to replace the first: right for a day, not for long. */
export const twoActiveKeys: Control = {
  id: 'two-active-keys',
  title: 'Nobody has two active access keys',
  practice: 'credential-rotation',
  severity: 'medium',
  remedy: 'Finish the rotation: switch the older key off, and delete it when nothing misses it.',
  checks: [],
  judge: (snapshot) =>
    withFacts({ reported: reportedOf(snapshot) }, ({ reported }) => {
      const findings = everybodyIn(reported)
        .filter((user) => activeKeysOf(user).length === 2)
        .map(({ arn, userName, keys }) => ({
          resource: arn,
          message: `User ${userName} has two active access keys`,
          evidence: { rotatedAt: keys.map(({ rotatedAt }) => rotatedAt?.toISOString() ?? null) },
        }))
      return verdictOnEverybody(findings, reported)
    }),
}
