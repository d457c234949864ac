import { startCatalogLoop } from './catalog/reconcile.ts'
import type { Control } from './compliance/control.ts'
import { startRolesLoop } from './compliance/roles-loop.ts'
import { forgetScans, requestOwnScan } from './compliance/scans.ts'
import { startSweep } from './compliance/sweep.ts'
import { startUsageLoop } from './compliance/usage-loop.ts'
import type { Config } from './config.ts'
import { startEnrollmentLoop } from './credentials/enrollment-loop.ts'
import { startPasswordPolicyLoop } from './credentials/password-policy-loop.ts'
import { startAttribution } from './drift/attribution.ts'
import type { Changes } from './identity/changes.ts'
import { startDueSweep } from './identity/due.ts'
import type { IdentityRoom, RoomParts } from './identity-room.ts'
import { startDrain } from './intake/drain.ts'
import { forgetBodies } from './intake/retention.ts'
import type { Loop } from './jobs/loop.ts'
import { startRetention } from './jobs/retention.ts'
import { forgetNotifications } from './notify/retention.ts'
import { tellsAnyone } from './notify/settings.ts'
import { startAwsEvents } from './trail/aws-events.ts'
import { startCanaryLoop } from './trail/canary-loop.ts'
import { startTrailGateLoop } from './trail/gate-loop.ts'
import { readTrails, readTrailsElsewhere } from './trail/read-trails.ts'
import { forgetAwsEvents } from './trail/retention.ts'

export interface LoopParts extends RoomParts {
  readonly room: IdentityRoom
  readonly controls: readonly Control[]
  readonly applyEvents: Changes['applyEvents']
}

/** What requests may wake. */
export type Wake = Readonly<Record<'intake' | 'passwordPolicy' | 'sweep' | 'catalog', () => void>>

export function startLoops(
  config: Config,
  parts: LoopParts,
): { readonly loops: readonly Loop[]; readonly wake: Wake } {
  const { store, jobs, catalog, account, announce, clock, log, room, controls, applyEvents } = parts
  const { evaluation, reconciliation, enrollments, gate } = room
  const catalogLoop = startCatalogLoop({
    trailGate: reconciliation.trailGate,
    db: store.db,
    account,
    catalog,
    path: config.iamPath,
    mode: config.mode,
    announce: tellsAnyone(config.notify) ? announce : undefined,
    clock,
    log,
  })
  const drain = startDrain({ store, clock, log, apply: applyEvents })
  const passwordPolicyLoop = startPasswordPolicyLoop({
    store,
    account,
    wanted: config.passwordPolicy,
    mode: config.mode,
    announce,
    clock,
    log,
  })
  const { iamPath: path, mode, trailGate, rotation } = config
  const sweep = startSweep({
    store,
    jobs,
    account,
    muster: { catalog, path, mode, trailGate, rotation },
    controls,
    announce,
    clock,
    log,
  })
  const gateLoop = startTrailGateLoop({ ...gate, jobs }, (isVerified) => {
    if (isVerified) catalogLoop.wake()
    sweep.wake()
  })
  const loops = [
    gateLoop,
    startCanaryLoop({
      store,
      account,
      trails: () => readTrails(account),
      trailsElsewhere: (others) => readTrailsElsewhere(account, others),
      announce,
      clock,
      log,
    }),
    startAwsEvents({
      store,
      jobs,
      account,
      wake: {
        catalog: () => catalogLoop.wake('event'),
        passwordPolicy: () => passwordPolicyLoop.wake('event'),
        trailGate: gateLoop.wake,
        sweep: () =>
          void requestOwnScan(store.db, account.accountId, 'aws event', clock()).then(
            () => sweep.wake(),
            (error) => log.warn({ err: error }, 'a sweep could not be asked for'),
          ),
      },
      clock,
      log,
    }),
    startAttribution({ store, account, announce, clock, log }),
    catalogLoop,
    drain,
    passwordPolicyLoop,
    sweep,
    startRolesLoop({ db: store.db, account, clock, log }),
    startUsageLoop({ db: store.db, account, catalog, path: config.iamPath, clock, log }),
    startDueSweep(store, evaluation, clock, log),
    startRetention(
      [
        { keptDays: config.deliveryRetentionDays, forget: forgetBodies },
        { keptDays: config.deliveryRetentionDays, forget: forgetAwsEvents },
        { keptDays: 30, forget: forgetNotifications },
        { keptDays: 30, forget: forgetScans },
      ],
      { db: store.db, clock, log },
    ),
  ]
  // In observe mode nobody is Muster's to look after yet.
  if (config.mode === 'enforce') loops.push(startEnrollmentLoop({ ...enrollments, account }))
  return {
    loops,
    wake: {
      intake: drain.wake,
      passwordPolicy: () => passwordPolicyLoop.wake(),
      sweep: sweep.wake,
      catalog: () => catalogLoop.wake(),
    },
  }
}
