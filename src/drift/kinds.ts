/**
 * Every kind of drift as one table: what it is in a sentence, which CloudTrail events could have made it, by what of
 * an event it is told from others, and which steps of Muster's set it right. Pure.
 *
 * The events and their parameters are the IAM and CloudTrail actions:
 * https://docs.aws.amazon.com/IAM/latest/APIReference/API_Operations.html
 * https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_Operations.html
 */

/** What was found, as plain data: names, ARNs and ids. Never a secret. */
export type DriftDetail = Readonly<Record<string, string | null | readonly string[]>>

/** A step that sets a drift right: its action, and the parameters as they are recorded by which it is told from others. */
export interface Remedy {
  readonly do: string
  readonly params: Readonly<Record<string, unknown>>
}

export interface DriftRule {
  readonly says: (detail: DriftDetail) => string
  /** Any of these could have made it. */
  readonly events: readonly string[]
  /** What such an event must say, any of it, to have made this: without it, it changes something else. */
  readonly saying?: Readonly<Record<string, readonly string[]>>
  /** The event must name each of these; where one is a list, any of it. The user, where there is one, comes besides. */
  readonly marks: readonly string[]
  /** Any of them does. Without any, the drift is reported and left alone. */
  readonly remedies: (detail: DriftDetail) => readonly Remedy[]
}

const nothing = () => []
const renamesGroup = { UpdateGroup: ['newGroupName'] }
const remedy = (action: string, ...params: readonly (readonly [string, unknown])[]): Remedy => ({
  do: action,
  params: Object.fromEntries(params),
})
const key = ({ accessKeyId }: DriftDetail) => [
  remedy('UpdateAccessKey', ['AccessKeyId', accessKeyId]),
  remedy('DeleteAccessKey', ['AccessKeyId', accessKeyId]),
]

