/** What one look at the log files leaves for the next one. */
import type { DigestFault, DigestLink, ListedLogFile } from './digest.ts'
import type { TrailPlace } from './facts.ts'

export interface LookProgress {
  /** The trail as it was when it was last verified: a stopped one is still read, and found silent. */
  readonly trail: TrailPlace | null
  /** Since when it delivers there, RFC 3339; null for as long as Muster has looked. An earlier Muster kept none. */
  readonly since?: string | null
  readonly organizationId: string | null
  readonly digests: DigestProgress
  /** Chains of the places that were looked at before. An earlier Muster kept none. */
  readonly elsewhere?: readonly ChainElsewhere[]
  readonly alarms: Alarms
  /** A limit ended the last look: what is older than is searched otherwise is still to be read. */
  readonly isBehind: boolean
  /** Those that the next look comes by again, and the newest before. */
  readonly unread: readonly UnreadFile[]
}

export interface ChainElsewhere {
  readonly place: string
  readonly digests: DigestProgress
}

/** A log file that AWS does not let Muster read. */
export interface UnreadFile {
  readonly key: string
  /** One sentence, which names it. */
  readonly reason: string
  /** RFC 3339. */
  readonly askedAt: string
}

/** A digest file that AWS does not let Muster read, or a log file that one lists. */
export interface UnreadOfChain extends UnreadFile {
  readonly bucket: string
  /** What cannot be checked because of it, RFC 3339. */
  readonly since: string
  readonly until: string
  /** Null for a digest file. */
  readonly listed: ListedLogFile | null
  /** How many of its log files were read, for a digest that can be read by now. */
  readonly filesRead: number
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
  /** Up to a hundred, of about the last day. */
  readonly unread: readonly UnreadOfChain[]
  /** Up to fifty. */
  readonly faults: readonly KeptFault[]
  /** Those for which there was no room. */
  readonly dropped: DroppedFaults | null
  /** Where the chain began anew: nothing tells of files that were delivered in between. RFC 3339. */
  readonly gap: { readonly from: string; readonly until: string } | null
  /** When the trail came back from another place: what it delivered before that may lie there. RFC 3339. */
  readonly backAt: string | null
}

export interface KeptFault extends DigestFault {
  /** RFC 3339. */
  readonly foundAt: string
  /** What was covered by the digest that it concerns begins here: all before is accounted for. RFC 3339. */
  readonly since: string
  /** What should be there, where it can come back. */
  readonly listed: ListedLogFile | null
}

export interface DroppedFaults {
  /** Of what each object is known by: up to a thousand. */
  readonly ids: readonly string[]
  /** As of faults that are kept: of the earliest. */
  readonly since: string
  /** When one was found last, RFC 3339. */
  readonly lastAt: string
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
  unread: [],
  faults: [],
  dropped: null,
  gap: null,
  backAt: null,
}

export const noAlarms: Alarms = { canary: null, faults: 0 }
