import { awsPolicyArn } from '../arns.ts'
import { type Control, verdictOf } from '../control.ts'
import { withFacts } from '../facts-at-hand.ts'

export const cloudshellFullAccess: Control = {
  id: 'cloudshell-full-access',
  title: 'Nobody has full access to CloudShell',
  practice: 'least-privilege',
  severity: 'medium',
  remedy:
    'Detach AWSCloudShellFullAccess, and where a shell is needed give a policy without cloudshell:GetFileUploadUrls and cloudshell:GetFileDownloadUrls.',
  checks: ['iam_policy_cloudshell_admin_not_attached'],
  judge: (snapshot) =>
    withFacts({ holders: snapshot.cloudShellFullAccess }, ({ holders }) => {
      const { users, groups, roles } = holders
      const finding = {
        resource: awsPolicyArn(snapshot, 'AWSCloudShellFullAccess'),
        message: `AWSCloudShellFullAccess is attached to ${[...users, ...groups, ...roles].join(', ')}`,
        evidence: { ...holders },
      }
      return verdictOf(users.length + groups.length + roles.length > 0 ? [finding] : [], { ...holders })
    }),
}
