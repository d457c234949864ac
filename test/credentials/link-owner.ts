/** The owner of a one-time link, as a browser without script: opens pages, reads what they show, sends forms. */
import assert from 'node:assert/strict'
import { codeOfStep, fromBase32, stepAt } from '../../src/sandbox/index.ts'
import type { RunningService } from '../harness/service.ts'

export interface PageSeen {
  readonly status: number
  readonly text: string
  /** The base32 key that the page shows, if it does. */
  readonly seed: string | undefined
  /** The device that its form is for. */
  readonly device: string
  readonly ticket: string | undefined
  readonly password: string | undefined
  readonly key: { readonly id: string; readonly secret: string } | undefined
}

export interface Owner {
  readonly path: string
  open(): Promise<PageSeen>
  start(): Promise<PageSeen>
  send(codes: Codes, device?: string): Promise<PageSeen>
  resync(codes: Codes, ticket: string | undefined): Promise<PageSeen>
  /** The two codes that the app with this key shows, now and next. */
  codes(seed: string | undefined, stepsAway?: number): Codes
}

export type Codes = readonly [string, string]

export function ownerOf(
  { service, clock }: { readonly service: RunningService['service']; readonly clock: () => Date },
  link: string,
): Owner {
  const path = new URL(link).pathname
  const post = async (action: string, fields: Readonly<Record<string, string>>) =>
    seen(
      await service.app.inject({
        method: 'POST',
        url: `${path}/${action}`,
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        payload: new URLSearchParams(fields).toString(),
      }),
    )
  return {
    path,
    open: async () => seen(await service.app.inject({ method: 'GET', url: path })),
    start: () => post('start', {}),
    send: ([code1, code2], device = '') => post('codes', { code1, code2, device }),
    resync: ([code1, code2], ticket = '') => post('resync', { code1, code2, ticket }),
    codes(seed, stepsAway = 0) {
      const key = fromBase32(seed ?? assert.fail('no key was shown'))
      const step = stepAt(clock()) + stepsAway
      return [codeOfStep(key, step), codeOfStep(key, step + 1)]
    },
  }
}

interface Answer {
  readonly statusCode: number
  readonly body: string
  readonly headers: Readonly<Record<string, unknown>>
}

function seen({ statusCode, body, headers }: Answer): PageSeen {
  assert.equal(headers['cache-control'], 'no-store')
  assert.match(String(headers['content-security-policy']), /^default-src 'none'/)
  assert.equal(headers['referrer-policy'], 'no-referrer')
  assert.doesNotMatch(body, /<script/)
  const secrets = [...body.matchAll(/<span class="secret">([^<]*)<\/span>/g)].map(([, text = '']) =>
    plain(text),
  )
  const isKeyPage = body.includes('Secret access key')
  const [id, secret] = secrets
  return {
    status: statusCode,
    text: plain(body.replace(/<[^>]*>/g, ' ')).replace(/\s+/g, ' '),
    seed: body.includes('data:image/png') ? secrets[0]?.replaceAll(' ', '') : undefined,
    device: plain(/name="device" value="([^"]*)"/.exec(body)?.[1] ?? ''),
    ticket: /name="ticket" value="([^"]*)"/.exec(body)?.[1],
    password: /<dt>Password<\/dt>/.test(body) ? secrets[0] : undefined,
    key: isKeyPage && id && secret ? { id, secret } : undefined,
  }
}

/** Of the entities that pages are made with. */
function plain(text: string): string {
  return text.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code))).replaceAll('&amp;', '&')
}
