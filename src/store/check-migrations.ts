/** Fails when `migrations/` does not match the schema: `npm run check` runs it. */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'

const root = new URL('../..', import.meta.url).pathname
const copy = mkdtempSync(join(tmpdir(), 'muster-migrations-'))
try {
  cpSync(join(root, 'migrations'), copy, { recursive: true })
  const before = readdirSync(copy).length
  // drizzle-kit takes paths from its working directory only.
  const out = relative(root, copy)
  execFileSync(
    join(root, 'node_modules/.bin/drizzle-kit'),
    ['generate', '--dialect', 'postgresql', '--schema', 'src/store/schema.ts', '--out', out],
    { cwd: root, stdio: 'pipe' },
  )
  if (readdirSync(copy).length > before) {
    console.error(
      'migrations/ is behind src/store/schema.ts: run `npm run migrations` and commit what it writes',
    )
    process.exitCode = 1
  }
} finally {
  rmSync(copy, { recursive: true, force: true })
}
