/** Data with texts that others chose, as JSON that `jsonb` takes: it refuses NUL and half of a surrogate pair. */
export function storableJson(data: unknown): string {
  return JSON.stringify(data, (_key, value: unknown) => {
    if (typeof value === 'string') return storableText(value)
    return isObject(value) && Object.keys(value).some((key) => key !== storableText(key))
      ? Object.fromEntries(Object.entries(value).map(([key, of]) => [storableText(key), of]))
      : value
  })
}

/** The same for a column of type `text`. */
export const storableText = (text: string): string => text.toWellFormed().replaceAll('\0', '\uFFFD')

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
