/** Who is told: endpoints by webhook, people by mail. */
export interface NotifySettings {
  /** URLs, any credentials in them included; no two are alike in what `shownUrl` shows. */
  readonly endpoints: readonly string[]
  /** `whsec_...`: each of them signs every webhook. */
  readonly secrets: readonly string[]
  /** Whether endpoints get the one-time links too, because they deliver them. */
  readonly linksToEndpoints: boolean
  readonly mail: MailSettings | undefined
}

export interface MailSettings {
  /** `smtp://` or `smtps://`, with credentials where the server wants them. */
  readonly smtpUrl: string
  /** `muster@example.com`, or `Muster <muster@example.com>`. */
  readonly from: string
  /** Hears of what an administrator has to act on. */
  readonly admin: string | undefined
}

/** Without both, nobody is told of anything. */
export const tellsAnyone = ({ endpoints, mail }: NotifySettings) => endpoints.length > 0 || mail !== undefined

/** What of an endpoint's URL may be stored and shown: its query and user may be its credentials. */
export function shownUrl(url: string): string {
  const { origin, pathname } = new URL(url)
  return origin + pathname
}

/**
 * One plain address: no list, no comment, no line break, nothing that a header could be made of.
 * Narrower than RFC 5321, on purpose.
 */
export const isPlainAddress = (address: string) =>
  address.length <= 254 && /^[^\s@<>()[\]\\,;:"\p{C}]+@[^\s@<>()[\]\\,;:"\p{C}]+$/u.test(address)
