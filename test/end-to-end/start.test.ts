/** The first five minutes: `npm start`'s own process, and the commands that it prints. */
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { apiOf } from '../harness/api.ts'
import { missing } from '../harness/moto.ts'
import { type MusterProcess, type Settings, settingsFor, spawnMuster } from '../harness/process.ts'
import { eventually } from '../harness/waiting.ts'

const run = promisify(execFile)
const sandbox = { args: ['--sandbox'] }

/** Removed at the end of all: while a test ends, a process of it may still write there. */
const folders: string[] = []
after(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))))

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'muster-start-'))
  folders.push(folder)
  return join(folder, 'data')
}

const freePorts = { PORT: '0', MUSTER_SANDBOX_PORT: '0' }

/** What is printed for whoever starts it the first time. */
interface Welcome {
  readonly api: string
  readonly token: string
  readonly secret: string
  readonly curl: string
  readonly webhook: string
  readonly aws: string
}

async function welcomed(muster: MusterProcess): Promise<Welcome> {
  await eventually(() => /Stop with Ctrl-C/.test(muster.output()) || ended(muster), { what: 'the welcome' })
  const output = muster.output()
  const value = (label: string) => new RegExp(`${label} +(\\S+)`).exec(output)?.[1] ?? ''
  const command = (begin: string) =>
    output.split(/\n\s*\n/).find((text) => text.trim().startsWith(begin)) ?? ''
  return {
    api: /curl -sS (http:\/\/[^/\s]+)\//.exec(output)?.[1] ?? '',
    token: value('admin token'),
    secret: value('HR webhook secret'),
    curl: command('curl'),
    webhook: command('MUSTER_HR_SECRETS='),
    aws: command('AWS_ACCESS_KEY_ID='),
  }
}

async function ended(muster: MusterProcess): Promise<false> {
  const exit = await Promise.race([muster.exited, undefined])
  if (exit) throw new Error(`it ended:\n${muster.output()}`)
  return false
}

/** As it was printed, by a shell. @returns standard output */
async function type(command: string): Promise<string> {
  const { stdout } = await run('sh', ['-c', command], { timeout: 60_000 })
  return stdout
}

/** Typed again and again, until it shows these groups. */
async function shows(command: string, groups: readonly string[]): Promise<void> {
  let shown = ''
  await eventually(
    async () => {
      shown = await type(command).catch((error: Error) => error.message)
      return groupsIn(shown).join() === groups.join()
    },
    { what: `a member of ${groups}` },
  ).catch((error: Error) => assert.fail(`${error.message}:\n${shown}`))
}

function groupsIn(answer: string): readonly string[] {
  if (!answer.startsWith('{')) return []
  const { Groups } = JSON.parse(answer) as { Groups: { GroupName: string }[] }
  return Groups.map(({ GroupName }) => GroupName).toSorted()
}

