/**
 * What the owner of a one-time link does with it. In this order and no other: device, two codes, MFA active,
 * and only then a password or a key, which goes into the one answer and nowhere else.
 */
import { Cancelled } from '../aws/account.ts'
import { AwsCallError, isAwsError } from '../aws/errors.ts'
import { givesCodes } from '../identity/credential-rules.ts'
import type { RoleAccess } from '../identity/desired.ts'
import * as calls from './credential-calls.ts'
import { enable, handOver, prove, replaceDevice, revealKey } from './enroll-acts.ts'
import { lookAgain, noteWrongCodes } from './enroll-record.ts'
import type { CodesInput, EnrollContext, EnrollStep } from './enroll-step.ts'
import {
  type EnrollmentCase,
  isEnrolledWith,
  isOpen,
  readCodes,
  readinessOf,
  wrongCodesAllowed,
} from './enrollment.ts'
import { findEnrollment, giveBack, leaseEnrollment } from './enrollment-store.ts'
import { idOfToken } from './link.ts'
import { readTicket } from './resync-ticket.ts'

const over: EnrollStep = { kind: 'over' }

/** Opening a link changes nothing: mail scanners open links. */
export async function lookAtLink(context: EnrollContext, token: string): Promise<EnrollStep> {
  const link = await find(context, token)
  if (!link) return over
  const readiness = readinessOf(link)
  return readiness === 'ready' ? { kind: 'welcome', link } : { kind: 'wait', why: readiness }
}

/** A new device for a link without one, in the place of an unfinished one; otherwise its codes are asked for. */
export async function startEnrollment(context: EnrollContext, token: string): Promise<EnrollStep> {
  return await withLink(context, token, async (link, access) => {
    const account = context.account()
    const serials = await calls.listDevices(account, link.userName)
    if (link.purpose === 'access-key') {
      return serials.some(givesCodes) ? { kind: 'codes', link, serial: null } : { kind: 'no-device', link }
    }
    if (!isEnrolledWith(serials, access)) {
      return { kind: 'scan', link, device: await replaceDevice(context, account, link) }
    }
    if (serials.some(givesCodes)) return { kind: 'codes', link, serial: null }
    // A passkey alone gives no codes to prove it by; without it nobody signs in.
    return await handOver(context, account, access, { link, serial: null, isNew: false })
  })
}

/** Two consecutive codes: they make the device active, or prove that it is there; then the rest follows at once. */
export async function confirmCodes(
  context: EnrollContext,
  token: string,
  input: CodesInput,
): Promise<EnrollStep> {
  return await withLink(context, token, async (link, access) => {
    const serial = typeof input.device === 'string' && input.device !== '' ? input.device : null
    if (serial !== null && serial !== link.deviceSerials.at(-1)) return { kind: 'stale', link }
    const codes = readCodes(input.code1, input.code2)
    if (!codes) {
      const wrong = { malformed: true, left: wrongCodesAllowed - link.wrongCodes }
      return { kind: 'codes', link, serial, wrong }
    }
    const account = context.account()
    const proven =
      serial === null
        ? await prove(account, link, codes)
        : await enable(context, account, link, serial, codes)
    if (proven === undefined) {
      const { wrongCodes, locked } = await noteWrongCodes(context, link)
      return locked
        ? over
        : { kind: 'codes', link, serial, wrong: { malformed: false, left: wrongCodesAllowed - wrongCodes } }
    }
    return link.purpose === 'access-key'
      ? await revealKey(context, account, link, access, proven.serial)
      : await handOver(context, account, access, proven)
  })
}

/** For a device that was enabled with late codes: its owner has the last page, and so the ticket. */
export async function resyncDevice(
  { keyring, clock, store, account, mode }: EnrollContext,
  token: string,
  { ticket, code1, code2 }: CodesInput & { readonly ticket?: unknown },
): Promise<'done' | 'wrong' | 'over'> {
  const id = idOfToken(keyring, token)
  const serial = id === undefined ? undefined : readTicket(keyring, ticket, id, clock())
  const link = id === undefined ? undefined : await findEnrollment(store.db, id)
  if (!serial || !link || mode === 'observe') return 'over'
  const codes = readCodes(code1, code2)
  if (!codes) return 'wrong'
  try {
    await calls.resyncDevice(account(), link.userName, serial, codes)
    return 'done'
  } catch (error) {
    if (calls.isWrongCode(error)) return 'wrong'
    throw error
  }
}

type Work = (link: EnrollmentCase, access: RoleAccess) => Promise<EnrollStep>

/** Nobody else works on the link meanwhile, and nothing is granted to whom nothing may be granted now. */
async function withLink(context: EnrollContext, token: string, work: Work): Promise<EnrollStep> {
  const { store, clock, roleAccess, mode } = context
  if (mode === 'observe') return { kind: 'wait', why: 'not-now' }
  const first = await find(context, token)
  if (!first) return over
  const lease = await leaseEnrollment(store.db, first.id, clock())
  if (!lease) {
    return (await find(context, token)) ? { kind: 'busy' } : over
  }
  try {
    const link = await find(context, token)
    if (!link) return over
    const readiness = readinessOf(link)
    const access = roleAccess(link.role)
    if (readiness !== 'ready' || !access)
      return { kind: 'wait', why: readiness === 'settling' ? 'settling' : 'not-now' }
    if ((await context.trailGate().closedBecause()) !== null) return { kind: 'wait', why: 'no-trail' }
    return await work(link, access).catch((error) => trouble(context, link, error))
  } finally {
    await giveBack(store.db, lease)
  }
}

async function find(
  { store, keyring, clock }: EnrollContext,
  token: string,
): Promise<EnrollmentCase | undefined> {
  const id = idOfToken(keyring, token)
  // A token that is not ours costs the same look-up.
  const link = await findEnrollment(store.db, id ?? '00000000-0000-0000-0000-000000000000')
  return id !== undefined && link && isOpen(link, clock()) ? link : undefined
}

/** The link stays open: what failed can be tried again. */
async function trouble(context: EnrollContext, link: EnrollmentCase, error: unknown): Promise<EnrollStep> {
  if (error instanceof Cancelled) return { kind: 'wait', why: 'settling' }
  if (!(error instanceof AwsCallError)) throw error
  context.log.warn({ err: error, enrollmentId: link.id }, 'an enrollment could not go on')
  // Renamed or moved by hand, for one: a look sets that right.
  if (isAwsError(error, 'denied', 'absent')) await lookAgain(context, link)
  return { kind: 'trouble', link, detail: detailOf(error) }
}

function detailOf(error: AwsCallError): string {
  if (error.code === 'EntityTemporarilyUnmodifiable') {
    return 'AWS is still finishing earlier work on your user. This takes a few minutes: come back then, with this same link.'
  }
  if (error.class === 'throttled' || error.class === 'transient') {
    return 'AWS did not answer. Nothing is lost: try again in a moment, with this same link.'
  }
  if (error.class === 'absent')
    return 'Something this page needs is gone from AWS. Start again, with this same link.'
  return 'AWS refused. Your administrator finds the reason in the log of Muster; this link stays good until it expires.'
}
