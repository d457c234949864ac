/** From what is announced to one message for each receiver. */
import type { NotificationChannel } from '../store/schema.ts'
import type { Notice, NoticeType } from './announce.ts'
import { type NotifySettings, shownUrl } from './settings.ts'

export interface Message {
  readonly notice: Notice
  readonly channel: NotificationChannel
  /** An endpoint as `shownUrl` shows it, or a mail address. */
  readonly receiver: string
  readonly data: Readonly<Record<string, unknown>>
  /** The enrollment whose link the message brings. */
  readonly enrollmentId: string | null
}

/** Somebody has to look, and do something. */
export const adminNotices: ReadonlySet<NoticeType> = new Set<NoticeType>([
  'enrollment.revoked',
  'enrollment.locked',
  'identity.blocked',
  'identity.conflict',
  'mfa.missing',
  'access_key.disabled',
  'drift.detected',
  'drift.attributed',
  'password.removed',
  'trail_gate.closed',
  'compliance.failed',
  'trail.canary_missing',
  'trail.log_files_tampered',
])

/** In the order of the notices. */
export function messagesOf(notices: readonly Notice[], settings: NotifySettings): Message[] {
  const { endpoints, linksToEndpoints, mail } = settings
  const shown = endpoints.map(shownUrl)
  return notices.flatMap((notice) => {
    const { type, data, link } = notice
    const messages: Message[] = shown.map((receiver) => ({
      notice,
      channel: 'webhook',
      receiver,
      data,
      enrollmentId: linksToEndpoints && link ? link.enrollmentId : null,
    }))
    if (mail && link) {
      const { email, givenName, enrollmentId } = link
      messages.push({ notice, channel: 'mail', receiver: email, data: { ...data, givenName }, enrollmentId })
    }
    if (mail?.admin !== undefined && adminNotices.has(type)) {
      messages.push({ notice, channel: 'mail', receiver: mail.admin, data, enrollmentId: null })
    }
    return messages
  })
}
