import { serverCertificateArn } from '../arns.ts'
import { type Control, verdictOf } from '../control.ts'
import { withFacts } from '../facts-at-hand.ts'

export const expiredServerCertificates: Control = {
  id: 'expired-server-certificates',
  title: 'IAM keeps no server certificate that has expired',
  practice: 'least-privilege',
  severity: 'medium',
  remedy:
    'Delete it with `aws iam delete-server-certificate`, once nothing uses it; let AWS Certificate Manager keep the next.',
  checks: ['iam_no_expired_server_certificates_stored'],
  judge: (snapshot, now) =>
    withFacts({ certificates: snapshot.serverCertificates }, ({ certificates }) => {
      const findings = certificates
        .filter(({ expiresAt }) => expiresAt.getTime() <= now.getTime())
        .map(({ name, expiresAt }) => ({
          resource: serverCertificateArn(snapshot, name),
          message: `Server certificate ${name} expired on ${expiresAt.toISOString().slice(0, 10)}`,
          evidence: { expiresAt: expiresAt.toISOString() },
        }))
      return verdictOf(findings, { certificates: certificates.length })
    }),
}
