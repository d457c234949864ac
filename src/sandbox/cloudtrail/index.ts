/** CloudTrail: trails, what they deliver, and the Event history. */
import type { OperationTable } from '../operation.ts'
import { loggingOperations } from './logging-operations.ts'
import { lookupOperations } from './lookup-operations.ts'
import { trailOperations } from './trail-operations.ts'

export const cloudTrailOperations: OperationTable = {
  ...trailOperations,
  ...loggingOperations,
  ...lookupOperations,
}
