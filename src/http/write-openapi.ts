/**
 * Writes `openapi.yaml` from the routes; with `--check` it only says whether the file is what would be written.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { buildApp } from '../app.ts'
import type { AppDeps } from './deps.ts'
import { describeApi } from './openapi.ts'

const file = new URL('../../openapi.yaml', import.meta.url)

/** Routes are registered, never called: the rooms behind them may be empty. */
const deps = {
  config: { adminToken: 'x'.repeat(32), hrSecrets: [], awsEventsKeys: [], mode: 'enforce' },
  log: pino({ level: 'silent' }),
  registry: new Registry(),
} as unknown as AppDeps

const app = await buildApp(deps)
const wanted = describeApi(app)
await app.close()

if (!process.argv.includes('--check')) {
  await writeFile(file, wanted)
} else if ((await readFile(file, 'utf8').catch(() => '')) !== wanted) {
  process.stderr.write('openapi.yaml is stale: run "npm run openapi" and commit it\n')
  process.exitCode = 1
}
