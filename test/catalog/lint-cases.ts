/** The tables of the lint's tests: catalogs as small as can be, each with the one fault that it must be refused for. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DraftCatalog } from '../../src/catalog/catalog.ts'
import { lint, lintLine } from '../../src/catalog/lint.ts'
import type { LintFault, Rule } from '../../src/catalog/rules/fault.ts'
import { statement, withPolicy } from './samples.ts'

export interface Refused {
  readonly says: string
  readonly rule: Rule
  readonly catalog: DraftCatalog
  /** Where the fault must be; the one statement of the one policy unless told. */
  readonly at?: Partial<Pick<LintFault, 'file' | 'statement'>>
  readonly message?: RegExp
}

export function refuses(cases: readonly Refused[]): void {
  for (const { says, rule, catalog, at, message = /./ } of cases)
    test(`the lint refuses ${says}, for that and nothing else`, async () => {
      const faults = await lint(catalog)
      assert.deepEqual(
        faults.map((fault) => fault.rule),
        [rule],
        faults.map(lintLine).join('\n'),
      )
      const { file, statement: name, message: told, remedy } = faults[0] as LintFault
      assert.deepEqual(
        { file, statement: name },
        { file: 'policies/p.json', statement: 'Statement[0]', ...at },
      )
      assert.match(told, message)
      assert.notEqual(remedy, '')
    })
}

export function accepts(cases: readonly (readonly [says: string, catalog: DraftCatalog])[]): void {
  for (const [says, catalog] of cases)
    test(`the lint accepts ${says}`, async () => {
      assert.deepEqual((await lint(catalog)).map(lintLine), [])
    })
}

export const IN_EUROPE = { StringEquals: { 'aws:RequestedRegion': 'eu-central-1' } }

export const inRolesFile = { file: 'roles.yaml', statement: null }

export function allow(action: unknown, resource: unknown = 'arn:aws:s3:::b/*', condition?: unknown) {
  return {
    Effect: 'Allow',
    Action: action,
    Resource: resource,
    ...(condition === undefined ? {} : { Condition: condition }),
  }
}

/** A catalog whose one policy has that one statement. */
export function allowing(...args: Parameters<typeof allow>): DraftCatalog {
  return withPolicy(statement(allow(...args)))
}

export function many(count: number): string[] {
  return Array.from({ length: count }, (_, n) => `g${n}`)
}
