/** The buckets' memory across restarts: one line of JSON for each change, added as it happens. */
import { appendFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { type BucketChange, createBuckets } from './buckets.ts'

export interface Journal {
  /** There was none. */
  readonly isNew: boolean
  /** What was written before this process, without what it was in vain. */
  readonly past: readonly BucketChange[]
  /** On disk when it returns. */
  append(change: BucketChange): void
}

export function openJournal(path: string): Journal {
  const found = changesIn(path)
  const past = withoutVain(found ?? [])
  const text = past.map(lineOf).join('')
  const temporary = `${path}.${process.pid}.tmp`
  writeFileSync(temporary, text, { mode: 0o600 })
  renameSync(temporary, path)
  return { isNew: found === undefined, past, append: (change) => appendFileSync(path, lineOf(change)) }
}

function changesIn(path: string): BucketChange[] | undefined {
  try {
    return readFileSync(path, 'utf8').split('\n').flatMap(changeOf)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** What was deleted or written over takes no place. */
function withoutVain(changes: readonly BucketChange[]): BucketChange[] {
  return createBuckets(changes)
    .all()
    .flatMap(({ name: bucket, region, createdAt: at, objects }) => [
      { kind: 'create', bucket, region, at } as const,
      ...[...objects.values()].map((object) => ({ kind: 'put', bucket, object }) as const),
    ])
}

const lineOf = (change: BucketChange) =>
  `${JSON.stringify(
    change.kind === 'put'
      ? { ...change, object: { ...change.object, body: Buffer.from(change.object.body).toString('base64') } }
      : change,
  )}\n`

/** A line that was cut short by a kill was never answered for. */
function changeOf(line: string): BucketChange[] {
  try {
    return [revived(JSON.parse(line))]
  } catch {
    return []
  }
}

/** JSON has no moments and no bytes. */
function revived(change: BucketChange): BucketChange {
  if (change.kind === 'create') return { ...change, at: new Date(change.at) }
  if (change.kind !== 'put') return change
  const { object } = change
  const body = Buffer.from(String(object.body), 'base64')
  return { ...change, object: { ...object, body, lastModified: new Date(object.lastModified) } }
}
