/** What findings are about, where AWS's answers do not name it themselves. */
import type { AccountSnapshot } from './snapshot.ts'

type Place = Pick<AccountSnapshot, 'partition' | 'accountId'>

/** The root user, and so the account as a whole. */
export const rootArn = ({ partition, accountId }: Place) => `arn:${partition}:iam::${accountId}:root`

/** A gap in the log files has no ARN of its own; each has another one, so that none is taken for an earlier one. */
export const gapArn = (place: Place, since: string) => `${rootArn(place)}/calls-missing-since/${since}`

export const passwordPolicyArn = ({ partition, accountId }: Place) =>
  `arn:${partition}:iam::${accountId}:password-policy`

/** Of a policy that AWS writes and keeps. */
export const awsPolicyArn = ({ partition }: Place, name: string) => `arn:${partition}:iam::aws:policy/${name}`

export const serverCertificateArn = ({ partition, accountId }: Place, name: string) =>
  `arn:${partition}:iam::${accountId}:server-certificate/${name}`

export const bucketArn = ({ partition }: Place, name: string) => `arn:${partition}:s3:::${name}`

/** Whatever the key is made of, the ARN is of printable letters, and none of them stands for others. */
export const objectArn = (place: Place, bucket: string, key: string) =>
  `${bucketArn(place, bucket)}/${key.toWellFormed().replace(/[^!-~]|[%*]/gu, encodeLetter)}`

const encodeLetter = (letter: string) =>
  [...Buffer.from(letter)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('')

/** Where `path` begins and ends with `/`. */
export const groupArn = ({ partition, accountId }: Place, path: string, name: string) =>
  `arn:${partition}:iam::${accountId}:group${path}${name}`

/** The last part of an ARN: the name of a policy, a user, a trail. */
export const nameIn = (arn: string) => arn.slice(arn.lastIndexOf('/') + 1)
