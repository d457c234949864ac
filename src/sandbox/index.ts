/** The AWS stand-in that ships with Muster. Only `main` and tests may import it. */
export type { CallLog, LoggedCall } from './call-log.ts'
export type { EventTarget } from './cloudtrail/event-bus.ts'
export type { FaultOutcome, FaultPlan, FaultRule, Faults } from './faults.ts'
export { callIam, createAccount } from './iam/index.ts'
export { codeOfStep, fromBase32, stepAt } from './iam/totp.ts'
export type { Credentials } from './identities.ts'
export { openSandbox, type Sandbox, type SandboxOptions } from './sandbox.ts'
