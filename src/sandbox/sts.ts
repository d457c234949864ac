/** STS, as little as is needed: who am I, and a session with MFA. */
import type { Account } from './iam/account-data.ts'
import { moment, userNamed } from './iam/account-state.ts'
import { authenticationCode, serialNumber } from './iam/names.ts'
import { fromBase32, stepOfCode } from './iam/totp.ts'
import { openSession } from './identities.ts'
import { type OperationTable, reads, writes } from './operation.ts'
import { Refusal } from './refusal.ts'

export const stsOperations: OperationTable = {
  GetCallerIdentity: reads({}, ({ accountId }, _params, { caller }) => ({
    UserId: caller.principalId,
    Account: accountId,
    Arn: caller.arn,
  })),
  // Not a change of the account's state that anybody sees, but it draws from the account's seed.
  GetSessionToken: writes(
    {
      DurationSeconds: { type: 'integer', min: 900, max: 129_600 },
      SerialNumber: serialNumber,
      TokenCode: authenticationCode,
    },
    (account, { DurationSeconds: seconds = 43_200, SerialNumber: serial, TokenCode: code }, context) => {
      const { now, caller } = context
      if (caller.userName === undefined || caller.session) {
        throw new Refusal('AccessDenied', 'Cannot call GetSessionToken with session credentials')
      }
      if (serial !== undefined || code !== undefined) {
        mustBeCurrent(account, caller.userName, serial ?? '', code ?? '', now)
      }
      const made = openSession(account, caller.userName, { now, withMfa: serial !== undefined })
      return {
        Credentials: {
          AccessKeyId: made.accessKeyId,
          SecretAccessKey: made.secretAccessKey,
          SessionToken: made.sessionToken,
          Expiration: moment(new Date(now.getTime() + seconds * 1000)),
        },
      }
    },
  ),
}

/** @throws Refusal `AccessDenied` unless the code is that of now, or of the step before or after, and not used before */
function mustBeCurrent(account: Account, userName: string, serial: string, code: string, now: Date): void {
  const device = account.virtualMfaDevices.get(serial)
  const owned = userNamed(account, userName).mfaDevices.some((each) => each.serialNumber === serial)
  const step = device && owned ? stepOfCode(fromBase32(device.seed), code, now) : undefined
  if (!device || step === undefined || device.outOfStep || step <= (device.lastStep ?? 0)) {
    throw new Refusal('AccessDenied', 'MultiFactorAuthentication failed with invalid MFA one time pass code.')
  }
  device.lastStep = step
}
