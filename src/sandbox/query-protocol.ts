/**
 * The AWS Query protocol: a form in, XML out.
 * https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
 */
import type { Output } from './operation.ts'

/**
 * Reads a form. `Tags.member.1.Key=team` becomes `{ Tags: [{ Key: 'team' }] }`; every leaf is a text. Members
 * stand in the order of their numbers.
 */
export function parseForm(body: string): Record<string, unknown> {
  // Names come from outside: in a map, and made an object at the end, none of them reaches a prototype.
  const form: Level = new Map()
  for (const pair of body.split('&')) {
    if (pair === '') continue
    const equals = pair.indexOf('=')
    const name = decode(equals < 0 ? pair : pair.slice(0, equals))
    const value = equals < 0 ? '' : decode(pair.slice(equals + 1))
    if (name.includes('.')) place(form, name.split('.'), value)
    else form.set(name, value)
  }
  return structured(form)
}

export function xmlOf(service: string, action: string, output: Output, requestId: string): string {
  const result = elements(output)
  return `<${action}Response xmlns="${namespaces[service] ?? ''}"><${action}Result>${result}</${action}Result><ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata></${action}Response>`
}

export function xmlOfError(
  service: string,
  code: string,
  message: string,
  status: number,
  requestId: string,
) {
  const type = status >= 500 ? 'Receiver' : 'Sender'
  return `<ErrorResponse xmlns="${namespaces[service] ?? ''}"><Error><Type>${type}</Type><Code>${code}</Code><Message>${escaped(message)}</Message></Error><RequestId>${requestId}</RequestId></ErrorResponse>`
}

const namespaces: Readonly<Record<string, string>> = {
  iam: 'https://iam.amazonaws.com/doc/2010-05-08/',
  sts: 'https://sts.amazonaws.com/doc/2011-06-15/',
}

function decode(text: string): string {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text
  if (!spaced.includes('%')) return spaced
  try {
    return decodeURIComponent(spaced)
  } catch {
    return spaced
  }
}

type Level = Map<string, unknown>

function place(form: Level, names: readonly string[], value: string): void {
  let level = form
  for (const name of names.slice(0, -1)) {
    const next = level.get(name)
    const deeper: Level = next instanceof Map ? next : new Map()
    if (deeper !== next) level.set(name, deeper)
    level = deeper
  }
  level.set(names.at(-1) ?? '', value)
}

const structured = (level: Level) =>
  Object.fromEntries(
    Array.from(level, ([name, value]) => [name, value instanceof Map ? listed(value) : value]),
  )

function listed(level: Level): unknown {
  const members = level.get('member')
  if (!(members instanceof Map)) return structured(level)
  const numbered = [...(members as Level)].sort(([a], [b]) => Number(a) - Number(b))
  return numbered.map(([, member]) => (member instanceof Map ? listed(member) : member))
}

function elements(structure: object): string {
  let xml = ''
  for (const name in structure) {
    const value = (structure as Record<string, unknown>)[name]
    if (value !== undefined) xml += `<${name}>${content(value)}</${name}>`
  }
  return xml
}

function content(value: unknown): string {
  if (typeof value === 'string') return escaped(value)
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (Array.isArray(value)) return value.map((member) => `<member>${content(member)}</member>`).join('')
  if (value instanceof Map) {
    return [...value].map(([k, v]) => `<entry><key>${k}</key><value>${content(v)}</value></entry>`).join('')
  }
  return elements(value as object)
}

const special = /[&<>"\r]/
const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#xD;',
}
/** A text as XML has it. */
export const escaped = (text: string) =>
  special.test(text) ? text.replace(/[&<>"\r]/g, (character) => entities[character] ?? '') : text
