/** Judging the buckets that trails deliver to. Without a trail there is none: that is for other controls to say. */
import type { Fact } from '../aws/fact.ts'
import { bucketArn } from './arns.ts'
import { type Finding, unknownVerdict, type Verdict, verdictOf } from './control.ts'
import { withFacts } from './facts-at-hand.ts'
import type { AccountSnapshot, LogBucket } from './snapshot.ts'

export function everyLogBucket(
  isFine: (bucket: LogBucket) => Fact<boolean>,
  messageOf: (bucketName: string) => string,
) {
  return (snapshot: AccountSnapshot): Verdict =>
    withFacts({ buckets: snapshot.logBuckets }, ({ buckets }) => {
      const answers = buckets.map((bucket) => ({ bucket, fact: isFine(bucket) }))
      const findings = answers.flatMap(({ bucket: { name }, fact }): Finding[] =>
        fact.known && !fact.value
          ? [{ resource: bucketArn(snapshot, name), message: messageOf(name), evidence: { bucket: name } }]
          : [],
      )
      const unsure = answers.flatMap(({ fact }) => (fact.known ? [] : [fact]))
      if (unsure.length > 0) return unknownVerdict(unsure, findings)
      return verdictOf(findings, { buckets: buckets.map(({ name }) => name) })
    })
}
