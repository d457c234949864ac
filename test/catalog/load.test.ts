import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { CatalogError, loadCatalog, loadDraftCatalog } from '../../src/catalog/load.ts'
import { SOUND_BOUNDARY, SOUND_POLICY } from './samples.ts'

const EXAMPLE = fileURLToPath(new URL('../../catalog/roles.yaml', import.meta.url))

const ROLES = `version: 1
groups:
  engineering:
    policies: [policies/engineering.json]
roles:
  engineer:
    description: Builds
    groups: [engineering]
    boundary: boundaries/engineer.json
`

const SOUND = {
  'roles.yaml': ROLES,
  'policies/engineering.json': JSON.stringify(SOUND_POLICY),
  'boundaries/engineer.json': JSON.stringify(SOUND_BOUNDARY),
}

async function folder(t: TestContext, files: Readonly<Record<string, string>>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'catalog-'))
  t.after(() => rm(root, { recursive: true }))
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true })
    await writeFile(join(root, name), text)
  }
  return root
}

async function refusal(file: string): Promise<string> {
  const error = await loadCatalog(file).then(
    () => assert.fail('was loaded'),
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof CatalogError, String(error))
  return error.message
}

test('the example catalog has at least five roles, each with groups and a boundary', async () => {
  const { roles, groups, hash } = await loadCatalog(EXAMPLE)
  assert.ok(Object.keys(roles).length >= 5)
  assert.deepEqual(roles['backend-engineer']?.groups, ['engineering', 'deploy-staging'])
  assert.equal(roles['backend-engineer']?.boundary.name, 'muster-boundary-engineer')
  assert.equal(groups.engineering?.policies[0]?.name, 'muster-engineering')
  assert.ok(Object.values(roles).some((role) => role.accessKeys === 'self-service'))
  assert.match(hash, /^[0-9a-f]{64}$/)
})

test('what a role leaves out has the careful value', async (t) => {
  const { roles } = await loadCatalog(join(await folder(t, SOUND), 'roles.yaml'))
  const { console: mayUseConsole, accessKeys, privileged } = roles.engineer ?? {}
  assert.deepEqual(
    { mayUseConsole, accessKeys, privileged },
    { mayUseConsole: true, accessKeys: 'none', privileged: false },
  )
})

test('the hash follows the content and not the layout', async (t) => {
  const hashOf = async (files: Readonly<Record<string, string>>) =>
    (await loadCatalog(join(await folder(t, files), 'roles.yaml'))).hash
  const relaid = {
    ...SOUND,
    'roles.yaml': ROLES.replace('[engineering]', '\n      - "engineering"  # the same').concat(
      '    console: true\n',
    ),
    'policies/engineering.json': JSON.stringify(SOUND_POLICY, null, 4),
  }
  const changed = { ...SOUND, 'policies/engineering.json': JSON.stringify(SOUND_BOUNDARY) }
  assert.equal(await hashOf(relaid), await hashOf(SOUND))
  assert.notEqual(await hashOf(changed), await hashOf(SOUND))
})

test('names that every JavaScript object knows are no roles and no groups', async (t) => {
  const { roles, groups } = await loadCatalog(join(await folder(t, SOUND), 'roles.yaml'))
  for (const name of ['constructor', '__proto__', 'toString']) {
    assert.equal(roles[name], undefined)
    assert.equal(groups[name], undefined)
  }
})

test('a catalog behind a link is read, with the policies that lie beside the real file', async (t) => {
  const root = await folder(t, SOUND)
  await symlink(join(root, 'roles.yaml'), join(root, 'current.yaml'))
  assert.equal((await loadCatalog(join(root, 'current.yaml'))).file, 'current.yaml')
})

test('a role without a boundary is refused, but can be read for the lint to judge', async (t) => {
  const root = await folder(t, { ...SOUND, 'roles.yaml': ROLES.replace(/ {4}boundary.*\n/, '') })
  assert.match(await refusal(join(root, 'roles.yaml')), /^roles\.yaml: roles\.engineer: has no boundary; add/)
  assert.equal((await loadDraftCatalog(join(root, 'roles.yaml'))).roles.engineer?.boundary, null)
})

