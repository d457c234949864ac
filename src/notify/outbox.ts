/** What is announced becomes rows and jobs, in the transaction of the change that it tells of. */
import { sql } from 'drizzle-orm'
import type { Jobs } from '../jobs/jobs.ts'
import { newId } from '../store/ids.ts'
import { storableJson } from '../store/storable.ts'
import type { Announce } from './announce.ts'
import { messagesOf } from './messages.ts'
import type { NotifySettings } from './settings.ts'

/**
 * Two statements for any number of notices, none when nobody is to be told. Without the transaction's commit
 * there is neither row nor job.
 */
export function createAnnounce(jobs: Pick<Jobs, 'queueNotifications'>, settings: NotifySettings): Announce {
  return async (tx, notices) => {
    const rows = messagesOf(notices, settings).map(({ notice, channel, receiver, data, enrollmentId }) => ({
      id: newId(),
      type: notice.type,
      at: notice.at,
      channel,
      receiver,
      employee_id: notice.employeeId,
      data,
      enrollment_id: enrollmentId,
    }))
    if (rows.length === 0) return
    await tx.execute(sql`
      insert into notifications (id, type, at, channel, receiver, employee_id, data, enrollment_id)
      select * from jsonb_to_recordset(${storableJson(rows)}::jsonb) as r(
        id uuid, type text, at timestamptz, channel text, receiver text, employee_id text, data jsonb, enrollment_id uuid)`)
    await jobs.queueNotifications(
      tx,
      rows.map(({ id, enrollment_id }) => ({ id, urgent: enrollment_id !== null })),
    )
  }
}
