/** A gate that stands open: for what is not about the trail. */
import type { GrantGate } from '../../src/identity/grant-gate.ts'

export const openGate: GrantGate = { closedBecause: async () => null, warning: async () => null }
