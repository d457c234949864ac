/** What the value of a setting may be, and the words that say so where it is not. */
import { isAbsolute } from 'node:path'
import { ConfigError } from './config-error.ts'
import { isPlainAddress, shownUrl } from './notify/settings.ts'

/** In the place of a fallback: the start is stopped without the setting. */
export const required = Symbol('required')

export type Environment = Readonly<Record<string, string | undefined>>

export type Read = ReturnType<typeof reader>

/** Gives the value, or throws a string that says what would be right. */
type Parser<T> = (value: string) => T

/** Reads settings of `env`, the fallback where one is not set; throws a `ConfigError` that says what is right. */
export function reader(env: Environment) {
  return function read<T, D>(name: string, parse: Parser<T>, fallback: D): T | Exclude<D, typeof required> {
    const value = env[name]?.trim()
    if (value === undefined || value === '') {
      if (fallback === required) throw new ConfigError(`${name} is missing: set it to ${wanted(parse)}`)
      return fallback as Exclude<D, typeof required>
    }
    const parsed = attempt(parse, value)
    if (parsed === undefined) throw new ConfigError(`${name} is malformed: it must be ${wanted(parse)}`)
    return parsed
  }
}

function attempt<T>(parse: Parser<T>, value: string): T | undefined {
  try {
    return parse(value)
  } catch {
    return undefined
  }
}

const descriptions = new WeakMap<Parser<unknown>, string>()
const wanted = (parse: Parser<unknown>) => descriptions.get(parse) ?? 'a valid value'

/** A parser with the words that complete "it must be ...". `undefined` from `parse` means malformed. */
function setting<T>(description: string, parse: (value: string) => T | undefined): Parser<T> {
  const parser: Parser<T> = (value) => {
    const parsed = parse(value)
    if (parsed === undefined) throw new Error(description)
    return parsed
  }
  descriptions.set(parser, description)
  return parser
}

export const text = setting('a non-empty text', (value) => value)

export const oneOf = <const T extends string>(...values: T[]) =>
  setting(`one of ${values.join(', ')}`, (value) => values.find((candidate) => candidate === value))

export const integer = (min: number, max: number) =>
  setting(`a whole number from ${min} to ${max}`, (value) => {
    const number = Number(value)
    return /^\d+$/.test(value) && number >= min && number <= max ? number : undefined
  })

export const positiveNumber = setting('a number above 0', (value) => {
  const number = Number(value)
  return Number.isFinite(number) && number > 0 ? number : undefined
})

export const longToken = setting('a token of 32 characters or more, without white space', (value) =>
  value.length >= 32 && !/\s/.test(value) ? value : undefined,
)

export const eventsKeys = setting(
  'a key of 32 characters or more, without white space (several, comma-separated, while rotating)',
  (value) => {
    const keys = value.split(',').map((key) => key.trim())
    return keys.every((key) => key.length >= 32 && !/\s/.test(key)) ? keys : undefined
  },
)

export const secretKeys = setting('32 bytes or more (several, comma-separated, while rotating)', (value) => {
  const keys = value.split(',').map((key) => key.trim())
  return keys.every((key) => Buffer.byteLength(key) >= 32) ? keys : undefined
})

export const webhookSecrets = setting(
  'whsec_ followed by base64 of 24 to 64 bytes (several, comma-separated, while rotating)',
  (value) => {
    const secrets = value.split(',').map((secret) => secret.trim())
    return secrets.every(isWebhookSecret) ? secrets : undefined
  },
)

function isWebhookSecret(secret: string): boolean {
  const encoded = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret)?.[1]
  if (!encoded) return false
  const bytes = Buffer.from(encoded, 'base64').length
  return bytes >= 24 && bytes <= 64
}

export const webUrl = setting('an http:// or https:// URL', (value) =>
  /^https?:$/.test(new URL(value).protocol) ? value.replace(/\/+$/, '') : undefined,
)

const isEndpoint = (value: string) => {
  const url = new URL(value)
  demandReadableLogin(url)
  return /^https?:$/.test(url.protocol)
}

/** `URL` takes a bare % in user and password, and whoever logs in with them could not read it. @throws URIError */
function demandReadableLogin({ username, password }: URL): void {
  decodeURIComponent(username)
  decodeURIComponent(password)
}

export const endpointUrls = setting(
  'http:// or https:// URLs, comma-separated, that differ before their query (a % in user or password is %25)',
  (value) => {
    const urls = value.split(',').map((url) => url.trim())
    return urls.every(isEndpoint) && new Set(urls.map(shownUrl)).size === urls.length ? urls : undefined
  },
)

export const mailServer = setting('an smtp:// or smtps:// URL (a % in user or password is %25)', (value) => {
  const url = new URL(value)
  demandReadableLogin(url)
  return /^smtps?:$/.test(url.protocol) && url.hostname !== '' ? value : undefined
})

export const address = setting('one mail address', (value) => (isPlainAddress(value) ? value : undefined))

export const sender = setting('a mail address, or a name with the address in angle brackets', (value) => {
  const [, name, named] = /^([^<>@,;:\p{C}]*)<([^<>]*)>$/u.exec(value) ?? [value, '', value]
  return name !== undefined && named !== undefined && isPlainAddress(named) ? value : undefined
})

export const passwordKinds = setting('some of upper, lower, digit, symbol, comma-separated', (value) => {
  const kinds = value.split(',').map((kind) => kind.trim())
  return kinds.every((kind) => ['upper', 'lower', 'digit', 'symbol'].includes(kind)) ? kinds : undefined
})

export const region = setting('an AWS Region, like us-east-1', (value) =>
  /^[a-z]{2,}(-[a-z]+)+-\d+$/.test(value) ? value : undefined,
)

export const postgresUrl = setting('a postgres:// URL', (value) =>
  /^postgres(ql)?:$/.test(new URL(value).protocol) ? value : undefined,
)

export const iamPath = setting('an IAM path that begins and ends with a slash, like /muster/', (value) =>
  isAbsolute(value) && /^\/([\w+=,.@-]+\/)+$/.test(value) && value.length <= 200 ? value : undefined,
)

export const userNameTemplate = setting(
  'a template of {given}, {family}, {g}, {f}, {employeeId}, {mailbox} and characters of [A-Za-z0-9_+=,.@-], with at least one placeholder',
  (value) => {
    const rest = value.replace(/\{(given|family|g|f|employeeId|mailbox)\}/g, '')
    return rest !== value && /^[\w+=,.@-]*$/.test(rest) ? value : undefined
  },
)
