import type { PolicyDocument } from '../catalog/catalog.ts'

/** A policy document as IAM gives it, URL-encoded (RFC 3986). Undefined where it cannot be read. */
export function parseDocument(encoded: string | undefined): PolicyDocument | undefined {
  try {
    const document: unknown = JSON.parse(decodeURIComponent(encoded ?? ''))
    return typeof document === 'object' && document !== null ? (document as PolicyDocument) : undefined
  } catch {
    return undefined
  }
}
