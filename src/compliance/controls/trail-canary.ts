import { unknown } from '../../aws/fact.ts'
import type { CanarySighting } from '../../trail/facts.ts'
import { gapArn } from '../arns.ts'
import { canaryAge, openUntilAdded } from '../canary-evidence.ts'
import { type Control, unknownVerdict, type Verdict, verdictOf } from '../control.ts'
import type { AccountSnapshot } from '../snapshot.ts'

/**
 * What configuration says, proved. Muster's own calls are looked for: as long as one may still be on its way, for two
 * hours, nothing is concluded, though a warning was given after half an hour.
 */
export const trailCanary: Control = {
  id: 'trail-canary',
  title: "Muster's own calls are in the log files that the trail delivered",
  practice: 'cloudtrail',
  severity: 'critical',
  remedy:
    'See whether the trail logs, what its selectors leave out, and whether it delivers to the bucket that it names.',
  checks: [],
  oneByOne: 'what is missing from the log files later is nothing that anybody can answer for now',
  judge({ canary, ...snapshot }, now): Verdict {
    const { status, reason, latest, waitingSince, unread, checkedAt } = canary
    // Of a gap that nobody knows the beginning of there can be no exception.
    const since = canary.missingSince ?? waitingSince ?? '*'
    const evidence = { status, latest, waitingSince, unread, checkedAt }
    const stale = canaryAge(canary, now)
    if (stale) return unknownVerdict([stale])
    if (status === 'found') {
      if (latest && isLeft(latest, snapshot.trails))
        return unknownVerdict(
          [unknown(`No trail delivers to bucket ${latest.bucket} any more`)],
          [],
          evidence,
        )
      return verdictOf([], evidence)
    }
    if (status === 'missing') {
      const message = reason ?? `Calls of Muster's since ${waitingSince} are not in the log files`
      return verdictOf([{ resource: gapArn(snapshot, since), message, evidence }], evidence)
    }
    const why = reason ?? `Calls of Muster's since ${waitingSince} are not in the log files yet`
    return openUntilAdded(why, canary.statementsToAdd)
  },
}

/** The log files are looked at every few minutes, and the trails were asked later. */
function isLeft({ bucket }: CanarySighting, trails: AccountSnapshot['trails']): boolean {
  return trails.known && !trails.value.some((trail) => trail.bucket === bucket)
}
