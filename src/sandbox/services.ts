/** The services of the sandbox, and whose request is whose. */
import { cloudTrailOperations } from './cloudtrail.ts'
import { iamOperations } from './iam/index.ts'
import type { OperationTable } from './operation.ts'
import { stsOperations } from './sts.ts'

export interface Service {
  readonly name: 'iam' | 'sts' | 'cloudtrail'
  readonly protocol: 'query' | 'json'
  readonly operations: OperationTable
}

const iam: Service = { name: 'iam', protocol: 'query', operations: iamOperations }
const sts: Service = { name: 'sts', protocol: 'query', operations: stsOperations }
const cloudtrail: Service = { name: 'cloudtrail', protocol: 'json', operations: cloudTrailOperations }
const services: Readonly<Record<string, Service>> = { iam, sts, cloudtrail }

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
