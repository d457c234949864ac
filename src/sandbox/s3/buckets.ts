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

/** What happens to buckets, as it can be written down and told again. */
export type BucketChange =
  | { readonly kind: 'create'; readonly bucket: string; readonly region: string; readonly at: Date }
  | { readonly kind: 'delete'; readonly bucket: string }
  | { readonly kind: 'put'; readonly bucket: string; readonly object: StoredObject }
  | { readonly kind: 'remove'; readonly bucket: string; readonly key: string }

/** Buckets after all these changes; `changed` is told of each further one. */
export function createBuckets(
  past: Iterable<BucketChange> = [],
  changed: (change: BucketChange) => void = () => {},
): Buckets {
  const buckets = new Map<string, OpenBucket>()
  for (const change of past) apply(buckets, change)
  const make = (change: BucketChange) => {
    apply(buckets, change)
    changed(change)
  }
  return {
    get: (name) => buckets.get(name),
    all: () => [...buckets.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    create: (bucket, region, at) => make({ kind: 'create', bucket, region, at }),
    delete: (bucket) => make({ kind: 'delete', bucket }),
    put(bucket, { at: lastModified, metadata = {}, contentType = 'binary/octet-stream', ...rest }) {
      if (!buckets.has(bucket)) throw new Error(`there is no bucket ${bucket}`)
      const etag = `"${createHash('md5').update(rest.body).digest('hex')}"`
      const object = { ...rest, metadata, contentType, etag, lastModified }
      make({ kind: 'put', bucket, object })
      return object
    },
    remove(bucket, key) {
      if (buckets.get(bucket)?.objects.has(key)) make({ kind: 'remove', bucket, key })
    },
    keysOf(name) {
      const bucket = buckets.get(name)
      if (!bucket) return []
      bucket.keys ??= [...bucket.objects.keys()].sort()
      return bucket.keys
    },
  }
}

function apply(buckets: Map<string, OpenBucket>, change: BucketChange): void {
  const { bucket: name } = change
  const bucket = buckets.get(name)
  switch (change.kind) {
    case 'create':
      buckets.set(name, { name, region: change.region, createdAt: change.at, objects: new Map() })
      return
    case 'delete':
      buckets.delete(name)
      return
    case 'put':
      if (bucket && !bucket.objects.has(change.object.key)) bucket.keys = undefined
      bucket?.objects.set(change.object.key, change.object)
      return
    case 'remove':
      if (bucket?.objects.delete(change.key)) bucket.keys = undefined
  }
}
