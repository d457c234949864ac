/** Every control, in the order of the report. */
import type { Control } from '../control.ts'

export const controls: readonly Control[] = []
