import { rootArn } from '../arns.ts'
import { canaryAge, openUntilAdded } from '../canary-evidence.ts'
import { type Control, unknownVerdict, type Verdict, verdictOf } from '../control.ts'

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
    const evidence = { status, latest, waitingSince, unread, checkedAt }
    const stale = canaryAge(canary, now)
    if (stale) return unknownVerdict([stale])
    if (status === 'found') return verdictOf([], evidence)
    if (status === 'missing') {
      const message = reason ?? `Calls of Muster's since ${waitingSince} are not in the log files`
      return verdictOf([{ resource: rootArn(snapshot), message, evidence }], evidence)
    }
    const why = reason ?? `Calls of Muster's since ${waitingSince} are not in the log files yet`
    return openUntilAdded(why, canary.statementsToAdd)
  },
}
