/** Sends what was announced: at least once, each message on its own, for about a day. */
import { sql } from 'drizzle-orm'
import type { Logger } from 'pino'
import type { Clock } from '../clock.ts'
import type { JobOutcome, Jobs, NotificationTry } from '../jobs/jobs.ts'
import { rowsOf, type Store } from '../store/open.ts'
import type { EnrollmentPurpose, NotificationChannel, NotificationStatus } from '../store/schema.ts'
import type { NoticeType } from './announce.ts'
import { openMail, type SendMail } from './mail.ts'
import { adminMail, linkMail } from './mail-texts.ts'
import { failed, givenUp, type Sending } from './sending.ts'
import { type NotifySettings, shownUrl } from './settings.ts'
import { sendWebhook } from './webhook.ts'

export interface DeliverContext {
  readonly store: Store
  readonly jobs: Jobs
  readonly settings: NotifySettings
  /** The whole link, token and all: made here, when it is sent, and kept nowhere. */
  readonly linkOf: (enrollmentId: string) => string
  readonly clock: Clock
  readonly log: Logger
}

/** Several, so that an endpoint that answers slowly does not hold up the others. */
const workers = 3
const batchSize = 10

/** Works the queue `notify` until the jobs are stopped. */
export function startDelivery(context: DeliverContext): Promise<void> {
  const { jobs, settings } = context
  const sendMail = settings.mail && openMail(settings.mail)
  return jobs.workNotifications({ workers, batchSize }, (tries) => deliver(context, sendMail, tries))
}

interface StoredMessage {
  readonly id: string
  readonly type: NoticeType
  readonly at: Date
  readonly channel: NotificationChannel
  readonly receiver: string
  readonly employeeId: string | null
  readonly data: Readonly<Record<string, unknown>>
  readonly status: NotificationStatus
  readonly link: Link | undefined
}

interface Link {
  readonly enrollmentId: string
  readonly purpose: EnrollmentPurpose
  readonly expiresAt: Date
  readonly email: string
  readonly isOpen: boolean
}

async function deliver(
  context: DeliverContext,
  sendMail: SendMail | undefined,
  tries: readonly NotificationTry[],
): Promise<JobOutcome[]> {
  const messages = await loadMessages(context, tries)
  const done = await Promise.all(
    tries.flatMap((attempt) => {
      const message = messages.get(attempt.notificationId)
      // Sent by a try whose end was not heard of, or so old that it was deleted.
      if (!message || message.status === 'sent') return []
      return send(context, sendMail, message).then((sending) => ({ attempt, message, sending }))
    }),
  )
  await record(context, done)
  for (const { message, sending } of done) {
    if (sending.result !== 'sent')
      context.log.warn(inLog(message, sending), 'a notification was not delivered')
  }
  const errorOf = new Map(
    done.map(({ attempt, sending }) => [attempt.id, sending.result === 'failed' ? sending.error : undefined]),
  )
  return tries.map(({ id }) => {
    const error = errorOf.get(id)
    return error === undefined ? { id } : { id, error }
  })
}

async function send(
  { settings, linkOf, clock }: DeliverContext,
  sendMail: SendMail | undefined,
  message: StoredMessage,
): Promise<Sending> {
  const { id, type, at, channel, receiver, employeeId, data, link } = message
  if (link && !link.isOpen) return givenUp('the link is over')
  if (channel === 'webhook') {
    const url = settings.endpoints.find((endpoint) => shownUrl(endpoint) === receiver)
    if (url === undefined) return givenUp('the endpoint is no longer in MUSTER_NOTIFY_URLS')
    // The setting may have been taken back since.
    const withLink = link && settings.linksToEndpoints ? { link: linkOf(link.enrollmentId) } : {}
    const payload = { type, timestamp: at.toISOString(), data: { employeeId, ...data, ...withLink } }
    return await sendWebhook({ id, url, payload }, settings.secrets, clock())
  }
  if (!sendMail) return failed('MUSTER_SMTP_URL is not set any more')
  if (!link) return await sendMail({ id, to: receiver, ...adminMail({ type, at, employeeId, data }) })
  if (link.email !== receiver) return givenUp('the link is for another address')
  const { purpose, expiresAt, enrollmentId } = link
  const givenName = typeof data.givenName === 'string' ? data.givenName : ''
  const text = linkMail({ type, purpose, givenName, expiresAt, link: linkOf(enrollmentId) })
  return await sendMail({ id, to: receiver, ...text })
}

async function loadMessages({ store, clock }: DeliverContext, tries: readonly NotificationTry[]) {
  const rows = await rowsOf<Record<string, unknown>>(
    store.db,
    sql`
      select n.*, e.id as link, e.purpose, e.expires_at, e.email, e.status as link_status
      from notifications n left join enrollments e on e.id = n.enrollment_id
      where n.id = any(${sql.param(tries.map(({ notificationId }) => notificationId))}::uuid[])`,
  )
  return new Map(rows.map((row) => [row.id as string, toMessage(row, clock())]))
}

function toMessage(row: Record<string, unknown>, now: Date): StoredMessage {
  const expiresAt = new Date(row.expires_at as string)
  return {
    id: row.id as string,
    type: row.type as NoticeType,
    at: new Date(row.at as string),
    channel: row.channel as NotificationChannel,
    receiver: row.receiver as string,
    employeeId: row.employee_id as string | null,
    data: row.data as Record<string, unknown>,
    status: row.status as NotificationStatus,
    link:
      row.enrollment_id === null
        ? undefined
        : {
            enrollmentId: row.enrollment_id as string,
            purpose: row.purpose as EnrollmentPurpose,
            expiresAt,
            email: row.email as string,
            isOpen: row.link_status === 'open' && expiresAt > now,
          },
  }
}

interface Done {
  readonly attempt: NotificationTry
  readonly message: StoredMessage
  readonly sending: Sending
}

/** Before the jobs are settled: a job that a crash makes come back finds its message sent, and lets it be. */
async function record({ store, clock }: DeliverContext, done: readonly Done[]): Promise<void> {
  if (done.length === 0) return
  const now = clock()
  const rows = done.map(({ attempt, message, sending }) => ({
    id: message.id,
    status: statusAfter(attempt, sending),
    error: sending.result === 'sent' ? null : sending.error,
    sent_at: sending.result === 'sent' ? now : null,
  }))
  await store.db.execute(sql`
    update notifications set
      status = r.status, error = r.error, sent_at = r.sent_at, attempts = notifications.attempts + 1
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r(id uuid, status text, error text, sent_at timestamptz)
    where notifications.id = r.id`)
}

function statusAfter({ isLast }: NotificationTry, { result }: Sending): NotificationStatus {
  if (result === 'sent') return 'sent'
  return result === 'given up' || isLast ? 'failed' : 'waiting'
}

function inLog({ id, type, channel, receiver }: StoredMessage, sending: Sending) {
  return {
    notificationId: id,
    type,
    channel,
    // Nobody's address; and a URL's path may be what opens it.
    ...(channel === 'webhook' ? { endpoint: new URL(receiver).origin } : {}),
    problem: sending.result === 'sent' ? undefined : sending.error,
  }
}
