import { unknown } from '../../aws/fact.ts'
import { rootArn } from '../arns.ts'
import { type Control, unknownVerdict, verdictOf } from '../control.ts'
import { daysSince, reportedOf, withFacts } from '../facts-at-hand.ts'

const quietDays = 90

/** By password or by key, whichever was later; the report is up to four hours behind. */
export const rootUse: Control = {
  id: 'root-use',
  title: `The root user was not used in ${quietDays} days`,
  practice: 'root-account',
  severity: 'high',
  remedy:
    'Find out in CloudTrail what root was used for, and give a role the right to do it; keep root for what only root can do.',
  checks: ['iam_avoid_root_usage'],
  judge: (snapshot, now) =>
    withFacts({ reported: reportedOf(snapshot) }, ({ reported: { root, evidence: of } }) => {
      if (root === null) return unknownVerdict([unknown('The credential report has no line of root')])
      const uses = [root.passwordUsedAt, ...root.keys.map(({ usedAt }) => usedAt)].filter(
        (usedAt) => usedAt !== null,
      )
      const last = uses.length === 0 ? null : new Date(Math.max(...uses.map((usedAt) => usedAt.getTime())))
      const evidence = { lastUsedAt: last?.toISOString() ?? null, reportMadeAt: of.reportMadeAt }
      const wasUsed = last !== null && daysSince(last, now) <= quietDays
      const message = `The root user was used on ${last?.toISOString().slice(0, 10)}`
      return verdictOf(wasUsed ? [{ resource: rootArn(snapshot), message, evidence }] : [], evidence)
    }),
}
