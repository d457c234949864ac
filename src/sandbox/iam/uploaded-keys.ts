/** What users upload: SSH public keys (for CodeCommit) and signing certificates. */
import { createHash, X509Certificate } from 'node:crypto'
import { required } from '../fields.ts'
import { type OperationTable, reads, writes } from '../operation.ts'
import { Refusal } from '../refusal.ts'
import type { UploadedKey, User } from './account-data.ts'
import { keepQuota, moment, userNamed } from './account-state.ts'
import { drawBase32, drawId } from './ids.ts'
import * as is from './names.ts'
import { page, rest } from './pages.ts'
import { userOrCaller } from './users.ts'

export const sshKeyOperations: OperationTable = {
  UploadSSHPublicKey: writes(
    { UserName: required(is.newUserName), SSHPublicKeyBody: required(is.keyMaterial) },
    (account, { UserName: userName, SSHPublicKeyBody: body }, { now }) => {
      const user = userNamed(account, userName)
      const fingerprint = sshFingerprint(body)
      if (user.sshPublicKeys.some((key) => key.fingerprint === fingerprint)) {
        throw new Refusal('DuplicateSSHPublicKey', 'The SSH public key is already associated with the user.')
      }
      keepQuota('SSHPublicKeysPerUser', user.sshPublicKeys.length, account.quotas.sshPublicKeysPerUser)
      const key = uploaded(drawId(account, 'APKA', 20), body, fingerprint, now)
      user.sshPublicKeys = [...user.sshPublicKeys, key]
      return { SSHPublicKey: { ...sshKey(user, key), Fingerprint: fingerprint, SSHPublicKeyBody: body } }
    },
  ),
  ListSSHPublicKeys: reads({ UserName: is.newUserName, ...is.paging }, (account, params, { caller }) => {
    const user = userOrCaller(account, params.UserName, caller)
    const found = page(user.sshPublicKeys, ({ id }) => id, params)
    return { SSHPublicKeys: found.items.map((key) => sshKey(user, key)), ...rest(found) }
  }),
  UpdateSSHPublicKey: writes(
    {
      UserName: required(is.newUserName),
      SSHPublicKeyId: required(is.publicKeyId),
      Status: required(is.status),
    },
    (account, { UserName: userName, SSHPublicKeyId: id, Status: status }) => {
      keyWithId(userNamed(account, userName).sshPublicKeys, id, 'Public Key').status = status
    },
  ),
  DeleteSSHPublicKey: writes(
    { UserName: required(is.newUserName), SSHPublicKeyId: required(is.publicKeyId) },
    (account, { UserName: userName, SSHPublicKeyId: id }) => {
      const user = userNamed(account, userName)
      keyWithId(user.sshPublicKeys, id, 'Public Key')
      user.sshPublicKeys = user.sshPublicKeys.filter((key) => key.id !== id)
    },
  ),
}

export const signingCertificateOperations: OperationTable = {
  UploadSigningCertificate: writes(
    { UserName: is.userName, CertificateBody: required(is.keyMaterial) },
    (account, { UserName: userName, CertificateBody: body }, { now, caller }) => {
      const user = userOrCaller(account, userName, caller)
      const fingerprint = certificateFingerprint(body)
      if (user.signingCertificates.some((each) => each.fingerprint === fingerprint)) {
        throw new Refusal('DuplicateCertificate', 'The certificate is already associated with the user.')
      }
      const quota = account.quotas.signingCertificatesPerUser
      keepQuota('CertificatesPerUser', user.signingCertificates.length, quota)
      const key = uploaded(drawBase32(account, 32), body, fingerprint, now)
      user.signingCertificates = [...user.signingCertificates, key]
      return { Certificate: certificate(user, key) }
    },
  ),
  ListSigningCertificates: reads({ UserName: is.userName, ...is.paging }, (account, params, { caller }) => {
    const user = userOrCaller(account, params.UserName, caller)
    const found = page(user.signingCertificates, ({ id }) => id, params)
    return { Certificates: found.items.map((key) => certificate(user, key)), ...rest(found) }
  }),
  UpdateSigningCertificate: writes(
    { UserName: is.userName, CertificateId: required(is.certificateId), Status: required(is.status) },
    (account, { UserName: userName, CertificateId: id, Status: status }, { caller }) => {
      const user = userOrCaller(account, userName, caller)
      keyWithId(user.signingCertificates, id, 'Certificate').status = status
    },
  ),
  DeleteSigningCertificate: writes(
    { UserName: is.userName, CertificateId: required(is.certificateId) },
    (account, { UserName: userName, CertificateId: id }, { caller }) => {
      const user = userOrCaller(account, userName, caller)
      keyWithId(user.signingCertificates, id, 'Certificate')
      user.signingCertificates = user.signingCertificates.filter((key) => key.id !== id)
    },
  ),
}

const uploaded = (id: string, body: string, fingerprint: string, now: Date): UploadedKey => ({
  id,
  body,
  fingerprint,
  status: 'Active',
  uploadDate: moment(now),
})

const sshKey = (user: User, { id, status, uploadDate }: UploadedKey) => ({
  UserName: user.userName,
  SSHPublicKeyId: id,
  Status: status,
  UploadDate: uploadDate,
})

const certificate = (user: User, { id, body, status, uploadDate }: UploadedKey) => ({
  UserName: user.userName,
  CertificateId: id,
  CertificateBody: body,
  Status: status,
  UploadDate: uploadDate,
})

function keyWithId(keys: readonly UploadedKey[], id: string, noun: string): UploadedKey {
  const key = keys.find((each) => each.id === id)
  if (key) return key
  throw new Refusal('NoSuchEntity', `The ${noun} with id ${id} cannot be found.`)
}

/** MD5 in pairs, as `ssh-keygen -l -E md5` shows it, and IAM. */
function sshFingerprint(body: string): string {
  const [type = '', encoded = ''] = body.trim().split(/\s+/)
  if (type.startsWith('-----BEGIN')) return pairs(createHash('md5').update(body.trim()).digest('hex'))
  const blob = Buffer.from(encoded, 'base64')
  const length = blob.length >= 4 ? blob.readUInt32BE(0) : 0
  if (!/^(ssh|ecdsa)-/.test(type)) {
    throw new Refusal('UnrecognizedPublicKeyEncoding', 'The public key encoding format is not recognized.')
  }
  if (type !== 'ssh-rsa' || blob.subarray(4, 4 + length).toString() !== type) {
    throw new Refusal('InvalidPublicKey', 'The public key is not valid.')
  }
  return pairs(createHash('md5').update(blob).digest('hex'))
}

function certificateFingerprint(body: string): string {
  try {
    return new X509Certificate(body).fingerprint256
  } catch {
    throw new Refusal('MalformedCertificate', 'The certificate is malformed.')
  }
}

const pairs = (hex: string) => (hex.match(/../g) ?? []).join(':')
