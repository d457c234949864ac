/** Mail by SMTP. */
import { createTransport } from 'nodemailer'
import { failed, givenUp, type Sending, sent } from './sending.ts'
import { isPlainAddress, type MailSettings } from './settings.ts'

export interface Mail {
  /** The same for every try, as the `Message-ID`. */
  readonly id: string
  /** One address. */
  readonly to: string
  readonly subject: string
  readonly text: string
  readonly html: string
}

/** One try. Never throws; nothing that the server said is in an error. */
export type SendMail = (mail: Mail) => Promise<Sending>

const timeoutMs = 10_000

export function openMail({ smtpUrl, from }: Pick<MailSettings, 'smtpUrl' | 'from'>): SendMail {
  const { protocol, hostname, port, username, password } = new URL(smtpUrl)
  const secure = protocol === 'smtps:'
  const host = hostname.replace(/^\[|\]$/g, '')
  const isLocal = host === 'localhost' || host === '::1' || host.startsWith('127.')
  const transport = createTransport({
    host,
    port: port ? Number(port) : secure ? 465 : 587,
    secure,
    // Neither a password nor a message goes over the network in the clear because somebody left STARTTLS out.
    requireTLS: !secure && username !== '' && !isLocal,
    ...(username ? { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } } : {}),
    pool: false,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: 2 * timeoutMs,
    dnsTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
    logger: false,
  })
  const sender = addressIn(from)
  const domain = sender.slice(sender.lastIndexOf('@') + 1)
  return async ({ id, to, subject, text, html }) => {
    if (!isPlainAddress(to)) return givenUp('the receiver is not one plain mail address')
    try {
      await transport.sendMail({
        from,
        to: { name: '', address: to },
        envelope: { from: sender, to: [to] },
        subject,
        text,
        html,
        messageId: `<${id}@${domain}>`,
        headers: { 'Auto-Submitted': 'auto-generated' },
      })
      return sent
    } catch (error) {
      return failed(reasonOf(error))
    }
  }
}

/** The address in `Muster <muster@example.com>`. */
const addressIn = (from: string) => /<([^<>]*)>$/.exec(from)?.[1] ?? from

function reasonOf(error: unknown): string {
  const { code, responseCode } = error as { code?: unknown; responseCode?: unknown }
  const said = [code, responseCode].filter((part) => typeof part === 'string' || typeof part === 'number')
  return `the mail server did not take it${said.length > 0 ? ` (${said.join(' ')})` : ''}`
}
