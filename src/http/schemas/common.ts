/** Pieces that the schemas of several resources share. */
import Type, { type Static, type TSchema, type TSchemaOptions } from 'typebox'

/** A reference to a schema that `app.ts` has registered under its `$id`. */
export function ref<Schema extends TSchema>(schema: Schema) {
  const { $id } = schema as { $id?: string }
  if (!$id) throw new Error('only a schema with an $id can be referred to')
  return Type.Unsafe<Static<Schema>>({ $ref: `${$id}#` })
}

export const nullableText = (options: TSchemaOptions = {}) =>
  Type.Unsafe<string | null>({ type: ['string', 'null'], ...options })

/** A moment as the API writes it: UTC with milliseconds. */
export const moment = (description?: string) =>
  Type.Unsafe<string>({ type: 'string', format: 'date-time', ...(description ? { description } : {}) })

export const nullableMoment = (description?: string) =>
  Type.Unsafe<string | null>({
    type: ['string', 'null'],
    format: 'date-time',
    ...(description ? { description } : {}),
  })

/** A moment as a client gives it: a date, or a date-time with offset. */
export const momentQuery = (description: string) =>
  Type.Optional(Type.Unsafe<string>({ type: 'string', maxLength: 64, format: 'moment', description }))

/** Text that a database can be asked for. */
export const plainText = (maxLength: number, description?: string) =>
  Type.Unsafe<string>({
    type: 'string',
    maxLength,
    format: 'plain-text',
    ...(description ? { description } : {}),
  })

export const oneOf = <const Value extends string>(values: readonly Value[], description?: string) =>
  Type.Unsafe<Value>({ type: 'string', enum: [...values], ...(description ? { description } : {}) })

/** Plain data of an open form. */
export const anyObject = (description?: string) =>
  Type.Unsafe<Readonly<Record<string, unknown>>>({
    type: 'object',
    additionalProperties: true,
    ...(description ? { description } : {}),
  })

export const pageQuery = {
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 200, default: 50, description: 'Items on one page.' }),
  ),
  cursor: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 1024,
      description: 'The `nextCursor` of the page before; left out for the first page.',
    }),
  ),
}

/** As `pageQuery` documents it; the validator fills nothing in. */
export const defaultLimit = 50

const pageOfSchema = <Item extends TSchema>(item: Item) =>
  Type.Object({
    items: Type.Array(item),
    nextCursor: nullableText({ description: 'Where the next page begins; null on the last one.' }),
  })

export const uuid = (description: string) => Type.String({ format: 'uuid', description })

export const idParams = (description: string) => Type.Object({ id: uuid(description) })

/** A JSON answer, with what it means. */
export const answer = <Schema extends TSchema>(description: string, schema: Schema) => ({
  description,
  content: { 'application/json': { schema } },
})

export const pageAnswer = <Item extends TSchema>(item: Item) => answer('One page.', pageOfSchema(item))
