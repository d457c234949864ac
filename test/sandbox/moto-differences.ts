/** Where moto is not as AWS: the only exemptions of the conformance test, each with the page that says so. */
export interface MotoDifference {
  readonly operation: string
  /** The steps of the script that show it; all of the operation's without. */
  readonly steps?: readonly string[]
  /** `error`, or the field of the output. */
  readonly at: string
  readonly moto: string
  readonly aws: string
  readonly page: string
}

const iamPage = (operation: string) =>
  `https://docs.aws.amazon.com/IAM/latest/APIReference/API_${operation}.html`
const trailPage = (operation: string) =>
  `https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_${operation}.html`
const bucketPage = (operation: string) =>
  `https://docs.aws.amazon.com/AmazonS3/latest/API/API_${operation}.html`

/** The same remark about several fields of an operation's output. */
function fields(
  places: readonly string[],
  difference: Omit<MotoDifference, 'at'>,
): readonly MotoDifference[] {
  return places.map((at) => ({ ...difference, at }))
}

/** moto carries out what AWS refuses. */
function tooLax(operation: string, aws: string, ...steps: string[]): readonly MotoDifference[] {
  return [
    {
      operation,
      at: 'error',
      moto: 'accepts it',
      aws,
      page: iamPage(operation),
      ...(steps.length ? { steps } : {}),
    },
  ]
}

function lacks(operation: string): MotoDifference {
  return {
    operation,
    at: 'error',
    moto: 'answers that it is not implemented',
    aws: 'has it',
    page: iamPage(operation),
  }
}

const userFields = ['Path', 'UserName', 'UserId', 'Arn', 'CreateDate']

