/** What a boundary must let pass, and what it must hold back. */
import { BASELINE, type DraftCatalog, type PolicyDoc, QUARANTINE } from '../catalog.ts'
import { type Place, selfServiceRequests } from '../own-groups.ts'
import {
  type ConditionTest,
  coversAction,
  coversResource,
  isEveryAction,
  type Statement,
  statementsOf,
} from '../policy-document.ts'
import { type LintFault, some } from './fault.ts'

const SOME_ACCOUNT = '123456789012'
const SOME_USER = 'some.body'

export function roleBoundaryFaults(catalog: DraftCatalog): LintFault[] {
  return Object.entries(catalog.roles)
    .filter(([, role]) => role.boundary === null)
    .map(([name]) => ({
      file: catalog.file,
      statement: null,
      rule: 'no-boundary',
      message: `role ${name} has no boundary`,
      remedy: 'add `boundary: boundaries/<name>.json`: the most that anyone in this role may ever do',
    }))
}

export function boundaryFaults(doc: PolicyDoc, place: Place): LintFault[] {
  return [...baselineFaults(doc, place), ...escapeFaults(doc, place)]
}

/** What a boundary does not allow is not allowed, whatever the baseline says. */
function baselineFaults({ file, document }: PolicyDoc, place: Place): LintFault[] {
  const statements = statementsOf(document)
  const blocked = selfServiceRequests(place, SOME_ACCOUNT, SOME_USER).filter(({ action, resource, mfa }) => {
    const covers = (statement: Statement) =>
      coversAction(statement, action) && coversResource(forUser(statement), resource)
    const allowed = statements.some((s) => s.effect === 'Allow' && covers(s) && holds(s, mfa) === 'yes')
    const denied = statements.some((s) => s.effect === 'Deny' && covers(s) && holds(s, mfa) !== 'no')
    return !allowed || denied
  })
  if (blocked.length === 0) return []
  const texts = blocked.map(({ action, mfa }) => (mfa ? action : `${action} (without MFA)`))
  const own = `user${place.path}\${aws:username}`
  return [
    {
      file,
      statement: null,
      rule: 'boundary-blocks-baseline',
      message: `does not surely allow the baseline's ${some(texts)}`,
      remedy: `allow them on ${own} and mfa/\${aws:username}*, under no condition but MFA`,
    },
  ]
}

/** A boundary that lets its bearer change the boundary, or empty the groups that forbid, binds nobody. */
function escapeFaults({ file, name, document }: PolicyDoc, { partition, path }: Place): LintFault[] {
  const iam = `arn:${partition}:iam::${SOME_ACCOUNT}`
  const escapes = [
    { action: 'iam:DeleteUserPermissionsBoundary', resource: `${iam}:user${path}${SOME_USER}` },
    { action: 'iam:PutUserPermissionsBoundary', resource: `${iam}:user${path}${SOME_USER}` },
    { action: 'iam:CreatePolicyVersion', resource: `${iam}:policy${path}${name}` },
    { action: 'iam:SetDefaultPolicyVersion', resource: `${iam}:policy${path}${name}` },
    ...[BASELINE, QUARANTINE].map((group) => ({
      action: 'iam:DetachGroupPolicy',
      resource: `${iam}:group${path}${group}`,
    })),
  ]
  return statementsOf(document).flatMap((statement): LintFault[] => {
    // What says `*` or NotAction is refused for that alone.
    if (
      statement.effect === 'Deny' ||
      statement.actions.length === 0 ||
      statement.actions.some(isEveryAction)
    )
      return []
    const open = escapes.filter(
      ({ action, resource }) =>
        coversAction(statement, action) && coversResource(forUser(statement), resource),
    )
    if (open.length === 0) return []
    return [
      {
        file,
        statement: statement.name,
        rule: 'boundary-can-be-left',
        message: `allows ${some(open.map(({ action }) => action))}, by which its bearer could undo what binds them`,
        remedy: "leave these out: boundaries and Muster's own groups are for Muster to change",
      },
    ]
  })
}

function forUser(statement: Statement): Statement {
  const resolve = (resource: string) => resource.replaceAll('${aws:username}', SOME_USER)
  return {
    ...statement,
    resources: statement.resources.map(resolve),
    notResources: statement.notResources.map(resolve),
  }
}

type Holds = 'yes' | 'no' | 'maybe'

/** Whether the statement's conditions hold, as far as a policy alone can tell: of MFA only. */
function holds({ conditions }: Statement, mfa: boolean): Holds {
  const each = conditions.map((test) => mfaTest(test, mfa))
  if (each.includes('no')) return 'no'
  return each.includes('maybe') ? 'maybe' : 'yes'
}

function mfaTest({ operator, key, values }: ConditionTest, mfa: boolean): Holds {
  const isMfa = key.toLowerCase() === 'aws:multifactorauthpresent' && /^Bool(IfExists)?$/i.test(operator)
  if (!isMfa || values.length !== 1) return 'maybe'
  return values[0]?.toLowerCase() === String(mfa) ? 'yes' : 'no'
}