test(
  'the printed commands hire two people and show them in their groups; a second start finds all as it was',
  { skip: missing('curl') || missing('aws') },
  async (t) => {
    const dataDir = await newFolder()
    const settings: Settings = { ...freePorts, MUSTER_DATA_DIR: dataDir }
    const first = spawnMuster(t, settings, sandbox)
    const welcome = await welcomed(first)

    const hired = JSON.parse(await type(welcome.curl))
    assert.equal(hired.employeeId, 'E1001')
    const answered = await type(welcome.webhook)
    assert.match(answered, /^202 \{.*"status":"accepted"/)
    await shows(welcome.aws, ['deploy-staging', 'engineering', 'muster-baseline'])
    await shows(welcome.aws.replace('ada.lovelace', 'grace.hopper'), ['analytics', 'muster-baseline'])

    const listUsers = ({ aws }: Welcome) => type(aws.replace(/list-groups-for-user.*/s, 'list-users'))
    const employees = async ({ api, token }: Welcome) => {
      const { body } = await (await apiOf(api, token)).get('/v1/employees').expect(200)
      return body.items
    }
    const before = { users: await listUsers(welcome), employees: await employees(welcome) }
    assert.equal(before.employees.length, 2)
    await first.stop()

    const second = spawnMuster(t, settings, sandbox)
    const again = await welcomed(second)
    assert.equal(again.token, welcome.token)
    assert.equal(again.secret, welcome.secret)
    assert.deepEqual({ users: await listUsers(again), employees: await employees(again) }, before)
    assert.equal((await stat(dataDir)).mode & 0o777, 0o700)
    await second.stop()
  },
)

test('a second process in the same folder is refused with one line, whatever its ports', async (t) => {
  const dataDir = await newFolder()
  const first = spawnMuster(t, { ...freePorts, MUSTER_DATA_DIR: dataDir }, sandbox)
  const { api } = await welcomed(first)
  const { port } = new URL(api)
  const refusedWith = async (settings: Settings, args: readonly string[] = []) => {
    const second = spawnMuster(t, { ...settings, MUSTER_DATA_DIR: dataDir }, { args })
    assert.equal((await second.exited).code, 1)
    return second.output()
  }
  const line = new RegExp(`^muster: MUSTER_DATA_DIR ${dataDir} is in use by process ${first.pid}: .*\n$`)
  assert.match(await refusedWith(freePorts, ['--sandbox']), line)
  assert.match(await refusedWith({ ...freePorts, PORT: port }, ['--sandbox']), line)
  assert.match(await refusedWith(settingsFor({})), line)

  const elsewhere = await newFolder()
  const other = spawnMuster(t, { ...freePorts, PORT: port, MUSTER_DATA_DIR: elsewhere }, sandbox)
  assert.equal((await other.exited).code, 1)
  assert.match(other.output(), /^muster: HOST and PORT: cannot listen at [^\n]*EADDRINUSE[^\n]*\n$/)

  await (await apiOf(api)).get('/healthz').expect(200)
  await first.stop()
})

test('a data folder that cannot be one is refused with one line, and nobody is told to delete it', async (t) => {
  const place = await newFolder()
  await writeFile(place, 'precious')
  const refusal = async (settings: Settings, args: readonly string[]) => {
    const muster = spawnMuster(t, { ...settings, PORT: '0', MUSTER_SANDBOX_PORT: '0' }, { args })
    assert.equal((await muster.exited).code, 1)
    assert.doesNotMatch(muster.output(), /delete/)
    return muster.output()
  }
  for (const [settings, args] of [
    [settingsFor({ MUSTER_DATA_DIR: place }), []],
    [{ MUSTER_DATA_DIR: place }, ['--sandbox']],
  ] as const)
    assert.match(
      await refusal(settings, args),
      new RegExp(`^muster: MUSTER_DATA_DIR ${place} is not a folder: [^\\n]*\n$`),
    )
  assert.match(
    await refusal({ MUSTER_DATA_DIR: '/proc/muster' }, ['--sandbox']),
    /^muster: MUSTER_DATA_DIR \/proc\/muster cannot be used: [^\n]*\n$/,
  )
  assert.equal(await readFile(place, 'utf8'), 'precious')
})

for (const [name, remedy] of [
  ['secrets.json', 'set MUSTER_DATA_DIR to another folder'],
  ['sandbox.json', 'move it away'],
] as const) {
  test(`a broken ${name} stops the start with one line that names it and what to do`, async (t) => {
    const folder = await newFolder()
    await mkdir(folder)
    await writeFile(join(folder, name), '{"half":"a secr')
    const muster = spawnMuster(t, { ...freePorts, MUSTER_DATA_DIR: folder }, sandbox)
    assert.equal((await muster.exited).code, 1)
    const output = muster.output()
    assert.match(output, new RegExp(`^muster: MUSTER_DATA_DIR [^\\n]*${name}[^\\n]*${remedy}[^\\n]*\n$`))
    assert.doesNotMatch(output, /secr\b|delete/)
  })
}

/** By npm, in a process group of its own: whatever of it is left over ends with the test. */
function runScript(t: TestContext, script: string, settings: Settings) {
  const { PATH = '', HOME = '' } = process.env
  const npm = spawn('npm', ['run', script], {
    detached: true,
    env: { PATH, HOME, npm_config_update_notifier: 'false', ...settings },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const group = -(npm.pid ?? assert.fail('npm did not start'))
  t.after(() => {
    try {
      process.kill(group, 'SIGKILL')
    } catch {
      // Nothing is left over.
    }
  })
  let output = ''
  npm.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  return { npm, address: () => /"address":"([^"]+)"/.exec(output)?.[1] }
}

for (const script of ['start', 'serve']) {
  test(`SIGTERM to \`npm run ${script}\` ends the service with npm`, { skip: missing('npm') }, async (t) => {
    const settings = settingsFor({
      ...freePorts,
      MUSTER_DATA_DIR: await newFolder(),
      MUSTER_LOG_LEVEL: 'info',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
    })
    const { npm, address } = runScript(t, script, settings)
    await eventually(() => address() !== undefined, { what: 'the address' })
    assert.ok((await fetch(`${address()}/healthz`)).ok)
    npm.kill('SIGTERM')
    await eventually(async () => !(await answers(`${address()}/healthz`)), { what: 'a closed port' })
  })
}

function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    () => true,
    () => false,
  )
}

