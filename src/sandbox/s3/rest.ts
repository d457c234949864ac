/**
 * S3's REST protocol, path-style: what is asked stands in method, path, query and headers.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAPI.html
 */
import type { IncomingHttpHeaders } from 'node:http'
import type { Answer, Output } from '../operation.ts'
import { escaped } from '../query-protocol.ts'

export interface RestRequest {
  readonly method: string
  /** Path and query. */
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export interface RestCall {
  readonly action: string
  readonly params: Readonly<Record<string, unknown>>
}

export interface RestAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array | string
}

export function restCallOf({ method, url, headers, body }: RestRequest): RestCall {
  const { pathname, searchParams: query } = new URL(url, 'http://sandbox')
  const [, bucket = '', ...rest] = pathname.split('/')
  const key = decoded(rest.join('/'))
  const level = bucket === '' ? 'service' : key === '' ? 'bucket' : 'object'
  const action = actionOf(`${method} ${level}`, query)
  const params: Record<string, unknown> = {}
  if (bucket !== '') params.Bucket = decoded(bucket)
  if (key !== '') params.Key = key
  for (const [name, parameter] of Object.entries(queryParameters)) {
    const value = query.get(name)
    if (value !== null) params[parameter] = value
  }
  const mode = headers['x-amz-checksum-mode']
  if (mode !== undefined) params.ChecksumMode = mode
  return { action, params: { ...params, ...bodyOf(action, headers, body) } }
}

const actions: Readonly<Record<string, string>> = {
  'GET service': 'ListBuckets',
  'PUT bucket': 'CreateBucket',
  'DELETE bucket': 'DeleteBucket',
  'HEAD bucket': 'HeadBucket',
  'GET bucket': 'ListObjects',
  'GET bucket list-type': 'ListObjectsV2',
  'GET bucket location': 'GetBucketLocation',
  'GET bucket logging': 'GetBucketLogging',
  'GET bucket policyStatus': 'GetBucketPolicyStatus',
  'GET bucket acl': 'GetBucketAcl',
  'GET bucket publicAccessBlock': 'GetPublicAccessBlock',
  'GET object': 'GetObject',
  'HEAD object': 'HeadObject',
  'PUT object': 'PutObject',
  'DELETE object': 'DeleteObject',
}

/** `?acl`, `?versioning` and the like ask for something else; a query with a value does not. */
function actionOf(place: string, query: URLSearchParams): string {
  const asked = [...query].find(([name, value]) => value === '' && !(name in queryParameters))?.[0]
  const subresource = query.has('list-type') ? 'list-type' : asked
  if (subresource === undefined) return actions[place] ?? place
  return actions[`${place} ${subresource}`] ?? `${place}?${subresource}`
}

const queryParameters: Readonly<Record<string, string>> = {
  prefix: 'Prefix',
  delimiter: 'Delimiter',
  'max-keys': 'MaxKeys',
  'encoding-type': 'EncodingType',
  'start-after': 'StartAfter',
  'continuation-token': 'ContinuationToken',
  marker: 'Marker',
}

function bodyOf(action: string, headers: IncomingHttpHeaders, body: Buffer): Record<string, unknown> {
  if (action === 'CreateBucket') {
    const location = /<LocationConstraint>([^<]+)</.exec(body.toString())?.[1]
    return location === undefined ? {} : { LocationConstraint: location }
  }
  if (action !== 'PutObject') return {}
  const contentType = headers['content-type']
  return {
    Body: isChunked(headers) ? withoutChunks(body) : body,
    Metadata: metadataIn(headers),
    ChecksumCRC32: headers[checksumHeader],
    ...(contentType === undefined ? {} : { ContentType: contentType }),
  }
}

const checksumHeader = 'x-amz-checksum-crc32'
const metadataPrefix = 'x-amz-meta-'

const metadataIn = (headers: IncomingHttpHeaders) =>
  Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => name.startsWith(metadataPrefix))
      .map(([name, value]) => [name.slice(metadataPrefix.length), String(value)]),
  )

/** https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html */
const isChunked = (headers: IncomingHttpHeaders) =>
  String(headers['x-amz-content-sha256'] ?? '').startsWith('STREAMING-')

/** Each chunk: its size in hexadecimal, perhaps a signature, a line end, its bytes, a line end. */
function withoutChunks(body: Buffer): Buffer {
  const chunks: Buffer[] = []
  for (let at = 0; at < body.length; ) {
    const lineEnd = body.indexOf('\r\n', at)
    const size = Number.parseInt(body.subarray(at, lineEnd).toString(), 16)
    if (lineEnd < 0 || !(size > 0)) break
    chunks.push(body.subarray(lineEnd + 2, lineEnd + 2 + size))
    at = lineEnd + 2 + size + 2
  }
  return Buffer.concat(chunks)
}

