/** Passwords and keys, asked of both. */
import { certificatePem, sshPublicKey } from '../samples.ts'
import { ada, grace, nobody } from './cast.ts'
import { type Step, step } from './step.ts'

export const credentials: readonly Step[] = [
  step('make a password', 'CreateLoginProfileCommand', {
    ...ada,
    Password: 'Analytical-Engine-1843',
    PasswordResetRequired: true,
  }),
  step('make a password again', 'CreateLoginProfileCommand', { ...ada, Password: 'Analytical-Engine-1843' }),
  step('make a password for nobody', 'CreateLoginProfileCommand', { ...nobody, Password: 'Analytical-1843' }),
  step('get a password', 'GetLoginProfileCommand', ada),
  step('get no password', 'GetLoginProfileCommand', grace),
  step("get nobody's password", 'GetLoginProfileCommand', nobody),
  step('change a password', 'UpdateLoginProfileCommand', {
    ...ada,
    Password: 'Difference-Engine-1822',
    PasswordResetRequired: false,
  }),
  step('change no password', 'UpdateLoginProfileCommand', { ...grace, Password: 'Difference-Engine-1822' }),
  step('get a changed password', 'GetLoginProfileCommand', ada),
  step('delete a password', 'DeleteLoginProfileCommand', ada),
  step('delete a password again', 'DeleteLoginProfileCommand', ada),
  step('make a key', 'CreateAccessKeyCommand', ada),
  step('make a second key', 'CreateAccessKeyCommand', ada),
  step('make a third key', 'CreateAccessKeyCommand', ada),
  step('make a key for nobody', 'CreateAccessKeyCommand', nobody),
  step('switch a key off', 'UpdateAccessKeyCommand', (seen) => ({
    ...ada,
    AccessKeyId: seen.of('make a key').AccessKey.AccessKeyId,
    Status: 'Inactive' as const,
  })),
  step('list keys', 'ListAccessKeysCommand', ada),
  step("list nobody's keys", 'ListAccessKeysCommand', nobody),
  step('when was the key used', 'GetAccessKeyLastUsedCommand', (seen) => ({
    AccessKeyId: seen.of('make a key').AccessKey.AccessKeyId,
  })),
  step('when was an unknown key used', 'GetAccessKeyLastUsedCommand', {
    AccessKeyId: 'AKIAUNKNOWNUNKNOWN00',
  }),
  step('switch an unknown key off', 'UpdateAccessKeyCommand', {
    ...ada,
    AccessKeyId: 'AKIAUNKNOWNUNKNOWN00',
    Status: 'Inactive',
  }),
  ...['make a key', 'make a second key'].map((made, index) =>
    step(`delete key ${index + 1}`, 'DeleteAccessKeyCommand', (seen) => ({
      ...ada,
      AccessKeyId: seen.of(made).AccessKey.AccessKeyId,
    })),
  ),
  step('delete a key again', 'DeleteAccessKeyCommand', (seen) => ({
    ...ada,
    AccessKeyId: seen.of('make a key').AccessKey.AccessKeyId,
  })),
  step('upload an SSH key', 'UploadSSHPublicKeyCommand', { ...ada, SSHPublicKeyBody: sshPublicKey }),
  step('list SSH keys', 'ListSSHPublicKeysCommand', ada),
  step('switch an SSH key off', 'UpdateSSHPublicKeyCommand', (seen) => ({
    ...ada,
    SSHPublicKeyId: seen.of('upload an SSH key').SSHPublicKey.SSHPublicKeyId,
    Status: 'Inactive' as const,
  })),
  step('delete an SSH key', 'DeleteSSHPublicKeyCommand', (seen) => ({
    ...ada,
    SSHPublicKeyId: seen.of('upload an SSH key').SSHPublicKey.SSHPublicKeyId,
  })),
  step('delete an unknown SSH key', 'DeleteSSHPublicKeyCommand', {
    ...ada,
    SSHPublicKeyId: 'APKAUNKNOWNUNKNOWN00',
  }),
  step('upload a certificate', 'UploadSigningCertificateCommand', {
    ...ada,
    CertificateBody: certificatePem,
  }),
  step('upload no certificate', 'UploadSigningCertificateCommand', { ...ada, CertificateBody: 'none' }),
  step('list certificates', 'ListSigningCertificatesCommand', ada),
  step('switch a certificate off', 'UpdateSigningCertificateCommand', (seen) => ({
    ...ada,
    CertificateId: seen.of('upload a certificate').Certificate.CertificateId,
    Status: 'Inactive' as const,
  })),
  step('delete a certificate', 'DeleteSigningCertificateCommand', (seen) => ({
    ...ada,
    CertificateId: seen.of('upload a certificate').Certificate.CertificateId,
  })),
  step('delete an unknown certificate', 'DeleteSigningCertificateCommand', {
    ...ada,
    CertificateId: 'UNKNOWNUNKNOWNUNKNOWNUNKNOWN',
  }),
  step('make a service credential', 'CreateServiceSpecificCredentialCommand', {
    ...ada,
    ServiceName: 'codecommit.amazonaws.com',
  }),
  step('list service credentials', 'ListServiceSpecificCredentialsCommand', ada),
]
