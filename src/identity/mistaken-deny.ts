/** A lock's first call that met a user who is not the leaver. */
import { undoDeny } from './first-deny.ts'
import { holderOf } from './observe.ts'
import type { ReconcileContext } from './reconcile-context.ts'
import type { Run } from './run.ts'
import { isSameName } from './user-name.ts'

/**
 * The first call went by name, unread: if the name is somebody else's, it is taken back. Whichever run sees
 * whose it is does this, also when the call was another worker's or another process's. What decides is whose
 * the called name is, by its `UserId`: that our user shows under another name may be a read that lags behind.
 */
export async function undoMistake(run: Run, context: ReconcileContext): Promise<Run> {
  const { identity, denied, observed } = run
  const accepted = denied?.by === 'quarantine' || denied?.by === 'boundary'
  const called = accepted ? (identity.lastSeenName ?? identity.userName) : identity.deniedName
  if (called === null || observed.kind === 'unknown') return { ...run, deniedName: called }
  const settled: Run = { ...run, deniedName: null }
  if (observed.kind === 'present' && isSameName(observed.user.userName, called)) return settled
  const holder = await holderOf(called, context.account)
  if (holder === identity.awsUserId && holder !== null) return settled
  if (holder === 'unknown') return { ...run, deniedName: called }
  // The name is nobody's: renamed just now, or the reads disagree. As long as our user stands, look again.
  if (holder === null) return { ...run, deniedName: observed.kind === 'present' ? called : null }
  // Nobody of ours was denied by that call.
  const mistaken: Run = { ...settled, denied: denied && { ...denied, by: 'absent' }, wasMistaken: true }
  if (await context.isToBeOut(holder)) return mistaken
  const undone = await undoDeny(context.account, called, context.registration.quarantineGroup)
  const extraSteps = [...run.extraSteps, undone]
  return { ...mistaken, extraSteps, deniedName: undone.outcome === 'failed' ? called : null }
}
