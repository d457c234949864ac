/** Data with texts that others chose, as JSON that `jsonb` takes: it refuses NUL and half of a surrogate pair. */
export function storableJson(data: unknown): string {
  return JSON.stringify(data, (_key, value: unknown) =>
    typeof value === 'string' ? value.toWellFormed().replaceAll('\0', '\uFFFD') : value,
  )
}
