/**
 * What the owner of a one-time link does with it. In this order and no other: device, two codes, MFA active,
 * and only then a password or a key, which goes into the one answer and nowhere else.
 */
import { randomBytes } from 'node:crypto'
import type { Logger } from 'pino'
import { type Account, Cancelled } from '../aws/account.ts'
import { AwsCallError, isAwsError } from '../aws/errors.ts'
import type { RoleAccess } from '../identity/desired.ts'
import type { Keyring } from '../keys.ts'
import * as calls from './credential-calls.ts'
import { concludeKey, concludeSignIn, noteEnabled, noteWrongCodes } from './enroll-record.ts'
import {
  type EnrollmentCase,
  givesCodes,
  isEnrolledWith,
  isOpen,
  readCodes,
  readinessOf,
  wrongCodesAllowed,
} from './enrollment.ts'
import { findEnrollment, forgetDevices, giveBack, leaseEnrollment, noteDevice } from './enrollment-store.ts'
import type { EnrollmentsContext } from './enrollments.ts'
import { generatePassword } from './generate-password.ts'
import { idOfToken } from './link.ts'
import { resyncTicket } from './resync-ticket.ts'

export interface EnrollContext extends EnrollmentsContext {
  readonly keyring: Keyring
  /** @throws Problem 503 while it is not known */
  readonly account: () => Account
  /** IAM path, `/muster/`. */
  readonly path: string
  /** The shortest password that the account accepts. */
  readonly minimumPasswordLength: () => Promise<number>
  readonly log: Logger
}

/** What the owner sees next. */
export type EnrollStep =
  /** Used, expired, revoked, locked or never made: all the same from outside. */
  | { readonly kind: 'over' }
  /** Another request is at it. */
  | { readonly kind: 'busy' }
  | { readonly kind: 'wait'; readonly why: 'settling' | 'not-now' }
  | { readonly kind: 'welcome'; readonly link: EnrollmentCase }
  | { readonly kind: 'scan'; readonly link: EnrollmentCase; readonly device: calls.NewDevice }
  /** Codes of the device `serial` that was shown before, or of one that is active already (`serial` null). */
  | {
      readonly kind: 'codes'
      readonly link: EnrollmentCase
      readonly serial: string | null
      readonly wrong?: WrongCodes
    }
  /** Codes for a device that a newer page has replaced. */
  | { readonly kind: 'stale'; readonly link: EnrollmentCase }
  | {
      readonly kind: 'done'
      readonly link: EnrollmentCase
      readonly password: string | null
      readonly partition: string
      /** Opens the resync of this device for a while. */
      readonly ticket: string | null
    }
  | {
      readonly kind: 'key'
      readonly link: EnrollmentCase
      readonly key: calls.NewKey
      readonly serial: string
      readonly others: number
    }
  | { readonly kind: 'two-keys'; readonly link: EnrollmentCase }
  | { readonly kind: 'no-device'; readonly link: EnrollmentCase }
  | { readonly kind: 'trouble'; readonly link: EnrollmentCase; readonly detail: string }

export interface WrongCodes {
  readonly left: number
  /** They cannot be codes at all: AWS was not asked, and they do not count. */
  readonly malformed: boolean
}

export interface CodesInput {
  /** The device whose QR code the page showed; empty for one that is active already. */
  readonly device?: unknown
  readonly code1?: unknown
  readonly code2?: unknown
}

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
    return await handOver(context, account, link, access, null)
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
      ? await revealKey(context, account, link, access, proven)
      : await handOver(context, account, link, access, proven)
  })
}

async function replaceDevice(
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

/** The serial of the device that is active now; undefined when the codes are not its. */
async function enable(
  context: EnrollContext,
  account: Account,
  link: EnrollmentCase,
  serial: string,
  codes: readonly [string, string],
): Promise<string | undefined> {
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
  await noteEnabled(context, link, serial, requestId)
  return serial
}

/** Whose device of the user gave these codes; undefined when none did. */
async function prove(
  account: Account,
  link: EnrollmentCase,
  codes: readonly [string, string],
): Promise<string | undefined> {
  for (const serial of (await calls.listDevices(account, link.userName)).filter(givesCodes)) {
    try {
      await calls.resyncDevice(account, link.userName, serial, codes)
      return serial
    } catch (error) {
      if (!calls.isWrongCode(error)) throw error
    }
  }
  return undefined
}

/** MFA is active: the password, where the role has one, and the link is over. */
async function handOver(
  context: EnrollContext,
  account: Account,
  link: EnrollmentCase,
  access: RoleAccess,
  serial: string | null,
): Promise<EnrollStep> {
  const minimumLength = await context.minimumPasswordLength()
  const made = access.console
    ? await calls.makePassword(
        account,
        link.userName,
        () => generatePassword({ minimumLength }),
        stillWanted(context, link),
      )
    : undefined
  const isOver = await concludeSignIn(context, link, access, made?.requestId)
  if (!isOver) {
    // Revoked, or the employee changed, while AWS was asked: nobody sees this password.
    if (made) await calls.deletePassword(account, link.userName)
    return await insteadOfEnd(context, link)
  }
  const ticket = serial === null ? null : resyncTicket(context.keyring, link.id, serial, context.clock())
  return { kind: 'done', link, password: made?.password ?? null, partition: account.partition, ticket }
}

/** The proof was given: the key, shown once, and the link is over. */
async function revealKey(
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
async function insteadOfEnd({ store, clock }: EnrollContext, { id }: EnrollmentCase): Promise<EnrollStep> {
  const link = await findEnrollment(store.db, id)
  return link && isOpen(link, clock()) ? { kind: 'wait', why: 'settling' } : over
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
const maxKeys = 2

type Work = (link: EnrollmentCase, access: RoleAccess) => Promise<EnrollStep>

/** Nobody else works on the link meanwhile, and nothing is granted to whom nothing may be granted now. */
async function withLink(context: EnrollContext, token: string, work: Work): Promise<EnrollStep> {
  const { store, clock, roleAccess } = context
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

/** Looked at right before each call that grants. */
function stillWanted({ store, clock }: EnrollContext, { id, generation }: EnrollmentCase): calls.StillWanted {
  return async () => {
    const link = await findEnrollment(store.db, id)
    return (
      link !== undefined &&
      isOpen(link, clock()) &&
      readinessOf(link) === 'ready' &&
      link.generation === generation
    )
  }
}

/** The link stays open: what failed can be tried again. */
function trouble({ log }: EnrollContext, link: EnrollmentCase, error: unknown): EnrollStep {
  if (error instanceof Cancelled) return { kind: 'wait', why: 'settling' }
  if (!(error instanceof AwsCallError)) throw error
  log.warn({ err: error, enrollmentId: link.id }, 'an enrollment could not go on')
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
