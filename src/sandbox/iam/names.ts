/**
 * Alphabets and lengths of IAM's parameters.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#reference_iam-quotas-entity-length
 * https://docs.aws.amazon.com/IAM/latest/APIReference/API_Operations.html
 */
import type { TextField } from '../fields.ts'

const nameRule = {
  type: 'text',
  min: 1,
  pattern: /^[\w+=,.@-]+$/,
  alphabet: 'alphanumeric characters and/or the following: +=,.@_-',
} as const
const text = (min: number, max: number, pattern: RegExp) =>
  ({ type: 'text', min, max, pattern }) as const satisfies TextField
const printable = /^[\t\n\r -\u00FF]+$/

/** The name of a user to be made, and, oddly, of users in the newer operations. */
export const newUserName = { ...nameRule, max: 64 } as const
export const userName = { ...nameRule, max: 128 } as const
export const groupName = { ...nameRule, max: 128 } as const
export const policyName = { ...nameRule, max: 128 } as const
export const roleName = { ...nameRule, max: 64 } as const
export const serverCertificateName = { ...nameRule, max: 128 } as const
export const samlProviderName = text(1, 128, /^[\w._-]+$/)
export const mfaDeviceName = { ...nameRule, max: 226 } as const

export const path = {
  ...text(1, 512, /^(\/|\/[\u0021-\u007E]+\/)$/),
  alphabet: 'alphanumeric characters and/or the following: /+=,.@_- and begin and end with /',
} as const
export const pathPrefix = text(1, 512, /^\/[\u0021-\u007F]*$/)
export const policyPath = text(1, 512, /^((\/[A-Za-z0-9.,+@=_-]+)*)\/$/)
export const arn = { type: 'text', min: 20, max: 2048 } as const
export const policyDocument = text(1, 131072, printable)
export const policyVersionId = text(1, 128, /^v[1-9][0-9]*(\.[A-Za-z0-9-]*)?$/)
export const description = { type: 'text', max: 1000 } as const

export const tags = { type: 'tags' } as const
export const tagKeys = {
  type: 'textList',
  max: 50,
  of: text(1, 128, /^[\p{L}\p{Z}\p{N}_.:/=+\-@]+$/u),
} as const
export const flag = { type: 'flag' } as const
export const status = { type: 'text', oneOf: ['Active', 'Inactive'] } as const

export const password = { ...text(1, 128, printable), secret: true } as const
export const accessKeyId = text(16, 128, /^\w+$/)
export const keyMaterial = text(1, 16384, printable)
export const publicKeyId = text(20, 128, /^\w+$/)
export const certificateId = text(24, 128, /^\w+$/)
export const serialNumber = text(9, 256, /^[\w+=/:,.@-]+$/)
export const authenticationCode = { ...text(6, 6, /^\d+$/), secret: true } as const

/** The two parameters of every list. */
export const paging = {
  Marker: text(1, 320, /^[\u0020-\u00FF]+$/),
  MaxItems: { type: 'integer', min: 1, max: 1000 },
} as const
