/** What no single statement may say, in a group's policy or in a boundary. */
import { type ActionTable, expand } from '../actions.ts'
import type { PolicyDoc } from '../catalog.ts'
import {
  type ConditionTest,
  isEveryAction,
  isEveryResource,
  type Statement,
  statementsOf,
} from '../policy-document.ts'
import { type LintFault, type Rule, some } from './fault.ts'

export function statementFaults(doc: PolicyDoc, table: ActionTable): LintFault[] {
  return statementsOf(doc.document).flatMap((statement) =>
    CHECKS.flatMap(({ rule, remedy, finds }) => {
      const message = finds(statement, table)
      return message === undefined
        ? []
        : [{ file: doc.file, statement: statement.name, rule, message, remedy }]
    }),
  )
}

interface Check {
  readonly rule: Rule
  readonly remedy: string
  /** What is wrong with the statement, if anything is. */
  readonly finds: (statement: Statement, table: ActionTable) => string | undefined
}

const CHECKS: readonly Check[] = [
  {
    rule: 'principal-in-policy',
    remedy: 'remove it: a policy of a group speaks of its members, IAM accepts no Principal there',
    finds: ({ namesPrincipal }) => (namesPrincipal ? 'has a Principal' : undefined),
  },
  {
    rule: 'allow-not-action',
    remedy: 'list the actions that are needed: NotAction allows whatever AWS invents next',
    finds: ({ effect, notActions }) =>
      effect === 'Allow' && notActions.length > 0 ? `allows all but ${some(notActions)}` : undefined,
  },
  {
    rule: 'allow-not-resource',
    remedy: 'list the resources that are needed: NotResource allows whatever is made next',
    finds: ({ effect, notResources }) =>
      effect === 'Allow' && notResources.length > 0
        ? `allows all resources but ${some(notResources)}`
        : undefined,
  },
  {
    rule: 'every-action',
    remedy: 'list the actions that are needed',
    finds: ({ effect, actions }) =>
      effect === 'Allow' && actions.some(isEveryAction) ? 'allows every action of every service' : undefined,
  },
  {
    rule: 'unknown-action',
    remedy: 'correct the spelling, or remove it: it allows nothing, or not what was meant',
    finds: ({ actions, notActions }, table) => {
      const unknown = [...actions, ...notActions].filter(
        (pattern) => !isEveryAction(pattern) && expand(table, pattern).length === 0,
      )
      return unknown.length > 0 ? `names actions that AWS does not have: ${some(unknown)}` : undefined
    },
  },
  {
    rule: 'allows-nothing',
    remedy: 'move it to a statement with "Resource": "*", bound by a condition if need be',
    finds: ({ effect, actions, resources }, table) => {
      if (effect !== 'Allow' || resources.length === 0 || resources.some(isEveryResource)) return undefined
      const idle = actions.filter((pattern) => {
        const meant = expand(table, pattern)
        return meant.length > 0 && meant.every((action) => action.namesNoResource)
      })
      return idle.length > 0
        ? `allows ${some(idle)} on named resources, and AWS knows that on "*" only: it allows nothing`
        : undefined
    },
  },
  {
    rule: 'write-on-everything',
    remedy: 'name the resources, or add a condition (a tag, a Region, aws:MultiFactorAuthPresent)',
    finds: ({ effect, actions, resources, conditions }, table) => {
      if (effect !== 'Allow' || !resources.some(isEveryResource) || conditions.some(isRealCondition))
        return undefined
      const writes = actions.flatMap((pattern) => expand(table, pattern)).filter((action) => action.changes)
      return writes.length > 0
        ? `allows ${some(writes.map((action) => action.name))} on every resource, without a condition`
        : undefined
    },
  },
]

/** A test that every request passes is no condition. */
function isRealCondition({ operator, values }: ConditionTest): boolean {
  return !(/Like/i.test(operator) && values.some((value) => /^\*+$/.test(value)))
}
