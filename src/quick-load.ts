/**
 * Loads the rest sooner: a start takes less than half the processor time that it takes without.
 *
 * - What Node compiles (and TypeScript, whose types it strips) is kept for the next start, beside the
 *   packages: whoever can write there could change the packages themselves. Where that folder cannot be
 *   written, nothing is kept.
 * - drizzle-orm names each of its modules in its `package.json`, 180 kB of it, which Node parses anew for
 *   every import from there and within. Here each is resolved once, and what its modules import of each
 *   other without `package.json`.
 *
 * To be imported before what it speeds up is so much as resolved: by `--import`, or ahead of an `import()`.
 */
import { enableCompileCache, type ResolveFnOutput, registerHooks } from 'node:module'
import { join } from 'node:path'

enableCompileCache(join(import.meta.dirname, '../node_modules/.cache/muster'))

const entries = new Map<string, ResolveFnOutput>()

registerHooks({
  resolve(specifier, context, nextResolve) {
    const isWithin = context.parentURL?.includes('/node_modules/drizzle-orm/')
    if (isWithin && /^\.\.?\/.*\.js$/.test(specifier))
      return { url: new URL(specifier, context.parentURL).href, format: 'module', shortCircuit: true }

    const isEntry = /^drizzle-orm(\/|$)/.test(specifier) && context.conditions.includes('import')
    const resolved = (isEntry && entries.get(specifier)) || nextResolve(specifier, context)
    if (isEntry) entries.set(specifier, resolved)
    return { ...resolved, shortCircuit: true }
  },
})