export const motoDifferences: readonly MotoDifference[] = [
  lacks('CreateServiceSpecificCredential'),
  lacks('ListServiceSpecificCredentials'),
  lacks('PutUserPermissionsBoundary'),
  lacks('DeleteUserPermissionsBoundary'),
  lacks('GenerateServiceLastAccessedDetails'),
  lacks('ListOrganizationsFeatures'),

  ...tooLax('CreateUser', 'names are unique regardless of case', 'make Ada in capitals'),
  ...tooLax(
    'CreateUser',
    'names have an alphabet and 64 characters at most',
    'make a name with a space',
    'make a name of 65 characters',
  ),
  ...tooLax('CreateUser', 'a path begins and ends with a slash', 'make a user with a bad path'),
  ...tooLax('CreateUser', 'tag keys are unique regardless of case', 'make a user with a tag twice'),
  ...tooLax('UpdateUser', 'a taken name is refused', 'rename Grace to Ada'),
  ...tooLax(
    'DeleteUser',
    'a user has to be stripped of everything first',
    'delete a user with a password',
    'delete a user with a key',
    'delete a user with a certificate',
    'delete a user with an SSH key',
    'delete a user with a group',
  ),
  ...tooLax('DeleteGroup', 'a group has to be emptied first', 'delete a group with members'),
  ...tooLax('DeletePolicy', 'a policy has to be detached first', 'delete an attached policy'),
  {
    ...tooLax('CreatePolicy', 'an identity policy names no principal', 'make a policy with a principal')[0],
    page: 'https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html',
  } as MotoDifference,
  ...tooLax(
    'ListEntitiesForPolicy',
    'an unknown policy is NoSuchEntity',
    'list entities of an unknown policy',
  ),
  ...tooLax('ListUsers', 'MaxItems is from 1 to 1000', 'list no user a page', 'list 1001 users a page'),
  ...tooLax('AddUserToGroup', 'a user is in ten groups at most', 'join group-11'),
  ...tooLax('EnableMFADevice', 'two consecutive codes are needed', 'enable with wrong codes'),
  ...tooLax('DeleteVirtualMFADevice', 'a device is deactivated first', 'delete an assigned device'),
  ...tooLax('UpdateAccountPasswordPolicy', 'the length is 6 at least', 'set too short a length'),

  ...fields([...userFields.map((field) => `Users[].${field}`), 'IsTruncated', 'Marker'], {
    operation: 'ListUsers',
    steps: ['list one user a page', 'list users on with the marker'],
    moto: 'ignores MaxItems and Marker',
    aws: 'answers in pages',
    page: iamPage('ListUsers'),
  }),
  ...fields(
    ['Path', 'GroupName', 'GroupId', 'Arn', 'CreateDate'].map((field) => `Groups[].${field}`),
    {
      operation: 'ListGroups',
      steps: ['list groups of a path'],
      moto: 'ignores PathPrefix',
      aws: 'filters by PathPrefix',
      page: iamPage('ListGroups'),
    },
  ),
  ...[
    'GetGroup',
    'ListGroups',
    'ListPolicyVersions',
    'ListGroupPolicies',
    'ListAccessKeys',
    'ListSSHPublicKeys',
    'ListSigningCertificates',
    'ListAccountAliases',
  ].map((operation) => ({
    operation,
    at: 'IsTruncated',
    moto: 'leaves it out, or empty',
    aws: 'answers it always',
    page: iamPage(operation),
  })),
  ...fields(['Users[].Tags[].Key', 'Users[].Tags[].Value'], {
    operation: 'GetGroup',
    moto: 'shows the tags of members',
    aws: 'leaves tags out of lists of users',
    page: iamPage('User'),
  }),
  ...fields(
    ['User.PermissionsBoundary.PermissionsBoundaryType', 'User.PermissionsBoundary.PermissionsBoundaryArn'],
    {
      operation: 'CreateUser',
      moto: 'ignores PermissionsBoundary',
      aws: 'sets it',
      page: iamPage('CreateUser'),
    },
  ),
  ...fields(
    ['User.PermissionsBoundary.PermissionsBoundaryType', 'User.PermissionsBoundary.PermissionsBoundaryArn'],
    {
      operation: 'GetUser',
      moto: 'knows no boundary',
      aws: 'shows it',
      page: iamPage('GetUser'),
    },
  ),

  ...['CreatePolicy', 'GetPolicy'].map((operation) => ({
    operation,
    at: 'Policy.PermissionsBoundaryUsageCount',
    moto: 'leaves it out',
    aws: 'counts the users and roles with this boundary',
    page: iamPage('Policy'),
  })),
  ...['ListPolicies', 'GetAccountAuthorizationDetails'].map((operation) => ({
    operation,
    at: 'Policies[].PermissionsBoundaryUsageCount',
    moto: 'leaves it out',
    aws: 'counts the users and roles with this boundary',
    page: iamPage('Policy'),
  })),
  ...[
    ['GetPolicy', 'Policy'],
    ['ListPolicies', 'Policies[]'],
    ['GetAccountAuthorizationDetails', 'Policies[]'],
  ].map(([operation = '', place]) => ({
    operation,
    at: `${place}.AttachmentCount`,
    moto: 'counts attaching again',
    aws: 'counts the entities that it is attached to',
    page: iamPage('Policy'),
  })),
  ...fields(['Policies[].PolicyName', 'Policies[].PolicyId'], {
    operation: 'GetAccountAuthorizationDetails',
    moto: 'leaves it out',
    aws: 'answers it',
    page: iamPage('ManagedPolicyDetail'),
  }),
  ...[
    ['CreatePolicyVersion', 'PolicyVersion'],
    ['ListPolicyVersions', 'Versions[]'],
  ].map(([operation = '', place]) => ({
    operation,
    at: `${place}.Document`,
    moto: 'answers the document',
    aws: 'answers it to GetPolicyVersion and GetAccountAuthorizationDetails only',
    page: iamPage('PolicyVersion'),
  })),

  ...['CreateLoginProfile', 'GetLoginProfile'].map((operation) => ({
    operation,
    at: 'LoginProfile.PasswordResetRequired',
    moto: 'forgets it',
    aws: 'keeps what CreateLoginProfile was given',
    page: iamPage('LoginProfile'),
  })),
  ...fields(['VirtualMFADevices[].Base32StringSeed', 'VirtualMFADevices[].QRCodePNG'], {
    operation: 'ListVirtualMFADevices',
    moto: 'shows the seed',
    aws: 'shows it once, to who made the device',
    page: iamPage('CreateVirtualMFADevice'),
  }),
  {
    operation: 'GetAccountPasswordPolicy',
    at: 'PasswordPolicy.MaxPasswordAge',
    moto: 'says 0 when passwords do not expire',
    aws: 'leaves it out: its values begin at 1',
    page: iamPage('PasswordPolicy'),
  },
  ...fields(['SummaryMap.AccountMFAEnabled', 'SummaryMap.AccountPasswordPresent'], {
    operation: 'GetAccountSummary',
    moto: 'has a root user without MFA and password',
    aws: 'says what the root user has',
    page: iamPage('GetAccountSummary'),
  }),
  ...[
    ['CreateRole', 'Role'],
    ['GetAccountAuthorizationDetails', 'RoleDetailList[]'],
  ].map(([operation = '', place]) => ({
    operation,
    at: `${place}.PermissionsBoundary.PermissionsBoundaryType`,
    moto: 'says PermissionsBoundaryPolicy',
    aws: 'can only say Policy',
    page: iamPage('AttachedPermissionsBoundary'),
  })),

  ...fields(['Marker', 'Prefix', 'Contents[].ChecksumAlgorithm[]'], {
    operation: 'ListObjects',
    moto: 'leaves it out',
    aws: 'answers it',
    page: bucketPage('ListObjects'),
  }),
  {
    operation: 'ListObjects',
    at: 'Contents[].Owner.DisplayName',
    moto: 'still has it',
    aws: 'has given it up, and leaves it out',
    page: bucketPage('Owner'),
  },

  { ...lacks('LookupEvents'), page: trailPage('LookupEvents') },
  ...[
    { operation: 'CreateTrail', aws: 'a trail is made once: TrailAlreadyExistsException' },
    { operation: 'DeleteTrail', aws: 'an unknown trail is TrailNotFoundException' },
  ].map((each) => ({ ...each, at: 'error', moto: 'accepts it', page: trailPage(each.operation) })),
  {
    operation: 'GetTrail',
    at: 'Trail.HomeRegion',
    moto: 'leaves it out',
    aws: 'answers it',
    page: trailPage('Trail'),
  },
  ...fields(['LatestDeliveryTime', 'LatestDeliveryAttemptTime'], {
    operation: 'GetTrailStatus',
    steps: ['status of a trail that logs', 'status of a trail that stopped'],
    moto: 'delivers at once',
    aws: 'delivers after about five minutes',
    page: 'https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html',
  }),
  ...fields(['EventSelectors[].ReadWriteType', 'EventSelectors[].IncludeManagementEvents'], {
    operation: 'GetEventSelectors',
    steps: ['selectors of a new trail'],
    moto: 'has none',
    aws: 'logs all management events by default',
    page: trailPage('PutEventSelectors'),
  }),
]
