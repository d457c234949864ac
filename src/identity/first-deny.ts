/**
 * The first call of a lock: before any read, by the stored name, on a client and in a place of the
 * limiter of its own.
 */
import { ListGroupsForUserCommand } from '@aws-sdk/client-iam'
import type { Account } from '../aws/account.ts'
import { AwsCallError, isAwsError, isMissingUser } from '../aws/errors.ts'
import type { Clock } from '../clock.ts'
import type { RecordedStep } from '../store/schema.ts'
import type { Ledger, LoadedIdentity } from './ledger-model.ts'
import type { Step } from './model.ts'
import { holderOf } from './observe.ts'
import { commandOf, paramsOf } from './steps.ts'

export interface Denied {
  /** How the user was denied everything; `absent` when there is no user of that name. */
  readonly by: 'quarantine' | 'boundary' | 'absent' | 'nothing'
  readonly at: Date
  readonly steps: readonly RecordedStep[]
  /** Why not by the quarantine group, if not. */
  readonly error?: unknown
}

export interface DenyTarget {
  readonly userName: string
  /** The user's own id, as far as it is known. */
  readonly awsUserId: string | null
  readonly quarantineGroup: string
  /** Denies everything without MFA: never left to make room. */
  readonly baselineGroup: string
  readonly clock: Clock
  /** `AWSDenyAll`, the boundary of last resort. */
  readonly denyAllArn: string
  /** Groups the user is known to be in: one of them makes room when ten are full. */
  readonly knownGroups: readonly string[]
}

/**
 * Puts the user into quarantine. Fails that for any reason but throttling or a missing user, `AWSDenyAll` is put
 * as the user's boundary; then a group is left, and the first call repeated.
 *
 * What a group denies is taken back by leaving it; a boundary that is replaced is lost. So before the boundary is
 * put, and only then, one look makes sure that the name is not another user's by now.
 *
 * Never throws an AWS error: what failed is in the result.
 */
async function denyAtOnce(account: Account, target: DenyTarget): Promise<Denied> {
  const steps: RecordedStep[] = []
  const at = target.clock()
  const quarantine: Step = {
    do: 'AddUserToGroup',
    UserName: target.userName,
    GroupName: target.quarantineGroup,
  }
  async function attempt(step: Step): Promise<unknown> {
    try {
      const { requestId, startedAt, durationMs, attempts } = await account.callUrgently(commandOf(step))
      steps.push({
        do: step.do,
        params: paramsOf(step),
        outcome: 'done',
        startedAt: startedAt.toISOString(),
        durationMs: Math.round(durationMs),
        attempts,
        ...(requestId ? { requestId } : {}),
      })
      return undefined
    } catch (error) {
      if (!(error instanceof AwsCallError)) throw error
      steps.push({ do: step.do, params: paramsOf(step), outcome: 'failed', error: error.message })
      return error
    }
  }

  const error = await attempt(quarantine)
  if (error === undefined) return { by: 'quarantine', at, steps }
  if (isMissingUser(error)) return { by: 'absent', at, steps, error }
  if (isAwsError(error, 'throttled')) return { by: 'nothing', at, steps, error }

  if (await isSomebodyElse(account, target)) return { by: 'absent', at, steps, error }

  const boundaryError = await attempt({
    do: 'PutUserPermissionsBoundary',
    UserName: target.userName,
    PermissionsBoundary: target.denyAllArn,
  })
  if (isMissingUser(boundaryError)) return { by: 'absent', at, steps, error: boundaryError }
  // Only a full user needs room; to leave a group for any other reason could take away what denies.
  const room = isAwsError(error, 'limit') ? await groupToLeave(account, target) : undefined
  if (room) await attempt({ do: 'RemoveUserFromGroup', UserName: target.userName, GroupName: room })
  const secondError = await attempt(quarantine)
  if (secondError === undefined) return { by: 'quarantine', at, steps }
  return { by: boundaryError === undefined ? 'boundary' : 'nothing', at, steps, error: secondError }
}

/** False too when IAM does not say: a leaver is not left in for a read that failed. */
async function isSomebodyElse(account: Account, { userName, awsUserId }: DenyTarget): Promise<boolean> {
  if (awsUserId === null) return false
  const holder = await holderOf(userName, account)
  return holder !== 'unknown' && holder !== awsUserId
}

async function groupToLeave(account: Account, target: DenyTarget): Promise<string | undefined> {
  const gives = (group: string | undefined) =>
    group !== target.quarantineGroup && group !== target.baselineGroup
  const known = target.knownGroups.find(gives)
  if (known) return known
  try {
    const { output } = await account.callUrgently(new ListGroupsForUserCommand({ UserName: target.userName }))
    return output.Groups?.find(({ GroupName }) => gives(GroupName))?.GroupName
  } catch (error) {
    if (error instanceof AwsCallError) return undefined
    throw error
  }
}

/** Makes one first call of what several ask for at the same moment: the reserved worker and the reconcile. */
export type FirstDeny = (
  identity: Pick<
    LoadedIdentity,
    'id' | 'employeeId' | 'generation' | 'cause' | 'userName' | 'lastSeenName' | 'awsUserId' | 'groups'
  >,
) => Promise<Denied>

/** For how long a finished first call answers for another of the same generation. */
const sharedMs = 10_000

/** `noteDenied` is called once for each accepted deny, before anybody hears of it. */
export function shareFirstDenies(
  account: Account,
  target: Pick<DenyTarget, 'quarantineGroup' | 'baselineGroup' | 'denyAllArn' | 'clock'>,
  noteDenied: Ledger['noteDenied'],
): FirstDeny {
  const running = new Map<string, Promise<Denied>>()
  return (identity) => {
    const key = `${identity.id} ${identity.generation}`
    const known = running.get(key)
    if (known) return known
    const userName = identity.lastSeenName ?? identity.userName
    const denying = denyAtOnce(account, {
      ...target,
      userName,
      awsUserId: identity.awsUserId,
      knownGroups: identity.groups,
    }).then(async (denied) => {
      const accepted = denied.by === 'quarantine' || denied.by === 'boundary'
      if (accepted) {
        const setBoundary = denied.steps.some(({ do: action }) => action === 'PutUserPermissionsBoundary')
        await noteDenied(identity, { userName, at: denied.at, setBoundary, steps: denied.steps })
      }
      // What was not accepted is asked for again by whoever comes next.
      setTimeout(() => running.delete(key), accepted ? sharedMs : 0).unref()
      return denied
    })
    denying.catch(() => running.delete(key))
    running.set(key, denying)
    return denying
  }
}

/** Takes the quarantine from a user who turned out to be somebody else. */
export async function undoDeny(
  account: Account,
  userName: string,
  quarantineGroup: string,
): Promise<RecordedStep> {
  const step: Step = { do: 'RemoveUserFromGroup', UserName: userName, GroupName: quarantineGroup }
  try {
    const { requestId } = await account.callUrgently(commandOf(step))
    return { do: step.do, params: paramsOf(step), outcome: 'done', ...(requestId ? { requestId } : {}) }
  } catch (error) {
    if (!(error instanceof AwsCallError)) throw error
    const outcome = error.class === 'absent' ? 'already' : 'failed'
    return { do: step.do, params: paramsOf(step), outcome, error: error.message }
  }
}
