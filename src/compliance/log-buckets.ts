/** Judging the buckets that trails deliver to. Without a trail there is none: that is for other controls to say. */
import { type Fact, type Unknown, unknown } from '../aws/fact.ts'
import type { LogBucket } from '../trail/facts.ts'
import { bucketArn } from './arns.ts'
import { type Finding, unknownVerdict, type Verdict, verdictOf } from './control.ts'
import { withFacts } from './facts-at-hand.ts'
import type { AccountSnapshot } from './snapshot.ts'

/** Of trails in whatever Region. A bucket that nobody has looked at is not fine: it leaves the verdict open. */
export function everyLogBucket(
  isFine: (bucket: LogBucket) => Fact<boolean>,
  messageOf: (bucketName: string) => string,
) {
  return (snapshot: AccountSnapshot): Verdict =>
    withFacts({ trails: snapshot.trails }, ({ trails: ofIamRegion }) => {
      const { trailsElsewhere: elsewhere } = snapshot
      const trails = [...ofIamRegion, ...(elsewhere.known ? elsewhere.value : [])]
      const names = [...new Set(trails.map(({ bucket }) => bucket))]
      const answers = names.map((name) => {
        const bucket = lookedAt(snapshot, name)
        return { name, fact: 'name' in bucket ? isFine(bucket) : bucket }
      })
      const findings = answers.flatMap(({ name, fact }): Finding[] =>
        fact.known && !fact.value
          ? [{ resource: bucketArn(snapshot, name), message: messageOf(name), evidence: { bucket: name } }]
          : [],
      )
      const unsure = [
        ...(elsewhere.known ? [] : [elsewhere]),
        ...answers.flatMap(({ fact }) => (fact.known ? [] : [fact])),
      ]
      if (unsure.length > 0) return unknownVerdict(unsure, findings)
      return verdictOf(findings, { buckets: names })
    })
}

function lookedAt({ logBuckets }: AccountSnapshot, name: string): LogBucket | Unknown {
  if (!logBuckets.known) return logBuckets
  return (
    logBuckets.value.find((bucket) => bucket.name === name) ?? unknown(`Bucket ${name} was not looked at yet`)
  )
}
