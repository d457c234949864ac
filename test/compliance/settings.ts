/** How Muster is set where a test gathers by itself. */
import { type Catalog, DEFAULT_PATH } from '../../src/catalog/catalog.ts'
import type { MusterSettings } from '../../src/compliance/gather-own.ts'
import { usualRotation } from '../../src/identity/rotation.ts'

export const musterSettings = (catalog: Catalog): MusterSettings => ({
  catalog,
  path: DEFAULT_PATH,
  mode: 'enforce',
  trailGate: 'enforce',
  rotation: usualRotation,
})
