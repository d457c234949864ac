/**
 * Root access of member accounts, managed by their organization.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-user.html#id_root-user-access-management
 */
import { type Operation, type OperationTable, reads, writes } from '../operation.ts'
import { Refusal } from '../refusal.ts'
import type { Account, Organization } from './account-data.ts'

type Feature = 'rootCredentialsManagement' | 'rootSessions'

export const organizationOperations: OperationTable = {
  ListOrganizationsFeatures: reads({}, (account) => featuresOf(managedBy(account))),
  EnableOrganizationsRootCredentialsManagement: setting('rootCredentialsManagement', true),
  DisableOrganizationsRootCredentialsManagement: setting('rootCredentialsManagement', false),
  EnableOrganizationsRootSessions: setting('rootSessions', true),
  DisableOrganizationsRootSessions: setting('rootSessions', false),
}

function setting(feature: Feature, on: boolean): Operation {
  return writes({}, (account) => {
    const organization = managedBy(account)
    organization[feature] = on
    return featuresOf(organization)
  })
}

const featuresOf = ({ id, rootCredentialsManagement, rootSessions }: Organization) => ({
  OrganizationId: id,
  EnabledFeatures: [
    ...(rootCredentialsManagement ? ['RootCredentialsManagement'] : []),
    ...(rootSessions ? ['RootSessions'] : []),
  ],
})

/** @throws Refusal for an account that is in no organization, or a mere member of one */
function managedBy({ organization }: Account): Organization {
  if (!organization) {
    throw new Refusal('OrganizationNotFoundException', 'No organization is associated with your account.')
  }
  if (organization.isManagementAccount) return organization
  throw new Refusal(
    'AccountNotManagementOrDelegatedAdministratorException',
    'The account is not the management account or delegated administrator account for centralized root access.',
  )
}
