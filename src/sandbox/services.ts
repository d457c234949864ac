/** The services of the sandbox, and whose request is whose. */
import { cloudTrailOperations } from './cloudtrail/index.ts'
import { iamOperations } from './iam/index.ts'
import type { OperationTable } from './operation.ts'
import { s3Operations } from './s3/operations.ts'
import { stsOperations } from './sts.ts'

export interface Service {
  readonly name: 'iam' | 'sts' | 'cloudtrail' | 's3'
  readonly protocol: 'query' | 'json' | 'rest'
  readonly operations: OperationTable
  /** Of a global service: where its events are, whatever Region was signed for. */
  readonly region?: string
  /** Reads may lag behind writes. */
  readonly isEventuallyConsistent?: true
}

const iam: Service = {
  name: 'iam',
  protocol: 'query',
  operations: iamOperations,
  region: 'us-east-1',
  isEventuallyConsistent: true,
}
const sts: Service = {
  name: 'sts',
  protocol: 'query',
  operations: stsOperations,
  isEventuallyConsistent: true,
}
const cloudtrail: Service = { name: 'cloudtrail', protocol: 'json', operations: cloudTrailOperations }
const s3: Service = { name: 's3', protocol: 'rest', operations: s3Operations }
const services: Readonly<Record<string, Service>> = { iam, sts, cloudtrail, s3 }

/** What of a signature the sandbox reads; it verifies none. */
export interface CredentialScope {
  readonly accessKeyId: string
  readonly region: string
  readonly service: string
}

const credential = /Credential=([^/,\s]+)\/\d+\/([^/,\s]+)\/([^/,\s]+)\/aws4_request/

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-authentication-methods.html */
export function scopeOf(authorization: string | undefined): CredentialScope | undefined {
  const found = authorization === undefined ? undefined : credential.exec(authorization)
  if (!found) return undefined
  const [, accessKeyId = '', region = '', service = ''] = found
  return { accessKeyId, region, service }
}

/** One port serves all: by the credential's scope, else by target, else by the name of the action. */
export function serviceOf(
  scope: CredentialScope | undefined,
  target: string | undefined,
  action: string,
): Service | undefined {
  if (scope && Object.hasOwn(services, scope.service)) return services[scope.service]
  if (target !== undefined) return /CloudTrail/.test(target) ? cloudtrail : undefined
  return [iam, sts].find(({ operations }) => Object.hasOwn(operations, action))
}
