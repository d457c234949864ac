/** Roles, identity providers and server certificates, asked of both. */
import { certificatePem, listBuckets, samlMetadata } from '../samples.ts'
import { account, readOnly } from './cast.ts'
import { type Step, step } from './step.ts'

const support = { RoleName: 'support' }
const supportAccess = { PolicyArn: 'arn:aws:iam::aws:policy/AWSSupportAccess' }
const unknown = { RoleName: 'unknown' }
const inline = { PolicyName: 'inline' }
const certificate = { ServerCertificateName: 'www' }
const provider = { SAMLProviderArn: `arn:aws:iam::${account}:saml-provider/directory` }
const trustPolicy = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { AWS: account }, Action: 'sts:AssumeRole' }],
})

export const roles: readonly Step[] = [
  step('make a role', 'CreateRoleCommand', {
    ...support,
    Path: '/people/',
    AssumeRolePolicyDocument: trustPolicy,
    Description: 'Looks after support cases',
    Tags: [{ Key: 'team', Value: 'operations' }],
  }),
  step('make a role again', 'CreateRoleCommand', { ...support, AssumeRolePolicyDocument: trustPolicy }),
  step('make a bounded role', 'CreateRoleCommand', {
    RoleName: 'bounded',
    AssumeRolePolicyDocument: trustPolicy,
    PermissionsBoundary: readOnly,
  }),
  step('get a role', 'GetRoleCommand', support),
  step('get an unknown role', 'GetRoleCommand', unknown),
  step('list roles', 'ListRolesCommand', {}),
  step('list roles of a path', 'ListRolesCommand', { PathPrefix: '/people/' }),
  step('attach to a role', 'AttachRolePolicyCommand', { ...support, ...supportAccess }),
  step('attach to a role again', 'AttachRolePolicyCommand', { ...support, ...supportAccess }),
  step('attach to an unknown role', 'AttachRolePolicyCommand', { ...unknown, ...supportAccess }),
  step('list what a role has attached', 'ListAttachedRolePoliciesCommand', support),
  step('put a policy into a role', 'PutRolePolicyCommand', {
    ...support,
    ...inline,
    PolicyDocument: listBuckets,
  }),
  step('get a policy of a role', 'GetRolePolicyCommand', { ...support, ...inline }),
  step('list policies of a role', 'ListRolePoliciesCommand', support),
  step('who has support access', 'ListEntitiesForPolicyCommand', supportAccess),
  step('which roles have support access', 'ListEntitiesForPolicyCommand', {
    ...supportAccess,
    EntityFilter: 'Role',
  }),
  step('details of roles', 'GetAccountAuthorizationDetailsCommand', { Filter: ['Role'] }),
  step('delete a role with policies', 'DeleteRoleCommand', support),
  step('delete a policy of a role', 'DeleteRolePolicyCommand', { ...support, ...inline }),
  step('detach from a role', 'DetachRolePolicyCommand', { ...support, ...supportAccess }),
  step('detach from a role again', 'DetachRolePolicyCommand', { ...support, ...supportAccess }),
  step('delete a role', 'DeleteRoleCommand', support),
  step('delete a role again', 'DeleteRoleCommand', support),

  step('no server certificates', 'ListServerCertificatesCommand', {}),
  step('upload a server certificate', 'UploadServerCertificateCommand', {
    ...certificate,
    Path: '/web/',
    CertificateBody: certificatePem,
    PrivateKey: 'kept by nobody',
  }),
  step('list server certificates', 'ListServerCertificatesCommand', {}),
  step('delete an unknown server certificate', 'DeleteServerCertificateCommand', {
    ServerCertificateName: 'unknown',
  }),
  step('no identity providers', 'ListSAMLProvidersCommand', {}),
  step('make an identity provider', 'CreateSAMLProviderCommand', {
    Name: 'directory',
    SAMLMetadataDocument: samlMetadata,
  }),
  step('list identity providers', 'ListSAMLProvidersCommand', {}),
  step('delete an identity provider', 'DeleteSAMLProviderCommand', provider),
  step('list no identity providers', 'ListSAMLProvidersCommand', {}),
  step('make another identity provider', 'CreateSAMLProviderCommand', {
    Name: 'other-directory',
    SAMLMetadataDocument: samlMetadata,
  }),
]

export const lastAccessed: readonly Step[] = [
  step('ask for last accessed data', 'GenerateServiceLastAccessedDetailsCommand', {
    Arn: `arn:aws:iam::${account}:user/nobody`,
  }),
  step('list features of the organization', 'ListOrganizationsFeaturesCommand', {}),
]
