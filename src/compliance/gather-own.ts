/** The part of a snapshot that AWS has no say in: what Muster knows, wants, and has looked at on another schedule. */
import { and, eq, isNotNull, ne } from 'drizzle-orm'
import type { Account } from '../aws/account.ts'
import { desiredAccount, policyArn } from '../catalog/account.ts'
import { BASELINE, type Catalog, policyDocs, QUARANTINE } from '../catalog/catalog.ts'
import { readMade } from '../catalog/made.ts'
import { baselinePolicy } from '../catalog/own-groups.ts'
import { documentIn } from '../catalog/partition.ts'
import { unlessAhead } from '../clock.ts'
import { roleAccessIn } from '../identity/role-access.ts'
import type { RotationRules } from '../identity/rotation.ts'
import type { Database } from '../store/open.ts'
import { employees, identities } from '../store/schema.ts'
import type { ManagedIdentity, MusterFacts, SeenCredentials } from './snapshot.ts'

/** How this Muster is set. */
export interface MusterSettings {
  readonly catalog: Catalog
  /** IAM path, `/muster/`. */
  readonly path: string
  readonly mode: 'enforce' | 'observe'
  readonly trailGate: 'enforce' | 'warn'
  readonly rotation: Pick<RotationRules, 'disableAfterDays' | 'unusedDays'>
}

export interface GatheringMoments {
  /** When the gathering began: all that was read of AWS is of then, or later. */
  readonly takenAt: Date
  readonly now: Date
}

export async function readMusterFacts(
  db: Database,
  { catalog, path, mode, trailGate, rotation }: MusterSettings,
  { accountId, partition }: Pick<Account, 'accountId' | 'partition'>,
  moments: GatheringMoments,
): Promise<MusterFacts> {
  const place = { accountId, partition, path }
  return {
    path,
    mode,
    trailGate,
    quarantineGroup: QUARANTINE,
    baselineGroup: BASELINE,
    baselinePolicyArn: policyArn(place, BASELINE),
    baselineDocument: documentIn(baselinePolicy(place).document, partition),
    groups: Object.fromEntries(
      desiredAccount(catalog, place).groups.map(({ groupName, policyArns }) => [groupName, policyArns]),
    ),
    madeArns: [...(await readMade(db, accountId))],
    boundaryArns: policyDocs(catalog).boundaries.map(({ name }) => policyArn(place, name)),
    identities: await managedIdentities(db, catalog, place, moments),
    rotation: { disableAfterDays: rotation.disableAfterDays, unusedDays: rotation.unusedDays },
  }
}

/** So long after a write of ours, IAM's reads may still lag behind it. */
const settlingMs = 60_000

/** Those whose user is there as far as Muster knows. A purged one stays purged: its `UserId` never comes again. */
async function managedIdentities(
  db: Database,
  catalog: Catalog,
  place: { readonly accountId: string; readonly partition: string; readonly path: string },
  { takenAt, now }: GatheringMoments,
): Promise<ManagedIdentity[]> {
  const unsettledSince = takenAt.getTime() - settlingMs
  const accessOf = roleAccessIn(catalog, place)
  const rows = await db
    .select({
      identityId: identities.id,
      employeeId: identities.employeeId,
      userName: identities.userName,
      userId: identities.awsUserId,
      state: identities.state,
      role: employees.role,
      status: employees.status,
      hold: employees.hold,
      touchedAt: identities.touchedAt,
      settledAs: identities.settledAs,
      settledAt: identities.settledAt,
      consoleAccess: identities.consoleAccess,
      mfaEnrolled: identities.mfaEnrolled,
      accessKeys: identities.accessKeys,
    })
    .from(identities)
    .innerJoin(employees, eq(employees.employeeId, identities.employeeId))
    .where(
      and(
        eq(identities.accountId, place.accountId),
        ne(identities.state, 'deleted'),
        isNotNull(identities.awsUserId),
      ),
    )
  return rows.map(({ status, hold, ...row }) => {
    const { touchedAt, settledAs, settledAt, consoleAccess, mfaEnrolled, accessKeys, ...identity } = row
    const access = accessOf(identity.role)
    // What Muster was at while the account was read may have been seen half done.
    const touched = unlessAhead(touchedAt, now)
    const isSettled = touched === null || touched.getTime() < unsettledSince
    return {
      ...identity,
      state: isSettled ? identity.state : 'pending',
      privileged: Object.hasOwn(catalog.roles, identity.role)
        ? (catalog.roles[identity.role]?.privileged ?? false)
        : false,
      groups: status === 'active' && !hold ? (access?.groups ?? []) : [],
      boundaryArn: access?.boundaryArn ?? null,
      seen: seenCredentials({
        ...{ settledAs, settledAt: unlessAhead(settledAt, now) },
        ...{ consoleAccess, mfaEnrolled, accessKeys },
      }),
    }
  })
}

type CredentialRecord = Pick<
  typeof identities.$inferSelect,
  'settledAs' | 'settledAt' | 'consoleAccess' | 'mfaEnrolled' | 'accessKeys'
>

/** Settled is who was read completely, or was made by Muster: then there was neither a password nor a key. */
function seenCredentials({
  settledAs,
  settledAt,
  consoleAccess,
  mfaEnrolled,
  accessKeys,
}: CredentialRecord): SeenCredentials | null {
  if (settledAs === null || settledAt === null) return null
  // A lock makes all keys inactive, and leaves their records as they were.
  const active = settledAs === 'locked' ? [] : accessKeys.filter((key) => key.active)
  return {
    at: settledAt,
    hasPassword: consoleAccess,
    hasMfa: mfaEnrolled,
    activeKeys: active.map(({ createdAt, lastUsedAt }) => ({
      createdAt: new Date(createdAt),
      usedAt: lastUsedAt === null ? null : new Date(lastUsedAt),
    })),
  }
}
