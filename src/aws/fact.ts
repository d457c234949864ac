/**
 * What AWS was asked, and either said or did not say. A fact that is not known has its reason with it, and the
 * permission that would have helped: nothing is ever concluded from silence.
 */
import { AwsCallError } from './errors.ts'

export type Fact<T> = { readonly known: true; readonly value: T } | Unknown

export interface Unknown {
  readonly known: false
  /** One sentence: why it is not known. */
  readonly reason: string
  /** The IAM action that was refused, `cloudtrail:GetTrailStatus`; null where it is something else. */
  readonly missingPermission: string | null
}

export const known = <T>(value: T): Fact<T> => ({ known: true, value })

export const unknown = (reason: string, missingPermission: string | null = null): Unknown => ({
  known: false,
  reason,
  missingPermission,
})

/**
 * Asks. What AWS refuses, or does not answer, is a fact that is not known.
 *
 * @param permission the IAM action that the question needs
 * @throws whatever is no matter of AWS
 */
export async function factOf<T>(permission: string, ask: () => Promise<T>): Promise<Fact<T>> {
  try {
    return known(await ask())
  } catch (error) {
    if (!(error instanceof AwsCallError)) throw error
    const isDenied = error.class === 'denied'
    const reason = isDenied ? `Muster may not call ${permission}` : error.message
    return unknown(reason, isDenied ? permission : null)
  }
}

export function mapFact<T, U>(fact: Fact<T>, change: (value: T) => U): Fact<U> {
  return fact.known ? known(change(fact.value)) : fact
}
