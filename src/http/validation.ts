/** Requests are checked against their TypeBox schemas, and every fault is told, not only the first. */
import type { FastifySchemaCompiler, FastifySchemaValidationError } from 'fastify'
import type { TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import Format from 'typebox/format'
import { Settings } from 'typebox/system'
import { Value } from 'typebox/value'
import { oneSpelling } from '../intake/fields.ts'
import { type Fault, Problem } from '../problem.ts'

/** TypeBox stops at eight by default. The limit bounds the answer to a hostile request. */
Settings.Set({ maxErrors: 100 })

/**
 * Fastify's hook for compiling schemas. Bodies are taken as they are (`5` is no text, `null` is no
 * empty one); query parameters are text on the wire, so numbers and booleans are read from it.
 */
export const validatorCompiler: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const validator = Compile(schema)
  const read = httpPart === 'querystring' ? readQuery(schema) : (value: unknown) => value
  const spell = spellKeys(schema)
  // biome-ignore lint/suspicious/noExplicitAny: what a validator returns is typed so by Fastify
  return (value: unknown): any => {
    const input = read(value)
    if (validator.Check(input)) return { value: spell(input) }
    const errors = validator.Errors(input) as FastifySchemaValidationError[]
    return {
      error: errors.map((error) => ({ ...error, message: wordsOfCheck(error, input) ?? error.message })),
    }
  }
}

/**
 * Handlers see the keys of people in the one spelling that is kept, wherever in a request they stand: in the
 * path, the query or the body. Told by the format of the field.
 */
function spellKeys(schema: TSchema) {
  const properties = (schema as { properties?: Record<string, { format?: string }> }).properties ?? {}
  const keys = Object.keys(properties).filter((name) => properties[name]?.format === 'employee-id')
  return (value: unknown): unknown => {
    if (keys.length === 0) return value
    const spelt: Record<string, unknown> = { ...(value as Record<string, unknown>) }
    for (const name of keys) {
      const key = spelt[name]
      if (typeof key === 'string') spelt[name] = oneSpelling(key)
    }
    return spelt
  }
}

/** Says what is wrong with a value, in words that complete "<field> ..."; nothing when it is fine. */
export type Check = (value: unknown) => string | undefined

const checks = new Map<string, Check>()

/** Makes a check usable as `format` in schemas, with its own words in the faults. */
export function defineFormat(name: string, check: Check): void {
  checks.set(name, check)
  Format.Set(name, (value) => check(value) === undefined)
}

function wordsOfCheck({ keyword, instancePath, params }: FastifySchemaValidationError, input: unknown) {
  if (keyword !== 'format') return undefined
  return checks.get(String(params.format))?.(Value.Pointer.Get(input, instancePath))
}

function readQuery(schema: TSchema) {
  const properties = (schema as { properties?: Record<string, { type?: string }> }).properties ?? {}
  const readers = Object.entries(properties).flatMap(([name, { type }]) => {
    const reader = type === undefined ? undefined : queryReaders[type]
    return reader ? [[name, reader] as const] : []
  })
  return (value: unknown): unknown => {
    const query: Record<string, unknown> = { ...(value as Record<string, unknown>) }
    for (const [name, reader] of readers) {
      const text = query[name]
      if (typeof text === 'string') query[name] = reader(text)
    }
    return query
  }
}

/** What cannot be read stays text, and is refused as such. */
const queryReaders: Readonly<Record<string, (text: string) => unknown>> = {
  integer: (text) => (/^-?\d{1,15}$/.test(text) ? Number(text) : text),
  boolean: (text) => (text === 'true' ? true : text === 'false' ? false : text),
}

/** Turns Fastify's validation error into the one that clients see. */
export function validationProblem(errors: readonly FastifySchemaValidationError[], part: string): Problem {
  const faults = faultsOf(errors, part)
  const count = faults.length === 1 ? 'one fault' : `${faults.length} faults`
  return new Problem(400, 'invalid-request', `The request has ${count}; see "faults".`, { faults })
}

function faultsOf(errors: readonly FastifySchemaValidationError[], part: string): Fault[] {
  const unions = errors.filter(({ keyword }) => keyword === 'anyOf').map(({ schemaPath }) => schemaPath)
  const faults = errors
    // The branches of a union and the sum of the unknown fields are told by other errors of the same list.
    .filter(({ keyword }) => keyword !== 'additionalProperties')
    .filter(({ schemaPath }) => !unions.some((union) => schemaPath.startsWith(`${union}/anyOf/`)))
    .flatMap((error) => toFaults(error, part))
  return [...new Map(faults.map((fault) => [`${fault.at} ${fault.message}`, fault])).values()]
}

function toFaults(error: FastifySchemaValidationError, part: string): Fault[] {
  const { keyword, instancePath, params } = error
  if (keyword === 'required') {
    return (params.requiredProperties as string[]).map((name) => ({
      at: place(part, `${instancePath}/${escapePointer(name)}`),
      message: 'is missing',
    }))
  }
  const message =
    (checks.has(String(params.format)) ? error.message : messages[keyword]?.(params)) ??
    error.message ??
    'is not valid'
  return [{ at: place(part, instancePath), message }]
}

type Params = Readonly<Record<string, unknown>>

/** Words for JSON Schema's keywords: what would be right. */
const messages: Readonly<Record<string, (params: Params) => string>> = {
  boolean: () => 'is not known here: remove it, or correct its name',
  type: ({ type }) => `must be ${[type].flat().map(typeWord).join(' or ')}`,
  minLength: ({ limit }) => (limit === 1 ? 'must not be empty' : `must be at least ${limit} characters long`),
  maxLength: ({ limit }) => `must be at most ${limit} characters long`,
  minimum: ({ limit, comparison }) => `must be ${comparison === '>' ? 'above' : 'at least'} ${limit}`,
  maximum: ({ limit, comparison }) => `must be ${comparison === '<' ? 'below' : 'at most'} ${limit}`,
  enum: ({ allowedValues }) => `must be one of ${(allowedValues as unknown[]).join(', ')}`,
  const: ({ allowedValue }) => `must be ${JSON.stringify(allowedValue)}`,
  pattern: ({ pattern }) => patternWords.get(String(pattern)) ?? `must match the pattern ${pattern}`,
  format: ({ format }) => `must be of the format ${format}`,
  minProperties: () => 'must have at least one field',
  anyOf: () => 'has none of the forms that are allowed here',
}

const typeWord = (type: unknown) => typeWords[String(type)] ?? String(type)
const typeWords: Readonly<Record<string, string>> = {
  string: 'a text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  object: 'a JSON object',
  array: 'a list',
  null: 'null',
}

const patternWords = new Map<string, string>()

/** A pattern with the words that say what it asks for. */
export function worded(pattern: string, words: string): string {
  patternWords.set(pattern, words)
  return pattern
}

/** Where in the request: a JSON pointer into the body, `?limit`, `{employeeId}`. */
function place(part: string, pointer: string): string {
  const name = pointer.slice(1)
  if (part === 'querystring') return `?${name}`
  if (part === 'params') return `{${name}}`
  return pointer || '/'
}

const escapePointer = (name: string) => name.replaceAll('~', '~0').replaceAll('/', '~1')