interface Refused {
  readonly says: string
  readonly message: RegExp
  readonly roles?: string
  readonly policy?: string
  readonly more?: Readonly<Record<string, string>>
}

const policyRef = (ref: string) => ROLES.replace('policies/engineering.json', ref)

const REFUSED: readonly Refused[] = [
  { says: 'YAML that is none', roles: 'version: [1', message: /^roles\.yaml: line \d/ },
  { says: 'an empty file', roles: '', message: /^roles\.yaml: is of the wrong kind; write a map/ },
  { says: 'one key twice', roles: `${ROLES}version: 1\n`, message: /line 10: Map keys must be unique/ },
  {
    says: 'an unknown tag',
    roles: ROLES.replace('version: 1', 'version: !!js/function 1'),
    message: /line 1/,
  },
  {
    says: 'another version',
    roles: ROLES.replace('version: 1', 'version: 2'),
    message: /version: .*; write 1/,
  },
  {
    says: 'an unknown key',
    roles: `${ROLES}    consol: true\n`,
    message: /^roles\.yaml: roles\.engineer: does not know "consol"/,
  },
  {
    says: 'a lacking key',
    roles: ROLES.replace(/ {4}description.*\n/, ''),
    message: /roles\.engineer: lacks "description"/,
  },
  {
    says: 'a wrong kind of value',
    roles: ROLES.replace('[engineering]', 'engineering'),
    message: /roles\.engineer\.groups: is of the wrong kind; write a list/,
  },
  {
    says: 'an unknown value',
    roles: `${ROLES}    accessKeys: maybe\n`,
    message: /roles\.engineer\.accessKeys: .*"none", "self-service"/,
  },
  {
    says: 'one group twice in a role',
    roles: ROLES.replace('[engineering]', '[engineering, engineering]'),
    message: /names something twice/,
  },
  {
    says: 'a group that does not exist',
    roles: ROLES.replace('[engineering]', '[enginering]'),
    message: /roles\.engineer\.groups\[0\]: names the group "enginering".*use one of engineering/,
  },
  {
    says: 'a group named after an object property',
    roles: ROLES.replace('[engineering]', '[constructor]'),
    message: /names the group "constructor"/,
  },
  {
    says: 'a group name that IAM refuses',
    roles: ROLES.replaceAll('engineering:', '"en gin":').replace('[engineering]', '["en gin"]'),
    message: /groups\.en gin: is no IAM group name/,
  },
  {
    says: "the name of one of Muster's groups",
    roles: ROLES.replace('  engineering:', '  Muster-Quarantine: {}\n  engineering:'),
    message: /groups\.Muster-Quarantine: is the name of one of Muster's own groups/,
  },
  {
    says: 'two groups that IAM takes for one',
    roles: ROLES.replace('  engineering:', '  Engineering: {}\n  engineering:'),
    message: /groups\.engineering: is the same name in IAM as Engineering/,
  },
  {
    says: 'a role name with a space',
    roles: ROLES.replace('  engineer:', '  "an engineer":'),
    message: /is no role name/,
  },
  {
    says: 'a policy of AWS by name only',
    roles: ROLES.replace('    policies', '    awsManagedPolicies: [ReadOnlyAccess]\n    policies'),
    message: /groups\.engineering\.awsManagedPolicies\[0\]/,
  },
  {
    says: 'a policy that is not there',
    roles: policyRef('policies/none.json'),
    message: /^policies\/none\.json: does not exist/,
  },
  {
    says: 'a path upwards',
    roles: policyRef('../engineering.json'),
    message: /groups\.engineering\.policies\[0\]: .* is not a plain path/,
  },
  {
    says: 'a path upwards in the middle',
    roles: policyRef('policies/../../x.json'),
    message: /is not a plain path/,
  },
  { says: 'an absolute path', roles: policyRef('/etc/x.json'), message: /is an absolute path/ },
  { says: 'backslashes', roles: policyRef('"..\\\\x.json"'), message: /is not a plain path/ },
  {
    says: 'a file that is not JSON by name',
    roles: policyRef('policies/engineering.txt'),
    message: /is not a \.json file/,
  },
  {
    says: 'a file name that IAM refuses',
    roles: policyRef('policies/a b.json'),
    message: /which is no IAM name/,
  },
  {
    says: "a file named like Muster's own policy",
    roles: policyRef('policies/Baseline.json'),
    message: /which is Muster's own/,
  },
  {
    says: 'a policy that is a boundary too',
    roles: ROLES.replace('boundaries/engineer.json', 'policies/engineering.json'),
    message: /is a policy and a boundary at once/,
  },
  {
    says: 'two files of one name',
    roles: ROLES.replace('policies/engineering.json', 'policies/engineering.json, other/Engineering.json'),
    more: { 'other/Engineering.json': '{}' },
    message: /policies\/engineering\.json and other\/Engineering\.json both become/,
  },
  {
    says: 'a policy in the way of a boundary',
    roles: policyRef('policies/boundary-engineer.json'),
    more: { 'policies/boundary-engineer.json': '{}' },
    message: /both become the IAM policy muster-boundary-engineer/,
  },
  {
    says: 'a policy that is not JSON',
    policy: '{ "Version": ',
    message: /^policies\/engineering\.json: is not JSON/,
  },
  {
    says: 'a policy that is a list',
    policy: '[]',
    message: /^policies\/engineering\.json: is not a JSON object/,
  },
  {
    says: 'a policy with a key twice',
    policy: '{\n\t"Version": "2012-10-17",\n\t"Statement": [{"Effect": "Deny", "Effect": "Allow"}]\n}',
    message: /^policies\/engineering\.json: has a key twice in line 3/,
  },
  {
    says: 'a policy of a megabyte',
    policy: JSON.stringify({ Id: 'x'.repeat(1e6) }),
    message: /far too large/,
  },
]

