/** Reading notifications, newest first. */
import { and, desc, eq, lt } from 'drizzle-orm'
import type { NoticeType } from '../../notify/announce.ts'
import type { Database } from '../../store/open.ts'
import { type NotificationStatus, notifications } from '../../store/schema.ts'
import { decodeCursor, type Page, pageOf } from '../cursor.ts'
import type { NotificationAnswer } from '../schemas/notification.ts'

export interface NotificationFilter {
  readonly status?: NotificationStatus | undefined
  readonly limit: number
  readonly cursor?: string | undefined
}

const shown = {
  id: notifications.id,
  type: notifications.type,
  at: notifications.at,
  channel: notifications.channel,
  receiver: notifications.receiver,
  employeeId: notifications.employeeId,
  status: notifications.status,
  attempts: notifications.attempts,
  error: notifications.error,
  sentAt: notifications.sentAt,
}

export async function listNotifications(
  db: Database,
  { status, limit, cursor }: NotificationFilter,
): Promise<Page<NotificationAnswer>> {
  const before = decodeCursor('notifications', 'uuid', cursor)
  const rows = await db
    .select(shown)
    .from(notifications)
    .where(
      and(
        before === undefined ? undefined : lt(notifications.id, before),
        status ? eq(notifications.status, status) : undefined,
      ),
    )
    .orderBy(desc(notifications.id))
    .limit(limit + 1)
  return pageOf(
    'notifications',
    rows,
    limit,
    ({ id }) => id,
    (row) => ({
      ...row,
      type: row.type as NoticeType,
      at: row.at.toISOString(),
      sentAt: row.sentAt?.toISOString() ?? null,
    }),
  )
}