/** Each setting with what it must not be; undefined: missing. */
const malformed: readonly (readonly [name: string, value: string | undefined])[] = [
  ['HOST', 'no-such-host.invalid'],
  ['PORT', '65536'],
  ['MUSTER_DATABASE_URL', 'mysql://localhost/muster'],
  ['MUSTER_DATABASE_URL', 'postgres://127.0.0.1:1/nobody-listens-there'],
  ['MUSTER_DATA_DIR', '/dev/null/muster'],
  ['MUSTER_DATA_DIR', '/proc/muster'],
  ['MUSTER_DATA_DIR', 'README.md'],
  ['MUSTER_ADMIN_TOKEN', undefined],
  ['MUSTER_ADMIN_TOKEN', 'short'],
  ['MUSTER_HR_SECRETS', 'whsec_c2hvcnQ='],
  ['MUSTER_CATALOG', '/no/such/file.yaml'],
  ['MUSTER_CATALOG', 'package.json'],
  ['MUSTER_PUBLIC_URL', 'ftp://example.com'],
  ['MUSTER_SECRET_KEY', undefined],
  ['MUSTER_SECRET_KEY', 'short'],
  ['MUSTER_IAM_RATE', '0'],
  ['MUSTER_IAM_PATH', 'muster'],
  ['MUSTER_USER_NAME_TEMPLATE', '{nickname}'],
  ['MUSTER_ROLE', 'boss'],
  ['MUSTER_ROLE', 'worker'],
  ['MUSTER_MODE', 'dry'],
  ['MUSTER_TRAIL_GATE', 'off'],
  ['MUSTER_RETENTION_DAYS', '-1'],
  ['MUSTER_DELIVERY_RETENTION_DAYS', 'a month'],
  ['MUSTER_LOG_LEVEL', 'loud'],
  ['MUSTER_SANDBOX', 'yes'],
  ['MUSTER_SANDBOX_PORT', 'any'],
  ['AWS_REGION', 'mars'],
  ['AWS_ENDPOINT_URL', 'nowhere'],
]

for (const [name, value] of malformed) {
  test(`${name}${value === undefined ? ' missing' : `=${value}`} stops the start with one line that names it`, async (t) => {
    const { [name]: _, ...rest } = settingsFor({
      MUSTER_DATA_DIR: await newFolder(),
      MUSTER_SANDBOX_PORT: '0',
    })
    const settings = value === undefined ? rest : { ...rest, [name]: value }
    const muster = spawnMuster(t, settings, name === 'MUSTER_SANDBOX_PORT' ? sandbox : {})
    const { code } = await muster.exited
    const output = muster.output()
    assert.equal(code, 1, output)
    assert.match(output, new RegExp(`^muster: (HOST and )?${name}\\b`), output)
    assert.doesNotMatch(output, /^ +at /m)
    // A catalog may have many faults, and has a line for each.
    if (value !== 'package.json') assert.equal(output.trimEnd().split('\n').length, 1, output)
  })
}
