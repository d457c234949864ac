/** Judging from facts: only when all that is needed is known, and never from old ones. */
import { type Fact, known, mapFact, type Unknown, unknown } from '../aws/fact.ts'
import { type Finding, unknownVerdict, type Verdict, verdictOf } from './control.ts'
import { whoIsReported, whyUnseen } from './not-yet-reported.ts'
import type { AccountSnapshot, AuthorizedUser, ReportedKey, ReportedUser } from './snapshot.ts'

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
  /** Of users that are still there: as the report has them, or as Muster saw them since it was made. */
  readonly users: readonly ReportedUser[]
  readonly root: ReportedUser | null
  /** Users of whose credentials nothing is known yet. */
  readonly unseen: Fact<readonly AuthorizedUser[]>
  /** What an auditor should know of the report's age. */
  readonly evidence: {
    readonly reportMadeAt: string
    readonly users: number
    /** Made after the report: the next one has them. Null where it is not known who is there. */
    readonly usersNotYetReported: number | null
    /** Of these, those whose credentials Muster itself saw. */
    readonly usersSeenByMuster: number
  }
}

/** IAM makes a new report once the last one is four hours old; one that is much older was not made by asking. */
const maxReportAgeHours = 8

/** The credential report, without the users that have gone since it was made, and with those that Muster saw since. */
export function reportedOf({ report, authorization, muster, takenAt }: AccountSnapshot): Fact<Reported> {
  if (!report.known) return report
  const { madeAt, root, users } = report.value
  const oldest = new Date(takenAt.getTime() - maxReportAgeHours * 3_600_000)
  if (madeAt < oldest)
    return unknown(`The credential report is of ${madeAt.toISOString()}: IAM has not made a newer one`)
  const who = mapFact(authorization, (found) => whoIsReported(users, found, muster, oldest))
  const { reported, seen } = who.known ? who.value : { reported: users, seen: [] }
  return known({
    users: [...reported, ...seen],
    root,
    unseen: mapFact(who, ({ unseen }) => unseen),
    evidence: {
      reportMadeAt: madeAt.toISOString(),
      users: reported.length,
      usersNotYetReported: who.known ? seen.length + who.value.unseen.length : null,
      usersSeenByMuster: seen.length,
    },
  })
}

/**
 * The verdict of a control that asks something of every user, new ones too: open while nobody has seen the
 * credentials of some.
 *
 * @param isFine whether a user cannot be bad, whichever credentials it has
 */
export function verdictOnEverybody(
  findings: readonly Finding[],
  { unseen, evidence }: Reported,
  isFine: (user: AuthorizedUser) => boolean = () => false,
): Verdict {
  if (!unseen.known) return unknownVerdict([unseen], findings)
  const open = unseen.value.filter((user) => !isFine(user))
  return open.length > 0
    ? unknownVerdict([unknown(whyUnseen(open, evidence.reportMadeAt))], findings)
    : verdictOf(findings, evidence)
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