for (const { says, message, roles = ROLES, policy = SOUND['policies/engineering.json'], more } of REFUSED)
  test(`a catalog is refused for ${says}`, async (t) => {
    const root = await folder(t, {
      ...SOUND,
      ...more,
      'roles.yaml': roles,
      'policies/engineering.json': policy,
    })
    assert.match(await refusal(join(root, 'roles.yaml')), message)
  })

test('a policy that is a link out of the catalog is refused', async (t) => {
  const outside = await folder(t, { 'x.json': JSON.stringify(SOUND_POLICY) })
  const root = await folder(t, { ...SOUND, 'roles.yaml': policyRef('policies/link.json') })
  await symlink(join(outside, 'x.json'), join(root, 'policies/link.json'))
  assert.match(await refusal(join(root, 'roles.yaml')), /^policies\/link\.json: is a link that leads out/)
  const viaFolder = await folder(t, { ...SOUND, 'roles.yaml': policyRef('linked/x.json') })
  await symlink(outside, join(viaFolder, 'linked'))
  assert.match(await refusal(join(viaFolder, 'roles.yaml')), /^linked\/x\.json: is a link that leads out/)
})

test('a folder where a policy should be is refused', async (t) => {
  const root = await folder(t, { ...SOUND, 'roles.yaml': policyRef('d.json'), 'd.json/x': '' })
  assert.match(await refusal(join(root, 'roles.yaml')), /^d\.json: is not a file/)
})

test('a policy nested beyond all sense is refused and does not end the process', async (t) => {
  const deep = `{"Statement":${'['.repeat(30000)}${']'.repeat(30000)}}`
  const root = await folder(t, { ...SOUND, 'policies/engineering.json': deep })
  assert.match(await refusal(join(root, 'roles.yaml')), /^policies\/engineering\.json: /)
})

test('a catalog that is not there is named', async () => {
  assert.match(await refusal('/nowhere/roles.yaml'), /^\/nowhere\/roles\.yaml: does not exist/)
})

test('all faults are told at once', async (t) => {
  const roles = ROLES.replace('[engineering]', '[a, b]').replace('  engineering:', '  muster-baseline:')
  const root = await folder(t, { ...SOUND, 'roles.yaml': roles })
  assert.equal((await refusal(join(root, 'roles.yaml'))).split('\n').length, 3)
})
