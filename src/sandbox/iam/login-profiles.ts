/** Console passwords. The password itself is checked against the account's policy and forgotten. */
import { required } from '../fields.ts'
import { type OperationTable, reads, writes } from '../operation.ts'
import { Refusal } from '../refusal.ts'
import type { Account, User } from './account-data.ts'
import { moment, userNamed } from './account-state.ts'
import * as is from './names.ts'
import { passwordFault } from './password-policy.ts'
import { mustBeModifiable, userOrCaller } from './users.ts'

export const loginProfileOperations: OperationTable = {
  CreateLoginProfile: writes(
    { UserName: is.newUserName, Password: required(is.password), PasswordResetRequired: is.flag },
    (account, params, { now, caller }) => {
      const user = userOrCaller(account, params.UserName, caller)
      if (user.loginProfile) {
        const message = `Login Profile for user ${user.userName} already exists.`
        throw new Refusal('EntityAlreadyExists', message)
      }
      mustBeGoodPassword(account, user, params.Password)
      const at = moment(now)
      user.loginProfile = {
        createDate: at,
        lastChanged: at,
        passwordResetRequired: params.PasswordResetRequired ?? false,
      }
      return { LoginProfile: described(user, user.loginProfile) }
    },
  ),
  GetLoginProfile: reads({ UserName: is.newUserName }, (account, { UserName: userName }, { caller }) => {
    const user = userOrCaller(account, userName, caller)
    return { LoginProfile: described(user, profileOf(user)) }
  }),
  UpdateLoginProfile: writes(
    { UserName: required(is.newUserName), Password: is.password, PasswordResetRequired: is.flag },
    (account, params, { now }) => {
      const user = userNamed(account, params.UserName)
      mustBeModifiable(user, now)
      const profile = profileOf(user)
      if (params.Password !== undefined) {
        mustBeGoodPassword(account, user, params.Password)
        profile.lastChanged = moment(now)
      }
      if (params.PasswordResetRequired !== undefined) {
        profile.passwordResetRequired = params.PasswordResetRequired
      }
    },
  ),
  DeleteLoginProfile: writes({ UserName: is.newUserName }, (account, { UserName: userName }, context) => {
    const user = userOrCaller(account, userName, context.caller)
    mustBeModifiable(user, context.now)
    profileOf(user)
    delete user.loginProfile
  }),
}

function profileOf(user: User): NonNullable<User['loginProfile']> {
  if (user.loginProfile) return user.loginProfile
  throw new Refusal('NoSuchEntity', `Login Profile for User ${user.userName} cannot be found.`)
}

const described = (user: User, profile: NonNullable<User['loginProfile']>) => ({
  UserName: user.userName,
  CreateDate: profile.createDate,
  PasswordResetRequired: profile.passwordResetRequired,
})

function mustBeGoodPassword(account: Account, user: User, password: string): void {
  const fault =
    password.toLowerCase() === user.userName.toLowerCase()
      ? 'Password should not be the same as the user name'
      : passwordFault(account, password)
  if (fault) throw new Refusal('PasswordPolicyViolation', fault)
}
