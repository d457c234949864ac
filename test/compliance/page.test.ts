/** The page that auditors read lists the controls as they are. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { practices } from '../../src/compliance/control.ts'
import { controls } from '../../src/compliance/controls/index.ts'
import { describe, practiceIds } from '../../src/compliance/evaluate.ts'

const line = (...cells: readonly string[]) => `| ${cells.join(' | ')} |\n`

const expected = practiceIds
  .map((practice) => {
    const own = controls.filter((control) => control.practice === practice).map(describe)
    const rows = own.map(({ id, title, severity, refs: { cis, fsbp } }) =>
      line(`\`${id}\``, title, severity, cis.join(', '), fsbp.join(', ')),
    )
    const head = line('control', 'what must be so', 'severity', 'CIS', 'FSBP')
    return `### ${practices[practice]}\n\n${head}|---|---|---|---|---|\n${rows.join('')}\n`
  })
  .join('')

test('the page lists every control, with its severity and the published recommendations that it answers to', async () => {
  const page = await readFile(new URL('../../docs/compliance.md', import.meta.url), 'utf8')
  const [, rest = ''] = page.split(/^## The controls$/m)
  const [section = ''] = rest.split(/^## /m)
  assert.equal(section.slice(section.indexOf('### ')), expected)
})
