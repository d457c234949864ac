import assert from 'node:assert/strict'
import { test } from 'node:test'
import { desiredAccount, policyArn } from '../../src/catalog/account.ts'
import type { AccountStep } from '../../src/catalog/account-plan.ts'
import { waitsOfNewCatalog, waitsOfRepair } from '../../src/catalog/gated.ts'
import { DENY_ALL, PLACE, READ_ONLY } from './account-model.ts'
import { catalog, policy, SOUND_POLICY, statement } from './samples.ts'

const denies = { Effect: 'Deny', Action: 's3:DeleteBucket', Resource: '*' }
const desired = desiredAccount(
  catalog({
    groups: {
      engineering: {
        policies: [
          policy('engineering', SOUND_POLICY),
          policy('forbidding', statement(denies)),
          policy('both', statement(denies, { Effect: 'Allow', Action: 's3:GetObject', Resource: '*' })),
          policy('empty', statement()),
        ],
      },
    },
  }),
  PLACE,
)

const ours = (name: string) => policyArn(PLACE, `muster-${name}`)
const attach = (groupName: string, arn: string): AccountStep => ({
  do: 'AttachGroupPolicy',
  groupName,
  policyArn: arn,
})

/** Whether each waits: in a catalog that is new to the account, and in a repair. */
const cases: readonly (readonly [AccountStep, boolean, boolean])[] = [
  [attach('engineering', ours('engineering')), true, true],
  [attach('engineering', READ_ONLY), true, true],
  [attach('engineering', ours('both')), true, true],
  [attach('engineering', ours('empty')), true, true],
  [attach('engineering', ours('forbidding')), true, false],
  [attach('engineering', DENY_ALL), true, false],
  [attach('muster-baseline', ours('baseline')), false, false],
  [attach('muster-quarantine', DENY_ALL), false, false],
  [{ do: 'CreateGroup', groupName: 'engineering', path: '/muster/' }, true, false],
  [{ do: 'CreatePolicyVersion', policyArn: ours('engineering'), document: SOUND_POLICY }, true, false],
  [{ do: 'DetachGroupPolicy', groupName: 'engineering', policyArn: READ_ONLY }, true, false],
  [{ do: 'DeleteGroupPolicy', groupName: 'engineering', policyName: 'x' }, false, false],
]

for (const [step, inNewCatalog, inRepair] of cases) {
  const what = Object.values(step)
    .filter((value) => typeof value === 'string')
    .join(' ')
  const verb = (waits: boolean) => (waits ? 'waits' : 'does not wait')
  test(`${what} ${verb(inNewCatalog)} in a new catalog, and ${verb(inRepair)} in a repair`, () => {
    assert.equal(waitsOfNewCatalog(step), inNewCatalog)
    assert.equal(waitsOfRepair(desired)(step), inRepair)
  })
}
