/** The rooms that work on identities, opened for one account: what they share, put together once. */

import type { Logger } from 'pino'
import type { Account } from './aws/account.ts'
import { BASELINE, type Catalog, QUARANTINE } from './catalog/catalog.ts'
import { denyAllArn } from './catalog/own-groups.ts'
import type { Clock } from './clock.ts'
import type { Config } from './config.ts'
import type { EnrollContext } from './credentials/enroll-step.ts'
import { type EnrollmentsContext, followChanges } from './credentials/enrollments.ts'
import { shortestPassword } from './credentials/password-policy-loop.ts'
import type { EvaluateContext } from './identity/evaluate.ts'
import { shareFirstDenies } from './identity/first-deny.ts'
import type { GrantGate } from './identity/grant-gate.ts'
import { openLedger } from './identity/ledger.ts'
import type { ReconcileContext } from './identity/reconcile-context.ts'
import { roleAccessIn } from './identity/role-access.ts'
import { isToBeOut, ownerOf } from './identity/worker.ts'
import type { Jobs } from './jobs/jobs.ts'
import type { Keyring } from './keys.ts'
import type { Announce } from './notify/announce.ts'
import { tellsAnyone } from './notify/settings.ts'
import type { Store } from './store/open.ts'
import { openTrailGate, type TrailGateContext } from './trail/gate.ts'
import { toldSince } from './trail/told.ts'

/** What is there once AWS has told the account. */
export interface RoomParts {
  readonly store: Store
  readonly jobs: Jobs
  readonly catalog: Catalog
  readonly account: Account
  readonly announce: Announce
  readonly clock: Clock
  readonly keyring: Keyring
  readonly log: Logger
}

export interface IdentityRoom {
  readonly account: Account
  readonly evaluation: EvaluateContext
  readonly reconciliation: ReconcileContext
  readonly enrollments: EnrollContext
  readonly gate: TrailGateContext
}

export function openIdentityRoom(config: Config, parts: RoomParts): IdentityRoom {
  const { store, jobs, catalog, account, announce, clock, keyring, log } = parts
  const place = { accountId: account.accountId, partition: account.partition, path: config.iamPath }
  const ledger = openLedger(store.db, tellsAnyone(config.notify) ? announce : undefined)
  const registration = {
    ...place,
    quarantineGroup: QUARANTINE,
    baselineGroup: BASELINE,
    userNameTemplate: config.userNameTemplate,
  }
  const roleAccess = roleAccessIn(catalog, place)
  const gate: TrailGateContext = { store, account, trailGate: config.trailGate, announce, clock, log }
  const trailGate: GrantGate = openTrailGate(gate)
  const links: EnrollmentsContext = {
    store,
    jobs,
    roleAccess,
    announce,
    clock,
    validHours: config.enrollmentHours,
    mode: config.mode,
  }
  return {
    account,
    gate,
    evaluation: {
      jobs,
      catalog,
      registration,
      alsoFollow: (tx, changes, now) => followChanges(tx, links, changes, now),
    },
    enrollments: {
      ...links,
      keyring,
      account: () => account,
      trailGate: () => trailGate,
      path: config.iamPath,
      minimumPasswordLength: () => shortestPassword(store.db, account.accountId, config.passwordPolicy),
      log,
    },
    reconciliation: {
      account,
      ledger,
      registration,
      firstDeny: shareFirstDenies(
        account,
        {
          quarantineGroup: QUARANTINE,
          baselineGroup: BASELINE,
          denyAllArn: denyAllArn(account.partition),
          clock,
        },
        ledger.noteDenied,
      ),
      roleAccess,
      catalogHash: catalog.hash,
      mode: config.mode,
      retentionDays: config.retentionDays,
      rotation: config.rotation,
      trailGate,
      clock,
      isToBeOut: isToBeOut(store.db, account.accountId),
      toldSince({ userName, lastSeenName, awsUserId }, since) {
        const names = [userName, lastSeenName, awsUserId].filter((name) => name !== null)
        return toldSince(store.db, account, names, since)
      },
      ownerOf: ownerOf(store.db, account.accountId),
    },
  }
}
