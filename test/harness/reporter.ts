/** A line for each file, all there is to know about what failed, and a last line that a script can read. */
import { relative } from 'node:path'
import type { TestEvent } from 'node:test/reporters'
import { inspect } from 'node:util'

/** Files are told one after the other, each to its end, whatever runs at the same time. */
interface FileReport {
  /** The names of the running tests, outermost first. */
  readonly names: string[]
  passed: number
  readonly skipped: string[]
  readonly failures: string[]
  /** What a test said besides; it is told when something failed. */
  readonly remarks: string[]
}

const nothingYet = (): FileReport => ({ names: [], passed: 0, skipped: [], failures: [], remarks: [] })

export default async function* report(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const total = { passed: 0, failed: 0, skipped: 0 }
  let file = nothingYet()

  function* end(name: string, durationMs: number): Generator<string> {
    total.passed += file.passed
    total.failed += file.failures.length
    total.skipped += file.skipped.length
    yield* told(name, durationMs, file)
    file = nothingYet()
  }

  for await (const { type, data } of source) {
    switch (type) {
      case 'test:start':
        file.names.splice(data.nesting, Infinity, data.name)
        break
      case 'test:pass':
        if (data.skip !== undefined) file.skipped.push(`${pathOf(file, data)}: ${data.skip}`)
        else if (data.details.type !== 'suite') file.passed += 1
        break
      case 'test:fail': {
        const { cause, failureType } = data.details.error as Error & { failureType?: string }
        // A suite fails with its tests, which have been told.
        if (failureType === 'subtestsFailed') break
        file.failures.push(`${pathOf(file, data)}\n${inspect(cause ?? data.details.error, { depth: 6 })}`)
        // A file that cannot even be loaded has no end of its own.
        if (data.name === data.file) yield* end(data.name, data.details.duration_ms)
        break
      }
      case 'test:diagnostic':
        file.remarks.push(data.message)
        break
      case 'test:stdout':
      case 'test:stderr':
        file.remarks.push(data.message.trimEnd())
        break
      case 'test:summary':
        if (data.file) yield* end(data.file, data.duration_ms)
        else yield `tests: ${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`
        break
    }
  }
}

function pathOf({ names }: FileReport, { name, nesting }: { name: string; nesting: number }): string {
  return [...names.slice(0, nesting), name].join(' > ')
}

function* told(name: string, durationMs: number, file: FileReport): Generator<string> {
  const { passed, skipped, failures, remarks } = file
  const seconds = (durationMs / 1000).toFixed(1).padStart(6)
  const verdict = failures.length > 0 ? 'FAILED' : skipped.length > 0 ? 'skips ' : 'ok    '
  yield `${verdict} ${seconds} s ${String(passed).padStart(4)} passed  ${relative('', name)}\n`
  for (const what of skipped) yield `    skipped: ${what}\n`
  for (const failure of failures) yield `\n  ${indented(failure)}\n\n`
  if (failures.length > 0) for (const remark of remarks) yield `  | ${indented(remark)}\n`
}

const indented = (text: string) => text.replaceAll('\n', '\n    ')
