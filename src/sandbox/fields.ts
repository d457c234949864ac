/** Parameters of operations as data, and the one function that reads and checks them. */
import { Refusal } from './refusal.ts'

export interface TextField {
  readonly type: 'text'
  readonly min?: number
  readonly max?: number
  readonly pattern?: RegExp
  /** How AWS words the pattern for names; without it the message shows the pattern. */
  readonly alphabet?: string
  readonly oneOf?: readonly string[]
  /** Never repeated in a message, the call log or an event. */
  readonly secret?: true
}
export interface IntegerField {
  readonly type: 'integer'
  readonly min?: number
  readonly max?: number
}
export interface FlagField {
  readonly type: 'flag'
}
export interface TextListField {
  readonly type: 'textList'
  readonly of: TextField
  readonly max?: number
}
export interface TagsField {
  readonly type: 'tags'
}
/** A structure the operation itself looks into (CloudTrail's selectors, for one). */
export interface StructureField {
  readonly type: 'structure'
  /** As a text's. */
  readonly secret?: true
}
export type Field = (TextField | IntegerField | FlagField | TextListField | TagsField | StructureField) & {
  readonly required?: true
}
export type Schema = Readonly<Record<string, Field>>

export interface Tag {
  readonly Key: string
  readonly Value: string
}

type ValueOf<F> = F extends { type: 'text'; oneOf: readonly (infer Choice)[] }
  ? Choice
  : F extends { type: 'text' }
    ? string
    : F extends { type: 'integer' }
      ? number
      : F extends { type: 'flag' }
        ? boolean
        : F extends { type: 'textList' }
          ? readonly string[]
          : F extends { type: 'tags' }
            ? readonly Tag[]
            : unknown
/** What a handler gets for its schema. */
export type ParametersOf<S extends Schema> = {
  readonly [K in keyof S as S[K] extends { required: true } ? K : never]: ValueOf<S[K]>
} & { readonly [K in keyof S as S[K] extends { required: true } ? never : K]: ValueOf<S[K]> | undefined }

export function required<F extends Field>(field: F): F & { readonly required: true } {
  return { ...field, required: true }
}

/**
 * Turns what came over the wire (texts) or from a caller in this process (typed values) into a handler's
 * parameters. Unknown parameters are ignored, as AWS does.
 *
 * @throws Refusal `ValidationError` that names every fault at once
 */
export function readParameters(
  schema: Schema,
  raw: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const parameters: Record<string, unknown> = {}
  let faults: string[] | undefined
  for (const name in schema) {
    const field = schema[name] as Field
    const value = raw[name]
    if (value === undefined || value === null) {
      if (field.required) faults = [...(faults ?? []), mustNotBeNull(at(name))]
      continue
    }
    const fault = readInto(parameters, name, field, value)
    if (fault) faults = [...(faults ?? []), fault]
  }
  if (faults) {
    const [only] = faults
    if (faults.length === 1 && only?.startsWith('The specified value')) {
      throw new Refusal('ValidationError', only)
    }
    const count = `${faults.length} validation error${faults.length > 1 ? 's' : ''} detected: `
    throw new Refusal('ValidationError', count + faults.join('; '))
  }
  return parameters
}

function readInto(into: Record<string, unknown>, name: string, field: Field, raw: unknown) {
  switch (field.type) {
    case 'text': {
      const text = String(raw)
      into[name] = text
      return textFault(field, text, at(name))
    }
    case 'integer': {
      const number =
        typeof raw === 'number' ? raw : /^-?\d{1,15}$/.test(String(raw)) ? Number(raw) : Number.NaN
      into[name] = number
      return integerFault(field, number, String(raw), at(name))
    }
    case 'flag':
      into[name] = raw === true || raw === 'true'
      return /^(true|false)$/.test(String(raw))
        ? undefined
        : constraint(String(raw), at(name), 'Member must be a boolean')
    case 'textList': {
      const list = asList(raw).map(String)
      into[name] = list
      if (field.max !== undefined && list.length > field.max) return tooLong(`[${list}]`, at(name), field.max)
      return list
        .map((text, index) => textFault(field.of, text, `${at(name)}.${index + 1}.member`))
        .find(Boolean)
    }
    case 'tags': {
      const tags = asList(raw).map((tag) => ({ Key: part(tag, 'Key'), Value: part(tag, 'Value') }))
      into[name] = tags
      return tagsFault(tags, at(name))
    }
    case 'structure':
      into[name] = raw
      return undefined
  }
}

function textFault(field: TextField, text: string, where: string): string | undefined {
  const shown = field.secret ? '***' : text
  if (field.oneOf && !field.oneOf.includes(text)) {
    return constraint(shown, where, `Member must satisfy enum value set: [${field.oneOf.join(', ')}]`)
  }
  if (field.min !== undefined && text.length < field.min) return tooShort(shown, where, field.min)
  if (field.max !== undefined && text.length > field.max) return tooLong(shown, where, field.max)
  if (field.pattern && !field.pattern.test(text)) {
    return field.alphabet
      ? `The specified value for ${where} is invalid. It must contain only ${field.alphabet}`
      : constraint(
          shown,
          where,
          `Member must satisfy regular expression pattern: ${patternText(field.pattern)}`,
        )
  }
  return undefined
}

function integerFault(field: IntegerField, number: number, shown: string, where: string): string | undefined {
  if (Number.isNaN(number)) return constraint(shown, where, 'Member must be an integer')
  if (field.min !== undefined && number < field.min) {
    return constraint(shown, where, `Member must have value greater than or equal to ${field.min}`)
  }
  if (field.max !== undefined && number > field.max) {
    return constraint(shown, where, `Member must have value less than or equal to ${field.max}`)
  }
  return undefined
}

// https://docs.aws.amazon.com/IAM/latest/APIReference/API_Tag.html
const tagKey: TextField = { type: 'text', min: 1, max: 128, pattern: /^[\p{L}\p{Z}\p{N}_.:/=+\-@]+$/u }
const tagValue: TextField = { type: 'text', min: 0, max: 256, pattern: /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u }

function tagsFault(tags: readonly Tag[], where: string): string | undefined {
  if (tags.length > 50) return tooLong('[tags]', where, 50)
  for (const [index, { Key: key, Value: value }] of tags.entries()) {
    const member = `${where}.${index + 1}.member`
    const fault = textFault(tagKey, key, `${member}.key`) ?? textFault(tagValue, value, `${member}.value`)
    if (fault) return fault
  }
  return undefined
}

const asList = (raw: unknown): readonly unknown[] => (Array.isArray(raw) ? raw : raw === '' ? [] : [raw])
const part = (tag: unknown, name: 'Key' | 'Value') => String((tag as Partial<Tag> | null)?.[name] ?? '')
const at = (name: string) => name.charAt(0).toLowerCase() + name.slice(1)
const patternText = (pattern: RegExp) => pattern.source.replace(/^\^|\$$/g, '').replaceAll('\\/', '/')
const constraint = (value: string, where: string, rule: string) =>
  `Value '${value}' at '${where}' failed to satisfy constraint: ${rule}`
const mustNotBeNull = (where: string) =>
  `Value null at '${where}' failed to satisfy constraint: Member must not be null`
const tooLong = (value: string, where: string, max: number) =>
  constraint(value, where, `Member must have length less than or equal to ${max}`)
const tooShort = (value: string, where: string, min: number) =>
  constraint(value, where, `Member must have length greater than or equal to ${min}`)
