/** Outbound webhooks, signed after Standard Webhooks (https://www.standardwebhooks.com). */
import { Webhook } from 'standardwebhooks'
import { failed, givenUp, type Sending, sent } from './sending.ts'

export interface WebhookMessage {
  /** The same for every try: receivers tell repeats by it. */
  readonly id: string
  readonly url: string
  readonly payload: object
}

const timeoutMs = 10_000

/** One try. Never throws; the URL is in no error. */
export async function sendWebhook(
  { id, url, payload }: WebhookMessage,
  secrets: readonly string[],
  now: Date,
): Promise<Sending> {
  const body = JSON.stringify(payload)
  const { address, authorization } = withoutUser(url)
  try {
    const response = await fetch(address, {
      method: 'POST',
      body,
      // Followed, a redirect would take the message, and perhaps a link, to somebody who was not configured.
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
      headers: {
        'content-type': 'application/json',
        'user-agent': 'Muster',
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
        'webhook-signature': secrets.map((secret) => new Webhook(secret).sign(id, now, body)).join(' '),
        ...(authorization ? { authorization } : {}),
      },
    })
    // What it says is of no use to us; left unread, it would hold the connection.
    await response.body?.cancel().catch(() => {})
    return judged(response.status)
  } catch (error) {
    return failed(reasonOf(error))
  }
}

function judged(status: number): Sending {
  if (status >= 200 && status < 300) return sent
  if (status === 410) return givenUp('the endpoint answered 410: it wants no more')
  if (status >= 300 && status < 400) {
    return failed(`the endpoint answered ${status}: redirects are not followed, set its final URL`)
  }
  return failed(`the endpoint answered ${status}`)
}

/** `fetch` refuses URLs with a user in them, and repeats the whole URL in its error. */
function withoutUser(url: string): { address: URL; authorization: string | undefined } {
  const address = new URL(url)
  const user = decodeURIComponent(address.username)
  const password = decodeURIComponent(address.password)
  address.username = ''
  address.password = ''
  const authorization =
    user || password ? `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` : undefined
  return { address, authorization }
}

function reasonOf(error: unknown): string {
  const { name, cause } = error as { name?: string; cause?: { code?: unknown } }
  if (name === 'TimeoutError') return `the endpoint did not answer within ${timeoutMs / 1000} s`
  const code = cause?.code
  return typeof code === 'string'
    ? `the endpoint cannot be reached (${code})`
    : 'the endpoint cannot be reached'
}
