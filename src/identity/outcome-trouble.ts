/** What went wrong in a run, and whose it is to mend: an administrator's, or the next try's. Pure. */
import { AwsCallError } from '../aws/errors.ts'

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
