/** The shape of the tables: what makes a control fail, with the resource it names, and what leaves it open. */
import type { Change } from '../accounts.ts'

export interface Row {
  readonly fails: readonly FailRow[]
  /** Where nothing can be concluded; `finds` is what is sure all the same. */
  readonly unknown: readonly {
    readonly says: string
    readonly when: Change
    readonly permissions?: readonly string[]
    readonly finds?: readonly string[]
  }[]
  /** Beside the account in which everything is fine. */
  readonly passes?: readonly { readonly says: string; readonly when: Change }[]
}

export interface FailRow {
  readonly says: string
  readonly when: Change
  /** All resources that are named, in any order. */
  readonly names: readonly string[]
  readonly message?: RegExp
}

export type Table = Readonly<Record<string, Row>>