/** What goes over the wire. A `HEAD` is answered by headers alone, errors included. */
export function restAnswerOf(action: string, answer: Answer, requestId: string): RestAnswer {
  const isHead = action.startsWith('Head')
  if (!answer.ok) {
    const { code, message, status } = answer.error
    const parts = { Code: code, Message: message, RequestId: requestId }
    return xml(status, isHead ? '' : declared(`<Error>${elements(parts)}</Error>`))
  }
  const written = writers[action]
  if (!written) return { status: action.startsWith('Delete') ? 204 : 200, headers: {}, body: '' }
  return written(answer.output)
}

const writers: Readonly<Record<string, (output: Output) => RestAnswer>> = {
  GetObject: (output) => ({ status: 200, headers: headersOf(output), body: output.Body as Uint8Array }),
  HeadObject: (output) => ({ status: 200, headers: headersOf(output), body: '' }),
  PutObject: (output) => ({
    status: 200,
    headers: { etag: String(output.ETag), ...checksumOf(output) },
    body: '',
  }),
  CreateBucket: ({ Location: location }) => ({
    status: 200,
    headers: { location: String(location) },
    body: '',
  }),
  HeadBucket: ({ BucketRegion: region }) => ({
    status: 200,
    headers: { 'x-amz-bucket-region': String(region) },
    body: '',
  }),
  GetBucketLocation: ({ LocationConstraint: region }) =>
    xml(200, document('LocationConstraint', escaped(String(region)))),
  GetBucketLogging: (output) => xml(200, document('BucketLoggingStatus', elements(output))),
  GetBucketPolicyStatus: (output) => xml(200, document('PolicyStatus', elements(output))),
  GetBucketAcl: (output) => xml(200, document('AccessControlPolicy', elements(output))),
  GetPublicAccessBlock: (output) => xml(200, document('PublicAccessBlockConfiguration', elements(output))),
  ListBuckets: ({ Owner, Buckets }) =>
    xml(
      200,
      document(
        'ListAllMyBucketsResult',
        elements({ Owner, Buckets: { Bucket: Buckets as readonly unknown[] } }),
      ),
    ),
  ListObjects: (output) => xml(200, document('ListBucketResult', elements(urlEncoded(output)))),
  ListObjectsV2: (output) => xml(200, document('ListBucketResult', elements(urlEncoded(output)))),
}

function headersOf(output: Output): Record<string, string> {
  const metadata = Object.entries((output.Metadata ?? {}) as Readonly<Record<string, string>>)
  return {
    'content-type': String(output.ContentType),
    'content-length': String(output.ContentLength),
    etag: String(output.ETag),
    ...checksumOf(output),
    'last-modified': (output.LastModified as Date).toUTCString(),
    'accept-ranges': 'bytes',
    ...Object.fromEntries(metadata.map(([name, value]) => [metadataPrefix + name, value])),
  }
}

const checksumOf = ({ ChecksumCRC32: crc32 }: Output): Record<string, string> =>
  crc32 === undefined ? {} : { [checksumHeader]: String(crc32) }

const xml = (status: number, body: string): RestAnswer => ({
  status,
  headers: { 'content-type': 'application/xml' },
  body,
})

const declared = (body: string) => `<?xml version="1.0" encoding="UTF-8"?>\n${body}`
const document = (root: string, content: string) =>
  declared(`<${root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${content}</${root}>`)

/** S3's lists are flat: an element for each member. */
function elements(structure: object): string {
  let written = ''
  for (const [name, value] of Object.entries(structure)) {
    for (const each of Array.isArray(value) ? value : [value]) {
      if (each !== undefined) written += `<${name}>${content(each)}</${name}>`
    }
  }
  return written
}

function content(value: unknown): string {
  if (value instanceof Date) return value.toISOString()
  return typeof value === 'object' && value !== null ? elements(value) : escaped(String(value))
}

const encodedFields = new Set(['Key', 'Prefix', 'Delimiter', 'StartAfter', 'Marker', 'NextMarker'])

/** `encoding-type=url`: what a key may hold and XML may not survives. */
function urlEncoded(output: Output): Output {
  if (output.EncodingType !== 'url') return output
  const encode = (structure: Output): Output =>
    Object.fromEntries(
      Object.entries(structure).map(([name, value]) => {
        if (Array.isArray(value)) return [name, value.map(encode)]
        if (typeof value !== 'string' || !encodedFields.has(name)) return [name, value]
        return [name, encodeURIComponent(value).replaceAll('%2F', '/')]
      }),
    )
  return encode(output)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
