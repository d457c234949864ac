/** What is done in AWS for the owner of a one-time link: the device, its proof, the password, the key. */
import { randomBytes } from 'node:crypto'
import { type Account, Cancelled } from '../aws/account.ts'
import { AwsCallError, isAwsError } from '../aws/errors.ts'
import { givesCodes } from '../identity/credential-rules.ts'
import type { RoleAccess } from '../identity/desired.ts'
import * as calls from './credential-calls.ts'
import { concludeKey, concludeSignIn, noteEnabled, startOver } from './enroll-record.ts'
import type { EnrollContext, EnrollStep } from './enroll-step.ts'
import { type EnrollmentCase, isOpen, readinessOf } from './enrollment.ts'
import { findEnrollment, forgetDevices, noteDevice } from './enrollment-store.ts'
import { generatePassword } from './generate-password.ts'
import { resyncTicket } from './resync-ticket.ts'

/** A new virtual device in the place of those that were not finished. @throws AwsCallError */
export async function replaceDevice(
  context: EnrollContext,
  account: Account,
  link: EnrollmentCase,
): Promise<calls.NewDevice> {
  const { store } = context
  await removeUnfinished(context, account, link)
  const path = `${context.path}${link.userName}/`
  const name = randomBytes(8).toString('hex')
  const serial = `arn:${account.partition}:iam::${account.accountId}:mfa${path}${name}`
  // Before it is made: whatever becomes of the answer, its name is known.
  await noteDevice(store.db, link.id, serial)
  return await calls.makeDevice(account, path, name)
}

async function removeUnfinished(
  { store }: EnrollContext,
  account: Account,
  { id, deviceSerials }: EnrollmentCase,
): Promise<void> {
  for (const serial of deviceSerials) await calls.deleteUnassignedDevice(account, serial)
  await forgetDevices(store.db, id, deviceSerials)
}

/** A device that gave its codes, and the link as it is by then. */
export interface Proof {
  readonly serial: string
  readonly link: EnrollmentCase
  /** It was this link that brought the device. */
  readonly isNew: boolean
}

/** Makes the device active; undefined when the codes are not its. */
export async function enable(
  context: EnrollContext,
  account: Account,
  link: EnrollmentCase,
  serial: string,
  codes: readonly [string, string],
): Promise<Proof | undefined> {
  let requestId: string | undefined
  try {
    requestId = await calls.enableDevice(account, link.userName, serial, codes, stillWanted(context, link))
  } catch (error) {
    if (calls.isWrongCode(error)) return undefined
    const mayBeActive = isAwsError(error, 'exists') || (error instanceof AwsCallError && error.outcomeUnknown)
    // It is only told here, so whoever got it enabled had the codes.
    const isActive = mayBeActive && (await calls.listDevices(account, link.userName)).includes(serial)
    if (!isActive) throw error
  }
  const noted = await noteEnabled(context, link, serial, requestId)
  if (noted) return { serial, link: noted, isNew: true }
  // Revoked while AWS was asked: whoever held that link does not keep a device either.
  if (!(await isUsed(context, link))) await startOver(context, link, serial)
  throw new Cancelled('the link was ended')
}

/** Whose device of the user gave these codes; undefined when none did. */
export async function prove(
  account: Account,
  link: EnrollmentCase,
  codes: readonly [string, string],
): Promise<Proof | undefined> {
  for (const serial of (await calls.listDevices(account, link.userName)).filter(givesCodes)) {
    try {
      await calls.resyncDevice(account, link.userName, serial, codes)
      return { serial, link, isNew: false }
    } catch (error) {
      if (!calls.isWrongCode(error)) throw error
    }
  }
  return undefined
}

