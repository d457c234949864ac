/** What the canary's look at the log files is worth. */
import { type Unknown, unknown } from '../aws/fact.ts'
import { isAhead } from '../clock.ts'
import type { CanaryFacts } from '../trail/facts.ts'
import { unknownVerdict, type Verdict } from './control.ts'

/** It looks every few minutes; a look of yesterday says nothing of today. */
const maxAgeHours = 24

/** Null when the last look is fresh enough. */
export function canaryAge({ checkedAt, reason }: CanaryFacts, now: Date): Unknown | null {
  if (checkedAt === null) return unknown(reason ?? 'Muster has not looked into the log files yet')
  if (isAhead(new Date(checkedAt), now))
    return unknown(`Muster last looked into the log files at ${checkedAt}, which is yet to come`)
  const isStale = now.getTime() - Date.parse(checkedAt) > maxAgeHours * 3_600_000
  return isStale ? unknown(`Muster last looked into the log files at ${checkedAt}`) : null
}

/** Open: each action that the statements would allow is missing, and they are there to be copied. */
export function openUntilAdded(why: string, statementsToAdd: CanaryFacts['statementsToAdd']): Verdict {
  const permissions = statementsToAdd
    .flatMap(({ Action }) => [Action].flat())
    .filter((action) => typeof action === 'string')
  return unknownVerdict(
    permissions.length === 0 ? [unknown(why)] : permissions.map((permission) => unknown(why, permission)),
    [],
    { statementsToAdd },
  )
}
