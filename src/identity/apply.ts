/** Applying a plan: one step, one IAM call, in order. */
import { setTimeout as delay } from 'node:timers/promises'
import type { CreateUserResponse } from '@aws-sdk/client-iam'
import { type Account, Cancelled } from '../aws/account.ts'
import { AwsCallError, isAwsError, isMissingUser } from '../aws/errors.ts'
import { type Priority, priorities } from '../aws/limiter.ts'
import { denyAllArn } from '../catalog/own-groups.ts'
import type { RecordedStep } from '../store/schema.ts'
import type { Plan, Step } from './model.ts'
import { commandOf, grants, isDoneWhenAbsent, paramsOf, takesCredential } from './steps.ts'

export interface ApplyOptions {
  readonly account: Account
  readonly quarantineGroup: string
  /** Denies nearly everything without MFA: who is put back into it has less, not more. */
  readonly baselineGroup: string
  /** Asked right before each call that grants; false ends the run. */
  readonly stillWanted: () => Promise<boolean>
  /** Asked besides, of what gives access: false while CloudTrail is not verified. Left out where it was asked before. */
  readonly mayGrant?: () => Promise<boolean>
  /** Told of a user as soon as it is made, before anything else is done with it; false ends the run. */
  readonly created: (userId: string) => Promise<boolean>
}

export interface Applied {
  readonly steps: readonly RecordedStep[]
  /** The `UserId` of a user created in this run. */
  readonly createdUserId: string | null
  /** A newer generation took over: the rest was not done. */
  readonly stopped: boolean
  /** What failed, in order; after the first, nothing more is given. */
  readonly errors: readonly unknown[]
}

/** Goes on after a failure; only what follows from the others waits for them. */
export async function applyPlan(plan: Plan, options: ApplyOptions): Promise<Applied> {
  const isLeaver = plan.kind === 'lock' || plan.kind === 'purge'
  const priority = isLeaver ? priorities.interactive : priorities.reconcile
  const steps: RecordedStep[] = []
  const errors: unknown[] = []
  let createdUserId: string | null = null
  let stopped = false
  for (const step of plan.steps) {
    if (stopped || (errors.length > 0 && needsTheOthers(step, plan, options))) {
      steps.push({ do: step.do, params: paramsOf(step), outcome: 'skipped' })
      continue
    }
    const result = await applyStep(step, {
      ...options,
      priority,
      afterCreate: createdUserId !== null,
      mayBeOverruled: !isLeaver,
    })
    steps.push(result.recorded)
    if (result.createdUserId !== null) {
      createdUserId = result.createdUserId
      stopped = !(await options.created(createdUserId))
    }
    if (result.error instanceof Cancelled) stopped = true
    else if (result.error !== undefined) errors.push(result.error)
    if (isLeaver && missedQuarantine(step, result.error, options)) {
      const deny: Step = {
        do: 'PutUserPermissionsBoundary',
        UserName: step.UserName,
        PermissionsBoundary: denyAllArn(options.account.partition),
      }
      const instead = { ...options, priority, afterCreate: false, mayBeOverruled: false }
      steps.push((await applyStep(deny, instead)).recorded)
    }
  }
  // Whoever could not be deleted does not stay outside the quarantine.
  if (leftQuarantineAlive(steps, plan, options.quarantineGroup)) {
    const UserName = String(steps.at(-1)?.params.UserName)
    const back: Step = { do: 'AddUserToGroup', UserName, GroupName: options.quarantineGroup }
    steps.push(
      (await applyStep(back, { ...options, priority, afterCreate: false, mayBeOverruled: false })).recorded,
    )
  }
  return { steps, createdUserId, stopped, errors }
}

/**
 * As with a lock's first call: whoever is out of the quarantine again, and cannot be put back, is denied by the boundary,
 * before a group is left that may be the last to deny.
 */
function missedQuarantine(
  step: Step,
  error: unknown,
  { quarantineGroup }: ApplyOptions,
): step is Extract<Step, { do: 'AddUserToGroup' }> {
  const isQuarantine = step.do === 'AddUserToGroup' && step.GroupName === quarantineGroup
  return isQuarantine && error !== undefined && !isAwsError(error, 'throttled') && !isMissingUser(error)
}

function leftQuarantineAlive(steps: readonly RecordedStep[], plan: Plan, quarantineGroup: string): boolean {
  if (plan.kind !== 'purge' || steps.at(-1)?.do !== 'DeleteUser') return false
  const isDone = ({ outcome }: RecordedStep) => outcome === 'done' || outcome === 'already'
  const hasLeft = steps.some(
    (step) => step.do === 'RemoveUserFromGroup' && step.params.GroupName === quarantineGroup && isDone(step),
  )
  return hasLeft && steps.at(-1)?.outcome === 'failed'
}

/**
 * Whether it is only done when all before it was. A join after a group that could not be left would give two roles at
 * once, and a new boundary over old groups more than either; so nobody is given anything after a failure. What is only
 * taken away does not wait: one protected group must not keep a policy attached by hand in force.
 */