/** MFA is active: the password, where the role has one, and the link is over. */
export async function handOver(
  context: EnrollContext,
  account: Account,
  access: RoleAccess,
  { link, serial, isNew }: Omit<Proof, 'serial'> & { readonly serial: string | null },
): Promise<EnrollStep> {
  const minimumLength = await context.minimumPasswordLength()
  const generate = () => generatePassword({ minimumLength })
  const made = access.console
    ? await calls
        .makePassword(account, link.userName, generate, stillWanted(context, link))
        .catch(async (error) => {
          const isOver = error instanceof Cancelled && !(await isStillOpen(context, link))
          if (isOver && isNew && !(await isUsed(context, link))) await startOver(context, link, serial)
          throw error
        })
    : undefined
  const isOver = await concludeSignIn(context, link, access, made?.requestId)
  if (!isOver) {
    // Another request with this link was faster: what stands is what that one has shown.
    if (await isUsed(context, link)) return { kind: 'over' }
    // Revoked, or the employee changed, while AWS was asked: nobody sees this password.
    const isUnwanted = isNew && !(await isStillOpen(context, link))
    await takeBack(context, account, link, isUnwanted ? serial : null)
    return await insteadOfEnd(context, link)
  }
  const ticket = serial === null ? null : resyncTicket(context.keyring, link.id, serial, context.clock())
  return { kind: 'done', link, password: made?.password ?? null, partition: account.partition, ticket }
}

/**
 * A password that nobody may see goes. AWS refuses that for some minutes after it was made, so where it does, or
 * where a link that was revoked meanwhile had brought the device `serial`, both are the reconcile's to take away.
 */
async function takeBack(
  context: EnrollContext,
  account: Account,
  link: EnrollmentCase,
  serial: string | null,
): Promise<void> {
  const isGone = await calls.deletePassword(account, link.userName).then(
    () => true,
    (error) => {
      if (error instanceof AwsCallError) return false
      throw error
    },
  )
  if (serial !== null || !isGone) await startOver(context, link, serial)
}

async function isUsed({ store }: EnrollContext, { id }: EnrollmentCase): Promise<boolean> {
  return (await findEnrollment(store.db, id))?.status === 'completed'
}

async function isStillOpen({ store, clock }: EnrollContext, { id }: EnrollmentCase): Promise<boolean> {
  const link = await findEnrollment(store.db, id)
  return link !== undefined && isOpen(link, clock())
}

/** The proof was given: the key, shown once, and the link is over. */
export async function revealKey(
  context: EnrollContext,
  account: Account,
  link: EnrollmentCase,
  access: RoleAccess,
  serial: string,
): Promise<EnrollStep> {
  if (access.accessKeys !== 'self-service') return { kind: 'wait', why: 'not-now' }
  let keys = await calls.listKeys(account, link.userName)
  const idle = keys.find(({ active }) => !active)
  if (keys.length >= maxKeys && !idle) return { kind: 'two-keys', link }
  if (keys.length >= maxKeys && idle) {
    await calls.deleteKey(account, link.userName, idle.id)
    keys = keys.filter(({ id }) => id !== idle.id)
  }
  const known = keys.map(({ id }) => id)
  const key = await calls.makeKey(account, link.userName, known, stillWanted(context, link))
  if (!(await concludeKey(context, link, key.accessKeyId, key.requestId))) {
    await calls.deleteKey(account, link.userName, key.accessKeyId)
    return await insteadOfEnd(context, link)
  }
  return { kind: 'key', link, key, serial, others: keys.filter(({ active }) => active).length }
}

/** A link that could not be ended is over already, or its identity has changed and is being seen to. */
async function insteadOfEnd(context: EnrollContext, link: EnrollmentCase): Promise<EnrollStep> {
  return (await isStillOpen(context, link)) ? { kind: 'wait', why: 'settling' } : { kind: 'over' }
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
const maxKeys = 2

/**
 * Looked at right before each call that grants. The generation tells whether anything has changed; that a run for it
 * has ended already is not waited for.
 */
function stillWanted(
  { store, clock, trailGate }: EnrollContext,
  { id, generation }: EnrollmentCase,
): calls.StillWanted {
  return async () => {
    const link = await findEnrollment(store.db, id)
    return (
      (await trailGate().closedBecause()) === null &&
      link !== undefined &&
      isOpen(link, clock()) &&
      readinessOf({ ...link, reconciledGeneration: link.generation }) === 'ready' &&
      link.generation === generation
    )
  }
}
