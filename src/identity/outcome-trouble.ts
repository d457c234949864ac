/** What went wrong in a run, and whose it is to mend: an administrator's, or the next try's. Pure. */
import { AwsCallError } from '../aws/errors.ts'
import type { Run } from './run.ts'

export interface Trouble {
  /** What an administrator has to do, where there is something; otherwise what failed first. */
  readonly message: string
  readonly isForAdministrators: boolean
  /** What a retry may mend, whatever else has to wait for an administrator; null when there is nothing such. */
  readonly retry: string | null
}

/** A run goes on after a failure, so it may come to several: none of them hides another. */
export function troubleOf(errors: readonly unknown[]): Trouble | undefined {
  const lasting = errors.find(isForAdministrators)
  const passing = errors.find((error) => !isForAdministrators(error)) as Error | undefined
  if (lasting) return { message: advice(lasting), isForAdministrators: true, retry: passing?.message ?? null }
  return passing && { message: passing.message, isForAdministrators: false, retry: passing.message }
}

/** What no retry mends: permissions, quotas, a refusal of the parameters, a name that is taken. */
function isForAdministrators(error: unknown): error is AwsCallError {
  if (!(error instanceof AwsCallError)) return false
  // Whose the name is that a joiner wanted is found out by a look.
  if (error.class === 'exists') return error.action !== 'CreateUser'
  return ['denied', 'limit', 'invalid'].includes(error.class)
}

function advice(error: AwsCallError): string {
  switch (error.class) {
    case 'denied':
      return `Muster lacks the permission iam:${error.action}: allow it to Muster's role (${error.message})`
    case 'limit':
      return `a quota of the account is reached: raise it or make room (${error.message})`
    default:
      return error.message
  }
}

/** What could not be read, so that nobody can tell whether all is done. */
export function unread({ plan, observed, unsettled }: Run): string | undefined {
  if (observed.kind === 'unknown') return 'IAM did not tell whether the user is there'
  if (unsettled) return 'the user was made moments ago and does not show in IAM yet'
  return plan.unread.length > 0 ? `IAM did not answer ${plan.unread.join(', ')}` : undefined
}

/** Renamed by hand, and somebody else has its name by now. */
export function otherName({ observed, identity: { userName } }: Run): string | null {
  if (observed.kind !== 'present' || observed.user.nameTakenBy === null) return null
  return `IAM calls this user "${observed.user.userName}", and "${userName}" is somebody else's: once that one is renamed or deleted, Muster gives the name back`
}
