import { rootArn } from '../arns.ts'
import { canaryAge, openUntilAdded } from '../canary-evidence.ts'
import { type Control, unknownVerdict, type Verdict, verdictOf } from '../control.ts'

/** https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-intro.html */
export const trailDigestChain: Control = {
  id: 'trail-digest-chain',
  title: 'The chain of signed digest files shows that no log file was changed or removed',
  practice: 'cloudtrail',
  severity: 'high',
  remedy:
    'If the chain is broken, treat it as an incident: keep the bucket as it is, and see who wrote to it. If it is off, turn log file validation on.',
  checks: [],
  judge({ canary, ...snapshot }, now): Verdict {
    const { status, reason, validUntil } = canary.digest
    const evidence = { status, validUntil, checkedAt: canary.checkedAt }
    const stale = canaryAge(canary, now)
    if (stale) return unknownVerdict([stale])
    if (status === 'valid') return verdictOf([], evidence)
    const finding = (message: string) =>
      verdictOf([{ resource: rootArn(snapshot), message, evidence }], evidence)
    if (status === 'broken') return finding(reason ?? 'The chain of digest files is broken')
    if (status === 'off') return finding('There is no chain of digest files: log file validation is off')
    const why = reason ?? 'The first digest files have not come yet'
    return openUntilAdded(why, status === 'unknown' ? canary.statementsToAdd : [])
  },
}
