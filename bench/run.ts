/** `npm run bench [row ...]`: prints each row of the table with its goal and verdict; fails when one is missed. */
import { cpus, loadavg } from 'node:os'
import { benchAccountLimit } from './account-limit.ts'
import { benchCalls } from './calls.ts'
import { demandPostgres, withDatabase } from './databases.ts'
import { benchIntake } from './intake.ts'
import { benchLockBehindBacklog } from './lock-behind-backlog.ts'
import { benchProvisioning } from './provisioning.ts'
import { benchReads } from './reads.ts'
import type { Bench, Row } from './row.ts'
import { benchScan } from './scan.ts'
import { benchStart } from './start.ts'

const benches: Readonly<Record<string, Bench>> = {
  intake: benchIntake,
  calls: benchCalls,
  provisioning: benchProvisioning,
  'account-limit': benchAccountLimit,
  'lock-20': benchLockBehindBacklog(20),
  'lock-5': benchLockBehindBacklog(5),
  start: benchStart,
  reads: benchReads,
  scan: benchScan,
}

const wanted = process.argv.slice(2)
for (const name of wanted) {
  if (!Object.hasOwn(benches, name)) stop(`no row "${name}": there are ${Object.keys(benches).join(', ')}`)
}
await demandPostgres().catch((error: Error) => stop(error.message))

process.stderr.write(
  `${cpus().length} cores, load average ${loadavg()[0]?.toFixed(1)} before the first row\n`,
)
const rows: Row[] = []
for (const [name, bench] of Object.entries(benches)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  const started = performance.now()
  rows.push(...(await measure(name, bench)))
  process.stderr.write(`${name}: ${((performance.now() - started) / 1000).toFixed(0)} s\n`)
}
process.stdout.write(table(rows))
process.exit(rows.every(({ ok }) => ok) ? 0 : 1)

/** A row that cannot be measured is a goal that is missed; the others are measured all the same. */
async function measure(name: string, bench: Bench): Promise<readonly Row[]> {
  try {
    return [await withDatabase(bench)].flat()
  } catch (error) {
    return [{ name, goal: '', measured: 'nothing', ok: false, notes: [String((error as Error).stack)] }]
  }
}

function table(rows: readonly Row[]): string {
  const head = ['row', 'goal', 'measured', 'reference', 'ratio', 'verdict']
  const lines = rows.map(({ name, goal, measured, reference = '', ratio = '', ok }) =>
    [name, goal, measured, reference, ratio, ok ? 'holds' : 'MISSED'].map(String),
  )
  const widths = head.map((title, i) =>
    Math.max(...[head, ...lines].map((line) => (line[i] ?? title).length)),
  )
  const text = (line: readonly string[]) =>
    `| ${line.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`
  const notes = rows.flatMap(({ name, notes = [] }) =>
    [`\n${name}`, ...notes.map((note) => `  ${note}`)].slice(notes.length > 0 ? 0 : 1),
  )
  return `${[text(head), rule, ...lines.map(text), ...notes].join('\n')}\n`
}

function stop(message: string): never {
  process.stderr.write(`bench: ${message}\n`)
  process.exit(2)
}
