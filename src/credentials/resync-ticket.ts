/**
 * Permission to set one's new device right after the link is over: a device that was enabled with late codes is
 * active and out of step. It goes into the last page, opens nothing else, and lasts half an hour.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Keyring } from '../keys.ts'

const validMs = 30 * 60_000

export function resyncTicket(keyring: Keyring, linkId: string, serial: string, now: Date): string {
  const claim = Buffer.from(JSON.stringify([linkId, serial, now.getTime() + validMs])).toString('base64url')
  return `${claim}.${macOf(keyring, 0, claim)}`
}

/** The serial of the device that the ticket is for; undefined when it is not ours, for another link, or over. */
export function readTicket(keyring: Keyring, ticket: unknown, linkId: string, now: Date): string | undefined {
  const [claim = '', mac = ''] = typeof ticket === 'string' ? ticket.split('.', 2) : []
  const isOurs = keyring.cookie.some((_, i) => isSame(mac, macOf(keyring, i, claim)))
  if (!isOurs) return undefined
  const [id, serial, until] = JSON.parse(Buffer.from(claim, 'base64url').toString()) as [
    string,
    string,
    number,
  ]
  return id === linkId && now.getTime() < until ? serial : undefined
}

function macOf({ cookie }: Keyring, index: number, claim: string): string {
  const key = cookie[index]?.key ?? cookie[0].key
  return createHmac('sha256', key).update(`resync ${claim}`).digest('base64url')
}

function isSame(a: string, b: string): boolean {
  const [one, other] = [Buffer.from(a), Buffer.from(b)]
  return one.length === other.length && timingSafeEqual(one, other)
}
