/** Buckets and what lies in them. S3 is strongly consistent, so there is one truth, and no lagging copy. */
import { createHash } from 'node:crypto'

export interface StoredObject {
  readonly key: string
  readonly body: Uint8Array
  /** User metadata: `x-amz-meta-` and these names, in lower case. */
  readonly metadata: Readonly<Record<string, string>>
  readonly contentType: string
  readonly etag: string
  /** As whoever put it has sent it: CRC-32, base64. */
  readonly crc32?: string | undefined
  readonly lastModified: Date
}

export interface Bucket {
  readonly name: string
  readonly region: string
  readonly createdAt: Date
  readonly objects: ReadonlyMap<string, StoredObject>
}

/** What is put; the rest follows from it. */
export interface NewObject {
  readonly key: string
  readonly body: Uint8Array
  readonly metadata?: Readonly<Record<string, string>>
  readonly contentType?: string
  readonly crc32?: string | undefined
  readonly at: Date
}

export interface Buckets {
  get(name: string): Bucket | undefined
  /** In the order of their names. */
  all(): readonly Bucket[]
  create(name: string, region: string, at: Date): void
  /** With everything in it. */
  delete(name: string): void
  /** @throws Error when there is no such bucket */
  put(bucket: string, object: NewObject): StoredObject
  remove(bucket: string, key: string): void
  /** The keys of a bucket in S3's order. */
  keysOf(bucket: string): readonly string[]
}

interface OpenBucket extends Bucket {
  readonly objects: Map<string, StoredObject>
  /** Sorted when they are first asked for after a change. */
  keys?: readonly string[] | undefined
}

export function createBuckets(): Buckets {
  const buckets = new Map<string, OpenBucket>()
  return {
    get: (name) => buckets.get(name),
    all: () => [...buckets.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    create(name, region, createdAt) {
      buckets.set(name, { name, region, createdAt, objects: new Map() })
    },
    delete(name) {
      buckets.delete(name)
    },
    put(name, { at, ...object }) {
      const { key, body, metadata = {}, contentType = 'binary/octet-stream', crc32 } = object
      const bucket = buckets.get(name)
      if (!bucket) throw new Error(`there is no bucket ${name}`)
      const etag = `"${createHash('md5').update(body).digest('hex')}"`
      const stored = { key, body, metadata, contentType, etag, crc32, lastModified: at }
      if (!bucket.objects.has(key)) bucket.keys = undefined
      bucket.objects.set(key, stored)
      return stored
    },
    remove(name, key) {
      const bucket = buckets.get(name)
      if (bucket?.objects.delete(key)) bucket.keys = undefined
    },
    keysOf(name) {
      const bucket = buckets.get(name)
      if (!bucket) return []
      bucket.keys ??= [...bucket.objects.keys()].sort()
      return bucket.keys
    },
  }
}
