/** What moto is known to be lax about: it comes last, so that nothing builds on it. */
import { certificatePem, listBuckets, sshPublicKey } from '../samples.ts'
import { account, ada, engineers, grace, nobody, reader, readOnly } from './cast.ts'
import { codesFor } from './mfa.ts'
import { policyWith } from './policies.ts'
import { type Step, step, trailStep } from './step.ts'

export const boundaries: readonly Step[] = [
  step('put a boundary', 'PutUserPermissionsBoundaryCommand', { ...ada, PermissionsBoundary: readOnly }),
  step('delete a boundary', 'DeleteUserPermissionsBoundaryCommand', ada),
  step('make a user with a boundary', 'CreateUserCommand', {
    UserName: 'bound',
    PermissionsBoundary: readOnly,
  }),
  step('get a user with a boundary', 'GetUserCommand', { UserName: 'bound' }),
]

const joiner = { UserName: 'joins-all' }

export const letThrough: readonly Step[] = [
  step('make Ada in capitals', 'CreateUserCommand', { UserName: 'ADA' }),
  step('make a name with a space', 'CreateUserCommand', { UserName: 'a b' }),
  step('make a name of 65 characters', 'CreateUserCommand', { UserName: 'x'.repeat(65) }),
  step('make a user with a bad path', 'CreateUserCommand', { UserName: 'path', Path: 'muster' }),
  step('make a user with a tag twice', 'CreateUserCommand', {
    UserName: 'twice',
    Tags: [
      { Key: 'team', Value: '1' },
      { Key: 'Team', Value: '2' },
    ],
  }),
  step('rename Grace to Ada', 'UpdateUserCommand', { ...grace, NewUserName: 'ada' }),
  step('make a policy with a principal', 'CreatePolicyCommand', {
    PolicyName: 'bad',
    PolicyDocument: policyWith({ Principal: '*' }),
  }),
  step('make a user for many groups', 'CreateUserCommand', joiner),
  ...Array.from({ length: 11 }, (_, i) => `group-${i + 1}`).flatMap((name) => [
    step(`make ${name}`, 'CreateGroupCommand', { GroupName: name }),
    step(`join ${name}`, 'AddUserToGroupCommand', { ...joiner, GroupName: name }),
  ]),
  step('make a device for wrong codes', 'CreateVirtualMFADeviceCommand', { VirtualMFADeviceName: 'wrong' }),
  step('enable with wrong codes', 'EnableMFADeviceCommand', {
    ...joiner,
    SerialNumber: `arn:aws:iam::${account}:mfa/wrong`,
    AuthenticationCode1: '000000',
    AuthenticationCode2: '000000',
  }),
  step('make a device to be assigned', 'CreateVirtualMFADeviceCommand', { VirtualMFADeviceName: 'assigned' }),
  step('assign it', 'EnableMFADeviceCommand', (seen) => ({
    ...joiner,
    SerialNumber: `arn:aws:iam::${account}:mfa/assigned`,
    ...codesFor('make a device to be assigned')(seen),
  })),
  step('delete an assigned device', 'DeleteVirtualMFADeviceCommand', {
    SerialNumber: `arn:aws:iam::${account}:mfa/assigned`,
  }),
  trailStep('look events up', 'LookupEventsCommand', {}),
]

export const leavers: readonly Step[] = [
  step('delete nobody', 'DeleteUserCommand', nobody),
  step('delete Ada with a policy', 'DeleteUserCommand', ada),
  step('delete an attached policy', 'DeletePolicyCommand', reader),
  ...conflict('a password', 'with-password', (UserName) =>
    step('give a password', 'CreateLoginProfileCommand', { UserName, Password: 'Analytical-Engine-1843' }),
  ),
  ...conflict('a key', 'with-key', (UserName) => step('give a key', 'CreateAccessKeyCommand', { UserName })),
  ...conflict('a certificate', 'with-certificate', (UserName) =>
    step('give a certificate', 'UploadSigningCertificateCommand', {
      UserName,
      CertificateBody: certificatePem,
    }),
  ),
  ...conflict('an SSH key', 'with-ssh-key', (UserName) =>
    step('give an SSH key', 'UploadSSHPublicKeyCommand', { UserName, SSHPublicKeyBody: sshPublicKey }),
  ),
  ...conflict('an inline policy', 'with-inline', (UserName) =>
    step('give an inline policy', 'PutUserPolicyCommand', {
      UserName,
      PolicyName: 'inline',
      PolicyDocument: listBuckets,
    }),
  ),
  ...conflict('a group', 'with-group', (UserName) =>
    step('give a group', 'AddUserToGroupCommand', { UserName, ...engineers }),
  ),
  step('delete a group with members', 'DeleteGroupCommand', engineers),
]

function conflict(what: string, userName: string, give: (userName: string) => Step): readonly Step[] {
  return [
    step(`make a user for ${what}`, 'CreateUserCommand', { UserName: userName }),
    give(userName),
    step(`delete a user with ${what}`, 'DeleteUserCommand', { UserName: userName }),
  ]
}