function needsTheOthers(step: Step, plan: Plan, { quarantineGroup, baselineGroup }: ApplyOptions): boolean {
  if (plan.kind === 'lock' || plan.kind === 'purge') return isLastOfPurge(step, plan, quarantineGroup)
  // A repair gives nothing new: its boundary is the one on record, or the first of all.
  const restrains =
    step.do === 'PutUserPermissionsBoundary' ||
    (step.do === 'AddUserToGroup' && step.GroupName === baselineGroup)
  if (plan.kind === 'repair' && restrains) return false
  // A new name could hide the user from those who look for what is left.
  return step.do === 'UpdateUser' || grants(step, quarantineGroup)
}

/** Out of the quarantine and gone: only when nothing is left that could act. */
function isLastOfPurge(step: Step, plan: Plan, quarantineGroup: string): boolean {
  if (plan.kind !== 'purge') return false
  return step.do === 'DeleteUser' || (step.do === 'RemoveUserFromGroup' && step.GroupName === quarantineGroup)
}

interface StepResult {
  readonly recorded: RecordedStep
  readonly createdUserId: string | null
  readonly error?: unknown
}

interface StepOptions extends ApplyOptions {
  readonly priority: Priority
  /** The user was created moments ago: `NoSuchEntity` is normal for some seconds. */
  readonly afterCreate: boolean
  /** Not a leaver's: what was read may have been overtaken by an enrollment, whose password is not to be taken. */
  readonly mayBeOverruled: boolean
}

/** Waits between tries within one run, in ms; what lasts longer is the job's to retry. */
const backoffMs = [150, 400, 1000, 2000]

async function applyStep(step: Step, options: StepOptions): Promise<StepResult> {
  const { account, priority } = options
  const params = paramsOf(step)
  const stillWanted = questionOf(step, options)
  const callOptions = stillWanted ? { priority, stillWanted } : { priority }
  /** A try whose answer was lost: it may have taken effect, whatever becomes of the next. */
  let unanswered: unknown
  for (let attempt = 1; ; attempt++) {
    try {
      const called = await account.call(commandOf(step), callOptions)
      return {
        recorded: {
          do: step.do,
          params,
          outcome: 'done',
          startedAt: called.startedAt.toISOString(),
          durationMs: Math.round(called.durationMs),
          attempts: attempt,
          ...(called.requestId ? { requestId: called.requestId } : {}),
        },
        createdUserId: (called.output as CreateUserResponse).User?.UserId ?? null,
      }
    } catch (error) {
      if (
        isAwsError(error, 'absent') &&
        isDoneWhenAbsent(step) &&
        !(isMissingUser(error) && step.do !== 'DeleteUser')
      ) {
        return { recorded: recordedError(step, 'already', attempt, error), createdUserId: null }
      }
      if (error instanceof AwsCallError && error.outcomeUnknown) unanswered = error
      const wait = backoffMs[attempt - 1]
      if (wait !== undefined && isWorthAnotherTry(step, error, options.afterCreate)) {
        await delay(wait * (0.75 + Math.random() / 2))
        continue
      }
      const wasNeverTried = error instanceof Cancelled && unanswered === undefined
      const cause = error instanceof Cancelled ? (unanswered ?? error) : error
      const outcome = wasNeverTried ? 'skipped' : 'failed'
      return { recorded: recordedError(step, outcome, attempt, cause), createdUserId: null, error }
    }
  }
}

/** What is asked when the call's turn has come. */
function questionOf(step: Step, options: StepOptions): (() => Promise<boolean>) | undefined {
  const { stillWanted, mayGrant, mayBeOverruled, quarantineGroup } = options
  if (grants(step, quarantineGroup)) {
    return async () => (await stillWanted()) && (mayGrant === undefined || (await mayGrant()))
  }
  return mayBeOverruled && takesCredential(step) ? stillWanted : undefined
}

function isWorthAnotherTry(step: Step, error: unknown, afterCreate: boolean): boolean {
  // A user's device or group that was left a moment ago may still count.
  if (isAwsError(error, 'delete-conflict')) return true
  if (isAwsError(error, 'throttled', 'transient')) {
    // After an unknown outcome the user may be there: the next look tells whose it is.
    return !(step.do === 'CreateUser' && (error as AwsCallError).outcomeUnknown)
  }
  return afterCreate && isAwsError(error, 'absent')
}

function recordedError(
  step: Step,
  outcome: RecordedStep['outcome'],
  attempts: number,
  error: unknown,
): RecordedStep {
  const requestId = error instanceof AwsCallError ? error.requestId : undefined
  return {
    do: step.do,
    params: paramsOf(step),
    outcome,
    attempts,
    ...(requestId ? { requestId } : {}),
    ...(error instanceof Cancelled ? {} : { error: (error as Error).message }),
  }
}
