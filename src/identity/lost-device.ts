/** A device that somebody has taken away again, soon after Muster enabled it. */
import { settlesAt } from './credential-rules.ts'
import type { LoadedIdentity } from './ledger-model.ts'
import type { ReconcileContext } from './reconcile-context.ts'

const takesAway = new Set(['DeactivateMFADevice', 'DeleteVirtualMFADevice'])

/**
 * For minutes after a device was enabled, a list without it is taken for a read that lags behind. Where an event tells
 * that somebody took it away, there is no more reason to believe that.
 */
export async function heedLostDevice(
  identity: LoadedIdentity,
  { toldSince, clock }: Pick<ReconcileContext, 'toldSince' | 'clock'>,
): Promise<LoadedIdentity> {
  const { mfaEnabledAt } = identity
  if (mfaEnabledAt === null || settlesAt({ mfaEnabledAt, resetMfa: false, now: clock() }) === null)
    return identity
  const told = await toldSince(identity, mfaEnabledAt)
  const isLost = told.some(({ eventName, at }) => takesAway.has(eventName) && at >= mfaEnabledAt)
  return isLost ? { ...identity, mfaEnabledAt: null } : identity
}