const driftKinds = {
  'group-added': {
    says: ({ userName, groupName }) => `The user ${userName} was put into the group ${groupName} by hand`,
    events: ['AddUserToGroup', 'UpdateGroup'],
    saying: renamesGroup,
    marks: ['groupName'],
    remedies: ({ groupName }) => [remedy('RemoveUserFromGroup', ['GroupName', groupName])],
  },
  'group-removed': {
    says: ({ userName, groupName }) => `The user ${userName} was taken out of the group ${groupName} by hand`,
    events: ['RemoveUserFromGroup', 'UpdateGroup'],
    saying: renamesGroup,
    marks: ['groupName'],
    remedies: ({ groupName }) => [remedy('AddUserToGroup', ['GroupName', groupName])],
  },
  'quarantine-left': {
    says: ({ userName, groupName }) =>
      `The locked user ${userName} was taken out of the quarantine group ${groupName} by hand`,
    events: ['RemoveUserFromGroup', 'UpdateGroup'],
    saying: renamesGroup,
    marks: ['groupName'],
    remedies: ({ groupName }) => [remedy('AddUserToGroup', ['GroupName', groupName])],
  },
  'policy-attached': {
    says: ({ userName, policyArn }) => `The policy ${policyArn} was attached to the user ${userName} by hand`,
    events: ['AttachUserPolicy'],
    marks: ['policyArn'],
    remedies: ({ policyArn }) => [remedy('DetachUserPolicy', ['PolicyArn', policyArn])],
  },
  'deny-attached': {
    says: ({ userName, policyArn }) =>
      `The policy ${policyArn}, which denies, was attached to the user ${userName} by AWS or by hand; it stays`,
    events: ['AttachUserPolicy'],
    marks: ['policyArn'],
    remedies: nothing,
  },
  'inline-policy-put': {
    says: ({ userName, policyName }) =>
      `The user ${userName} was given the inline policy ${policyName} by hand`,
    events: ['PutUserPolicy'],
    marks: ['policyName'],
    remedies: ({ policyName }) => [remedy('DeleteUserPolicy', ['PolicyName', policyName])],
  },
  'boundary-changed': {
    says: ({ userName, after }) =>
      `The permissions boundary of the user ${userName} was changed by hand to ${after}`,
    events: ['PutUserPermissionsBoundary'],
    marks: ['after'],
    remedies: () => [remedy('PutUserPermissionsBoundary')],
  },
  'boundary-removed': {
    says: ({ userName }) => `The permissions boundary of the user ${userName} was removed by hand`,
    events: ['DeleteUserPermissionsBoundary'],
    marks: [],
    remedies: () => [remedy('PutUserPermissionsBoundary')],
  },
  'user-renamed': {
    says: ({ before, after }) => `The user ${before} was renamed by hand to ${after}`,
    events: ['UpdateUser'],
    saying: { UpdateUser: ['newUserName'] },
    marks: ['after'],
    remedies: ({ before }) => [remedy('UpdateUser', ['NewUserName', before])],
  },
  'path-changed': {
    says: ({ userName, after }) => `The user ${userName} was moved by hand to the path ${after}`,
    events: ['UpdateUser'],
    saying: { UpdateUser: ['newPath'] },
    marks: ['after'],
    remedies: ({ before }) => [remedy('UpdateUser', ['NewPath', before])],
  },
  'tags-changed': {
    says: ({ userName, tagKeys }) =>
      `The tags ${[tagKeys].flat().join(', ')} of the user ${userName} were changed or removed by hand`,
    events: ['TagUser', 'UntagUser'],
    marks: ['tagKeys'],
    remedies: () => [remedy('TagUser')],
  },
  'user-deleted': {
    says: ({ userName }) => `The user ${userName} was deleted by hand`,
    events: ['DeleteUser'],
    marks: [],
    remedies: () => [remedy('CreateUser')],
  },
  'password-made': {
    says: ({ userName }) => `The user ${userName} was given a console password by hand`,
    events: ['CreateLoginProfile'],
    marks: [],
    remedies: () => [remedy('DeleteLoginProfile')],
  },
  'mfa-removed': {
    says: ({ userName, serialNumber }) =>
      `The MFA device ${serialNumber} was taken from the user ${userName} by hand`,
    events: ['DeactivateMFADevice'],
    marks: ['serialNumber'],
    // Nobody can put a device back: what hangs on it goes, and its owner gets a new link.
    remedies: () => [remedy('DeleteLoginProfile'), remedy('UpdateAccessKey')],
  },
  'access-key-made': {
    says: ({ userName, accessKeyId }) =>
      `The access key ${accessKeyId} was made for the user ${userName} by hand`,
    // One that nobody has on record may have been there, inactive.
    events: ['CreateAccessKey', 'UpdateAccessKey'],
    saying: { UpdateAccessKey: ['status=Active'] },
    marks: ['accessKeyId'],
    remedies: key,
  },
  'access-key-activated': {
    says: ({ userName, accessKeyId }) =>
      `The access key ${accessKeyId} of the user ${userName} was made active by hand`,
    events: ['UpdateAccessKey'],
    saying: { UpdateAccessKey: ['status=Active'] },
    marks: ['accessKeyId'],
    remedies: key,
  },
  'ssh-key-added': {
    says: ({ userName, id }) => `The SSH key ${id} of the locked user ${userName} was made active by hand`,
    events: ['UploadSSHPublicKey', 'UpdateSSHPublicKey'],
    saying: { UpdateSSHPublicKey: ['status=Active'] },
    marks: ['id'],
    remedies: ({ id }) => [
      remedy('UpdateSSHPublicKey', ['SSHPublicKeyId', id]),
      remedy('DeleteSSHPublicKey', ['SSHPublicKeyId', id]),
    ],
  },
  'certificate-added': {
    says: ({ userName, id }) =>
      `The signing certificate ${id} of the locked user ${userName} was made active by hand`,
    events: ['UploadSigningCertificate', 'UpdateSigningCertificate'],
    saying: { UpdateSigningCertificate: ['status=Active'] },
    marks: ['id'],
    remedies: ({ id }) => [
      remedy('UpdateSigningCertificate', ['CertificateId', id]),
      remedy('DeleteSigningCertificate', ['CertificateId', id]),
    ],
  },
  'service-credential-added': {
    says: ({ userName, id }) =>
      `The service credential ${id} of the locked user ${userName} was made active by hand`,
    events: ['CreateServiceSpecificCredential', 'UpdateServiceSpecificCredential'],
    saying: { UpdateServiceSpecificCredential: ['status=Active'] },
    marks: ['id'],
    remedies: ({ id }) => [
      remedy('UpdateServiceSpecificCredential', ['ServiceSpecificCredentialId', id]),
      remedy('DeleteServiceSpecificCredential', ['ServiceSpecificCredentialId', id]),
    ],
  },
  'group-policy-attached': {
    says: ({ groupName, policyArn }) =>
      `The policy ${policyArn} was attached to the group ${groupName} by hand`,
    events: ['AttachGroupPolicy'],
    marks: ['groupName', 'policyArn'],
    remedies: ({ groupName, policyArn }) => [
      remedy('DetachGroupPolicy', ['groupName', groupName], ['policyArn', policyArn]),
    ],
  },
  'group-policy-detached': {
    says: ({ groupName, policyArn }) =>
      `The policy ${policyArn} was detached from the group ${groupName} by hand`,
    events: ['DetachGroupPolicy'],
    marks: ['groupName', 'policyArn'],
    remedies: ({ groupName, policyArn }) => [
      remedy('AttachGroupPolicy', ['groupName', groupName], ['policyArn', policyArn]),
    ],
  },
  'group-inline-policy-put': {
    says: ({ groupName, policyName }) =>
      `The group ${groupName} was given the inline policy ${policyName} by hand`,
    events: ['PutGroupPolicy'],
    marks: ['groupName', 'policyName'],
    remedies: ({ groupName, policyName }) => [
      remedy('DeleteGroupPolicy', ['groupName', groupName], ['policyName', policyName]),
    ],
  },
  'group-deleted': {
    says: ({ groupName }) => `The group ${groupName} was deleted, renamed or moved by hand`,
    events: ['DeleteGroup', 'UpdateGroup'],
    marks: ['groupName'],
    remedies: ({ groupName }) => [remedy('CreateGroup', ['groupName', groupName])],
  },
  'policy-edited': {
    says: ({ policyArn }) => `The policy ${policyArn} was edited by hand`,
    events: ['CreatePolicyVersion', 'SetDefaultPolicyVersion'],
    saying: { CreatePolicyVersion: ['setAsDefault=true'] },
    marks: ['policyArn'],
    remedies: ({ policyArn }) => [remedy('CreatePolicyVersion', ['policyArn', policyArn])],
  },
  'policy-deleted': {
    says: ({ policyArn }) => `The policy ${policyArn} was deleted by hand`,
    events: ['DeletePolicy'],
    marks: ['policyArn'],
    remedies: ({ policyName }) => [remedy('CreatePolicy', ['policyName', policyName])],
  },
  'password-policy-weakened': {
    says: ({ weakened }) =>
      `The account's password policy was weakened by hand: ${[weakened].flat().join(', ')}`,
    events: ['UpdateAccountPasswordPolicy', 'DeleteAccountPasswordPolicy'],
    marks: [],
    remedies: () => [remedy('UpdateAccountPasswordPolicy')],
  },
  'trail-stopped': {
    says: ({ trailArn }) => `The trail ${trailArn} was stopped`,
    events: ['StopLogging'],
    marks: ['trailNames'],
    remedies: nothing,
  },
  'trail-deleted': {
    says: ({ trailArn }) => `The trail ${trailArn} was deleted`,
    events: ['DeleteTrail'],
    marks: ['trailNames'],
    remedies: nothing,
  },
  'trail-blinded': {
    says: ({ trailArn }) =>
      `The trail ${trailArn} was changed, and does not record all of IAM and STS any more`,
    events: ['PutEventSelectors', 'UpdateTrail'],
    saying: { UpdateTrail: ['isMultiRegionTrail=false', 'includeGlobalServiceEvents=false'] },
    marks: ['trailNames'],
    remedies: nothing,
  },
  'trail-redirected': {
    says: ({ trailArn, changes }) =>
      `The trail ${trailArn} was changed by hand: ${[changes].flat().join(', ')}`,
    // One that is deleted and made anew within seconds is the same trail to whoever looks.
    events: ['UpdateTrail', 'CreateTrail'],
    marks: ['trailNames'],
    remedies: nothing,
  },
  'user-unmanaged': {
    says: ({ userName }) => `The user ${userName} was made by hand; Muster does not manage it`,
    events: ['CreateUser'],
    marks: [],
    remedies: nothing,
  },
  'group-unmanaged': {
    says: ({ groupName }) => `The group ${groupName} was made by hand; Muster does not manage it`,
    events: ['CreateGroup'],
    marks: ['groupName'],
    remedies: nothing,
  },
} as const satisfies Record<string, DriftRule>

export type DriftKind = keyof typeof driftKinds

export const driftKindNames = Object.keys(driftKinds) as readonly DriftKind[]

export const ruleOf = (kind: DriftKind): DriftRule => driftKinds[kind]
