import type { Control } from '../control.ts'
import { everyTrail } from '../trails-that-count.ts'

const dayMs = 86_400_000

export const trailCloudwatchLogs: Control = {
  id: 'trail-cloudwatch-logs',
  title: 'Trails sent events to CloudWatch Logs within the last 24 hours',
  practice: 'cloudtrail',
  severity: 'low',
  remedy:
    'Give the trail a log group and a role that may write to it: `aws cloudtrail update-trail --cloud-watch-logs-log-group-arn ... --cloud-watch-logs-role-arn ...`.',
  checks: ['cloudtrail_cloudwatch_logging_enabled'],
  judge: everyTrail(({ name, cloudWatchLogsGroupArn, status }, now) => {
    if (cloudWatchLogsGroupArn === null)
      return { message: `Trail ${name} sends nothing to CloudWatch Logs`, evidence: { logGroup: null } }
    if (!status.known) return status
    const last = status.value.latestCloudWatchLogsDeliveryAt
    if (last !== null && now.getTime() - last.getTime() <= dayMs) return null
    return {
      message: `Trail ${name} sent nothing to CloudWatch Logs within the last 24 hours`,
      evidence: {
        logGroup: cloudWatchLogsGroupArn,
        latestCloudWatchLogsDeliveryAt: last?.toISOString() ?? null,
      },
    }
  }, 'There is no trail that sends events to CloudWatch Logs'),
}
