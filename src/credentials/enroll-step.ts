/** The words between the owner of a one-time link and the pages: what they send, and what they see next. */
import type { Logger } from 'pino'
import type { Account } from '../aws/account.ts'
import type { GrantGate } from '../identity/grant-gate.ts'
import type { Keyring } from '../keys.ts'
import type { NewDevice, NewKey } from './credential-calls.ts'
import type { EnrollmentCase } from './enrollment.ts'
import type { EnrollmentsContext } from './enrollments.ts'

export interface EnrollContext extends EnrollmentsContext {
  readonly keyring: Keyring
  /** @throws Problem 503 while it is not known */
  readonly account: () => Account
  /** @throws Problem 503 while the account is not known */
  readonly trailGate: () => GrantGate
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
  | { readonly kind: 'wait'; readonly why: 'settling' | 'not-now' | 'no-trail' }
  | { readonly kind: 'welcome'; readonly link: EnrollmentCase }
  | { readonly kind: 'scan'; readonly link: EnrollmentCase; readonly device: NewDevice }
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
      readonly key: NewKey
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
