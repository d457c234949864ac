import { type Fact, known, mapFact, unknown } from '../../aws/fact.ts'
import type { TrailFacts } from '../../trail/facts.ts'
import type { Control } from '../control.ts'
import { all, someTrail } from '../trails-that-count.ts'

const hour = 3_600_000

/** The time of the last delivery decides, whatever errors there were or were not. */
export const trailDelivery: Control = {
  id: 'trail-delivery',
  title: 'A multi-Region trail delivered log files within the last 24 hours',
  practice: 'cloudtrail',
  severity: 'high',
  remedy:
    "Look at the trail's status, and at the policies of its bucket and its key: CloudTrail must be allowed to write there.",
  checks: [],
  judge: someTrail(
    (trail, _snapshot, now) => all(known(trail.isMultiRegion), delivered(trail, now)),
    'No multi-Region trail delivered log files within the last 24 hours',
  ),
}

function delivered(trail: TrailFacts, now: Date): Fact<boolean> {
  if (!trail.status.known) return trail.status
  const { isLogging, startedAt, latestDeliveryAt } = trail.status.value
  const isNew = isLogging && startedAt !== null && now.getTime() - startedAt.getTime() < hour
  // The first delivery takes minutes; a day without one counts only once there was a day.
  if (latestDeliveryAt === null && isNew)
    return unknown(`Trail ${trail.name} began logging less than an hour ago and has delivered nothing yet`)
  return mapFact(
    trail.status,
    () => latestDeliveryAt !== null && now.getTime() - latestDeliveryAt.getTime() <= 24 * hour,
  )
}
