/** Texts of others on their way into `jsonb`, which takes neither NUL nor half a surrogate pair. */

/** As `JSON.stringify`, with what cannot be stored replaced: no such character fails the change that it is part of. */
export const storableJson = (value: unknown): string => JSON.stringify(value, storable)

function storable(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? value.toWellFormed().replaceAll('\0', '\uFFFD') : value
}
