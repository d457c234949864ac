import type { CanaryFacts } from '../../trail/facts.ts'
import { bucketArn, objectArn, rootArn } from '../arns.ts'
import { canaryAge, openUntilAdded } from '../canary-evidence.ts'
import { type Control, type Finding, unknownVerdict, type Verdict, verdictOf } from '../control.ts'
import type { AccountSnapshot } from '../snapshot.ts'

/** https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-intro.html */
export const trailDigestChain: Control = {
  id: 'trail-digest-chain',
  title: 'The chain of signed digest files shows that no log file was changed or removed',
  practice: 'cloudtrail',
  severity: 'high',
  remedy:
    'If the chain is broken, treat it as an incident: keep the bucket as it is, and see who wrote to it. If it is off, turn log file validation on.',
  checks: [],
  oneByOne: 'what is deleted or altered later is nothing that anybody can answer for now',
  judge({ canary, ...snapshot }, now): Verdict {
    const { status, reason, validUntil } = canary.digest
    const evidence = { status, validUntil, checkedAt: canary.checkedAt }
    const stale = canaryAge(canary, now)
    if (stale) return unknownVerdict([stale])
    if (status === 'valid') return verdictOf([], evidence)
    if (status === 'broken') return verdictOf(faultsOf(canary.digest, snapshot), evidence)
    if (status === 'off') {
      const message = 'There is no chain of digest files: log file validation is off'
      return verdictOf([{ resource: rootArn(snapshot), message, evidence }], evidence)
    }
    const why = reason ?? 'The first digest files have not come yet'
    return openUntilAdded(why, status === 'unknown' ? canary.statementsToAdd : [])
  },
}

/** One finding for each object, so that an exception for one says nothing of the others. */
function faultsOf(
  { faults, faultCount, reason, validUntil }: CanaryFacts['digest'],
  place: Pick<AccountSnapshot, 'partition' | 'accountId'>,
): readonly Finding[] {
  const findings = faults.map(({ kind, bucket, key, message }) => ({
    resource: objectArn(place, bucket, key),
    message,
    evidence: { kind, bucket, key, validUntil },
  }))
  const more = faultCount - faults.length
  if (more <= 0 && findings.length > 0) return findings
  const message =
    more > 0
      ? `${more} files more than are listed were missing or altered`
      : (reason ?? 'The chain of digest files is broken')
  // Of whatever is not named: nobody can answer for that.
  return [...findings, { resource: bucketArn(place, '*'), message, evidence: { faultCount, validUntil } }]
}
