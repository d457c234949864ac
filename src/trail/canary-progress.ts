/** What one look at the log files leaves for the next one. */
import type { DigestFault, DigestLink, ListedLogFile } from './digest.ts'
import type { TrailPlace } from './facts.ts'

export interface LookProgress {
  /** The trail as it was when it was last verified: a stopped one is still read, and found silent. */
  readonly trail: TrailPlace | null
  readonly organizationId: string | null
  readonly digests: DigestProgress
  readonly alarms: Alarms
}

export interface DigestProgress {
  /** Digests that were verified with all their log files, oldest first: those of about the last day. */
  readonly verified: readonly DigestLink[]
  /** A digest whose log files did not all fit into one look, and how many of them were read. */
  readonly begun: { readonly key: string; readonly filesRead: number } | null
  /** Backfill digests that were verified, by key. */
  readonly backfills: readonly string[]
  /** What is read a second time: a verified digest and its log files, one after the other, over and over. */
  readonly again: { readonly key: string; readonly filesRead: number } | null
  /** Up to fifty. */
  readonly faults: readonly KeptFault[]
  /** Where the chain began anew: nothing tells of files that were delivered in between. RFC 3339. */
  readonly gap: { readonly from: string; readonly until: string } | null
}

export interface KeptFault extends DigestFault {
  /** RFC 3339. */
  readonly foundAt: string
  /** What was covered by the digest that it concerns begins here: all before is accounted for. RFC 3339. */
  readonly since: string
  /** What should be there, where it can come back. */
  readonly listed: ListedLogFile | null
}

/** What people were told, and have not been told the end of. */
export interface Alarms {
  readonly canary: 'warning' | 'missing' | null
  /** How many faults of log files and digests; 0 when all is well. */
  readonly faults: number
}

export const noDigests: DigestProgress = {
  verified: [],
  begun: null,
  backfills: [],
  again: null,
  faults: [],
  gap: null,
}

export const noAlarms: Alarms = { canary: null, faults: 0 }
