import type { Control } from '../control.ts'
import { everyTrail } from '../trails-that-count.ts'

/** https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetTrailStatus.html */
export const trailDeliveryErrors: Control = {
  id: 'trail-delivery-errors',
  title: 'Trails deliver log files and digest files without errors',
  practice: 'cloudtrail',
  severity: 'high',
  remedy:
    "Correct what the error names: most often the bucket is gone, or its policy or its key's keeps CloudTrail out.",
  checks: [],
  judge: everyTrail(({ name, status }) => {
    if (!status.known) return status
    const { latestDeliveryError, latestDigestError } = status.value
    if (latestDeliveryError === null && latestDigestError === null) return null
    const error = latestDeliveryError ?? latestDigestError
    const what = latestDeliveryError === null ? 'digest files' : 'log files'
    return {
      message: `Trail ${name} could not deliver ${what}: ${error}`,
      evidence: { latestDeliveryError, latestDigestError },
    }
  }, 'There is no trail that delivers anything'),
}
