/** Service-specific credentials: user name and password for one AWS service, such as CodeCommit over HTTPS. */
import { required } from '../fields.ts'
import { type OperationTable, reads, writes } from '../operation.ts'
import { Refusal } from '../refusal.ts'
import type { Account, ServiceCredential, User } from './account-data.ts'
import { keepQuota, moment, userNamed } from './account-state.ts'
import { drawId, drawSecret } from './ids.ts'
import * as is from './names.ts'
import { page, rest } from './pages.ts'
import { userOrCaller } from './users.ts'

const services = new Set([
  'bedrock.amazonaws.com',
  'cassandra.amazonaws.com',
  'codecommit.amazonaws.com',
  'logs.amazonaws.com',
])
const serviceName = { type: 'text' } as const
const dayMs = 86_400_000

export const serviceCredentialOperations: OperationTable = {
  CreateServiceSpecificCredential: writes(
    {
      UserName: required(is.newUserName),
      ServiceName: required(serviceName),
      CredentialAgeDays: { type: 'integer', min: 1, max: 36600 },
    },
    (account, params, { now }) => {
      const user = userNamed(account, params.UserName)
      mustBeKnown(params.ServiceName)
      const used = user.serviceCredentials.filter((each) => each.serviceName === params.ServiceName).length
      keepQuota('ServiceSpecificCredentialsPerUser', used, account.quotas.serviceCredentialsPerUserAndService)
      const credential: ServiceCredential = {
        id: drawId(account, 'ACCA'),
        serviceName: params.ServiceName,
        serviceUserName: `${user.userName}-at-${account.accountId}${used > 0 ? `+${used}` : ''}`,
        status: 'Active',
        createDate: moment(now),
        ...(params.CredentialAgeDays === undefined
          ? {}
          : { expirationDate: moment(new Date(now.getTime() + params.CredentialAgeDays * dayMs)) }),
      }
      user.serviceCredentials = [...user.serviceCredentials, credential]
      const password = drawSecret(account, 44)
      return { ServiceSpecificCredential: { ...described(user, credential), ServicePassword: password } }
    },
  ),
  ListServiceSpecificCredentials: reads(
    { UserName: is.newUserName, ServiceName: serviceName, AllUsers: is.flag, ...is.paging },
    (account, params, { caller }) => {
      if (params.ServiceName !== undefined) mustBeKnown(params.ServiceName)
      if (params.AllUsers && params.UserName !== undefined) {
        throw new Refusal('ValidationError', 'UserName and AllUsers cannot be specified together.')
      }
      const users = params.AllUsers
        ? account.users.values()
        : [userOrCaller(account, params.UserName, caller)]
      const all = [...users].flatMap((user) =>
        user.serviceCredentials
          .filter((each) => params.ServiceName === undefined || each.serviceName === params.ServiceName)
          .map((credential) => ({ user, credential })),
      )
      const found = page(all, ({ credential }) => credential.id, params)
      const metadata = found.items.map(({ user, credential }) => described(user, credential))
      return { ServiceSpecificCredentials: metadata, ...rest(found) }
    },
  ),
  UpdateServiceSpecificCredential: writes(
    {
      UserName: is.newUserName,
      ServiceSpecificCredentialId: required(is.publicKeyId),
      Status: required(is.status),
    },
    (account, params, { caller }) => {
      const { credential } = owned(account, params, caller.userName)
      credential.status = params.Status
    },
  ),
  DeleteServiceSpecificCredential: writes(
    { UserName: is.newUserName, ServiceSpecificCredentialId: required(is.publicKeyId) },
    (account, params, { caller }) => {
      const { user, credential } = owned(account, params, caller.userName)
      user.serviceCredentials = user.serviceCredentials.filter((each) => each !== credential)
    },
  ),
}

function owned(
  account: Account,
  params: { readonly UserName?: string | undefined; readonly ServiceSpecificCredentialId: string },
  callerName: string | undefined,
) {
  const id = params.ServiceSpecificCredentialId
  const name = params.UserName ?? callerName
  // An administrator may leave the name out: the id says whose it is.
  const users = name === undefined ? [...account.users.values()] : [userNamed(account, name)]
  for (const user of users) {
    const credential = user.serviceCredentials.find((each) => each.id === id)
    if (credential) return { user, credential }
  }
  throw new Refusal('NoSuchEntity', `The credential with ID ${id} cannot be found.`)
}

function mustBeKnown(service: string): void {
  if (services.has(service)) return
  const message = `No such service ${service} is supported for Service Specific Credentials`
  throw new Refusal('NotSupportedService', message)
}

const described = (user: User, credential: ServiceCredential) => ({
  UserName: user.userName,
  Status: credential.status,
  ServiceUserName: credential.serviceUserName,
  CreateDate: credential.createDate,
  ExpirationDate: credential.expirationDate,
  ServiceSpecificCredentialId: credential.id,
  ServiceName: credential.serviceName,
})
