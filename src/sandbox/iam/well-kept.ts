/** What a well-kept account has before Muster comes, so that a fresh sandbox has nothing to be reproached with. */

import type { Account } from './account-data.ts'
import { keyOf, moment } from './account-state.ts'
import { drawId } from './ids.ts'

/**
 * A role for AWS Support, and an identity provider: what CIS asks of every account.
 * https://docs.aws.amazon.com/securityhub/latest/userguide/iam-controls.html#iam-18
 */
export function keepWell(account: Account, now: Date): void {
  const { accountId } = account
  const arn = `arn:aws:iam::${accountId}:saml-provider/company-directory`
  account.samlProviders.set(arn, {
    arn,
    createDate: moment(now),
    validUntil: moment(new Date(now.getTime() + 10 * 365 * 86_400_000)),
  })
  account.roles.set(keyOf('support'), {
    roleName: 'support',
    roleId: drawId(account, 'AROA'),
    path: '/',
    createDate: moment(now),
    description: 'Looks after support cases',
    trustPolicy: JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Federated: arn }, Action: 'sts:AssumeRoleWithSAML' }],
    }),
    maxSessionSeconds: 3600,
    tags: [],
    attachedPolicies: ['arn:aws:iam::aws:policy/AWSSupportAccess'],
    inlinePolicies: new Map(),
  })
}
