/** Judging from facts: only when all that is needed is known, and never from old ones. */
import { type Fact, known, type Unknown, unknown } from '../aws/fact.ts'
import { unknownVerdict, type Verdict } from './control.ts'
import type { AccountSnapshot, ReportedKey, ReportedUser } from './snapshot.ts'

type Values<Facts> = { readonly [Name in keyof Facts]: Facts[Name] extends Fact<infer Value> ? Value : never }

/** The verdict on what is known; where anything of it is not, the verdict says what, and why. */
export function withFacts<Facts extends Readonly<Record<string, Fact<unknown>>>>(
  facts: Facts,
  judge: (values: Values<Facts>) => Verdict,
): Verdict {
  const missing = Object.values(facts).filter((fact): fact is Unknown => !fact.known)
  if (missing.length > 0) return unknownVerdict(missing)
  const values = Object.fromEntries(
    Object.entries(facts).flatMap(([name, fact]) => (fact.known ? [[name, fact.value]] : [])),
  )
  return judge(values as Values<Facts>)
}

export interface Reported {
  /** Whose lines may be judged: of users that are still there. */
  readonly users: readonly ReportedUser[]
  readonly root: ReportedUser | null
  /** What an auditor should know of the report's age. */
  readonly evidence: {
    readonly reportMadeAt: string
    readonly users: number
    /** Made after the report: the next one has them. */
    readonly usersNotYetReported: number
  }
}

/** IAM makes a new report once the last one is four hours old; one that is much older was not made by asking. */
const maxReportAgeHours = 8

/** The credential report, without the users that have gone since it was made. */
export function reportedOf(snapshot: AccountSnapshot): Fact<Reported> {
  const { report, authorization, takenAt } = snapshot
  if (!report.known) return report
  const { madeAt, root, users } = report.value
  if (takenAt.getTime() - madeAt.getTime() > maxReportAgeHours * 3_600_000)
    return unknown(`The credential report is of ${madeAt.toISOString()}: IAM has not made a newer one`)
  const reported = new Set(users.map(({ arn }) => arn))
  const there = authorization.known ? new Set(authorization.value.users.map(({ arn }) => arn)) : reported
  const remaining = users.filter(({ arn }) => there.has(arn))
  return known({
    users: remaining,
    root,
    evidence: {
      reportMadeAt: madeAt.toISOString(),
      users: remaining.length,
      usersNotYetReported: [...there].filter((arn) => !reported.has(arn)).length,
    },
  })
}

/** Of those that may have keys: everybody, root too. */
export function everybodyIn({ root, users }: Reported): readonly ReportedUser[] {
  return root === null ? users : [root, ...users]
}

/** Keys that work, by the number that the report gives them. */
export function activeKeysOf(user: ReportedUser): readonly (ReportedKey & { readonly number: 1 | 2 })[] {
  const [first, second] = user.keys
  return [
    { ...first, number: 1 as const },
    { ...second, number: 2 as const },
  ].filter(({ active }) => active)
}

/** Whole days from then to now. */
export function daysSince(then: Date, now: Date): number {
  return Math.floor((now.getTime() - then.getTime()) / 86_400_000)
}
