/** Server certificates that IAM keeps for load balancers. The private key is looked at by nobody, and not kept. */
import { X509Certificate } from 'node:crypto'
import { required } from '../fields.ts'
import { type OperationTable, reads, writes } from '../operation.ts'
import { Refusal } from '../refusal.ts'
import type { Account, ServerCertificate } from './account-data.ts'
import { keepQuota, keyOf, moment } from './account-state.ts'
import { drawId } from './ids.ts'
import * as is from './names.ts'
import { page, rest } from './pages.ts'

const withName = { ServerCertificateName: required(is.serverCertificateName) }

export const serverCertificateOperations: OperationTable = {
  UploadServerCertificate: writes(
    {
      ...withName,
      Path: is.path,
      CertificateBody: required(is.keyMaterial),
      PrivateKey: required({ ...is.keyMaterial, secret: true }),
      CertificateChain: { type: 'text', max: 2_097_152 },
      Tags: is.tags,
    },
    (account, { ServerCertificateName: name, Path: path = '/', CertificateBody: body }, { now }) => {
      if (account.serverCertificates.has(keyOf(name))) {
        const message = `The Server Certificate with name ${name} already exists.`
        throw new Refusal('EntityAlreadyExists', message)
      }
      const expiration = moment(expiryOf(body))
      const quota = account.quotas.serverCertificates
      keepQuota('ServerCertificatesPerAccount', account.serverCertificates.size, quota)
      const id = drawId(account, 'ASCA')
      const certificate: ServerCertificate = { name, id, path, uploadDate: moment(now), expiration }
      account.serverCertificates.set(keyOf(name), certificate)
      return { ServerCertificateMetadata: described(account, certificate) }
    },
  ),
  ListServerCertificates: reads({ PathPrefix: is.pathPrefix, ...is.paging }, (account, params) => {
    const { PathPrefix: prefix = '/' } = params
    const kept = [...account.serverCertificates.values()].filter(({ path }) => path.startsWith(prefix))
    const found = page(kept, ({ name }) => keyOf(name), params)
    const list = found.items.map((certificate) => described(account, certificate))
    return { ServerCertificateMetadataList: list, ...rest(found) }
  }),
  DeleteServerCertificate: writes(withName, (account, { ServerCertificateName: name }) => {
    if (account.serverCertificates.delete(keyOf(name))) return
    throw new Refusal('NoSuchEntity', `The Server Certificate with name ${name} cannot be found.`)
  }),
}

const described = ({ accountId }: Account, certificate: ServerCertificate) => ({
  Path: certificate.path,
  ServerCertificateName: certificate.name,
  ServerCertificateId: certificate.id,
  Arn: `arn:aws:iam::${accountId}:server-certificate${certificate.path}${certificate.name}`,
  UploadDate: certificate.uploadDate,
  Expiration: certificate.expiration,
})

function expiryOf(body: string): Date {
  try {
    return new Date(new X509Certificate(body).validTo)
  } catch {
    throw new Refusal(
      'MalformedCertificate',
      'Unable to parse certificate. Please ensure the certificate is in PEM format.',
    )
  }
}
