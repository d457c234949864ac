/** Reading the catalog from its files: the only I/O of this room. */
import { createHash } from 'node:crypto'
import { readFile, realpath, stat } from 'node:fs/promises'
import { basename, dirname, isAbsolute, relative, resolve, sep } from 'node:path'
import { LineCounter, parseDocument } from 'yaml'
import {
  BASELINE,
  type Catalog,
  type CatalogGroup,
  type DraftCatalog,
  type DraftRole,
  type PolicyDoc,
  type PolicyDocument,
  QUARANTINE,
  type Role,
} from './catalog.ts'
import { canonicalJson, isObject } from './policy-document.ts'
import { type CatalogFault, type CatalogFile, GROUP_NAME, shapeFaults } from './shape.ts'

/** Larger than any policy that IAM accepts, smaller than anything that hurts. */
const MAX_POLICY_BYTES = 64 * 1024

/** A condition's value is six levels down; far more could exhaust the stack of whoever walks the document. */
const MAX_POLICY_DEPTH = 20

/** Says of every fault in which file it is, where, what it is and what would be right. */
export class CatalogError extends Error {
  readonly faults: readonly CatalogFault[]
  constructor(faults: readonly CatalogFault[]) {
    super(faults.map(faultLine).join('\n'))
    this.name = 'CatalogError'
    this.faults = faults
  }
}

/**
 * The catalog in that file, with the policies it names, which must lie beside or below it.
 * Promises form only: whether the policies are good ones is for `lint` to say.
 *
 * @throws CatalogError with all faults found, a role without a boundary among them
 */
export async function loadCatalog(file: string): Promise<Catalog> {
  const draft = await loadDraftCatalog(file)
  const roles: Record<string, Role> = Object.create(null)
  const faults: CatalogFault[] = []
  for (const [name, role] of Object.entries(draft.roles)) {
    if (role.boundary !== null) roles[name] = { ...role, boundary: role.boundary }
    else faults.push(noBoundary(draft.file, name))
  }
  if (faults.length > 0) throw new CatalogError(faults)
  return { ...draft, roles }
}

function noBoundary(file: string, role: string): CatalogFault {
  return {
    file,
    at: `roles.${role}`,
    message: 'has no boundary',
    remedy: 'add `boundary: boundaries/<name>.json`: the most that anyone in this role may ever do',
  }
}

/** As `loadCatalog`, but roles may lack a boundary: for `lint`, which then says so along with all the rest. */
export async function loadDraftCatalog(file: string): Promise<DraftCatalog> {
  const real = await realpath(file).catch((error: unknown) => {
    throw new CatalogError([unreadable(file, error)])
  })
  const name = basename(file)
  const parsed = parseCatalog(await readFile(real, 'utf8'), name)
  const policies = await readPolicies(dirname(real), parsed, name)

  const groups: Record<string, CatalogGroup> = Object.create(null)
  for (const [group, entry] of Object.entries(parsed.groups)) {
    groups[group] = {
      policies: (entry.policies ?? []).map((ref) => policies.get(ref) as PolicyDoc),
      awsManagedPolicies: entry.awsManagedPolicies ?? [],
    }
  }
  const roles: Record<string, DraftRole> = Object.create(null)
  for (const [role, entry] of Object.entries(parsed.roles)) {
    roles[role] = {
      description: entry.description,
      groups: entry.groups,
      boundary: entry.boundary === undefined ? null : (policies.get(entry.boundary) as PolicyDoc),
      console: entry.console ?? true,
      accessKeys: entry.accessKeys ?? 'none',
      privileged: entry.privileged ?? false,
    }
  }
  const content = { version: 1 as const, groups, roles }
  const hash = createHash('sha256').update(canonicalJson(content)).digest('hex')
  return { ...content, file: name, hash }
}

function parseCatalog(text: string, file: string): CatalogFile {
  const lines = new LineCounter()
  const yaml = parseDocument(text, { uniqueKeys: true, strict: true, lineCounter: lines })
  const broken = [...yaml.errors, ...yaml.warnings].map((error) => ({
    file,
    at: error.linePos ? `line ${error.linePos[0].line}` : '',
    message: error.message.split('\n')[0]?.replace(/ at line.*$/, '') ?? 'is not YAML',
    remedy: 'correct the YAML there',
  }))
  if (broken.length > 0) throw new CatalogError(broken)
  const value: unknown = yaml.toJS({ maxAliasCount: 20 })
  const faults = shapeFaults(value, file)
  if (faults.length > 0) throw new CatalogError(faults)
  return value as CatalogFile
}

interface Reference {
  readonly ref: string
  readonly at: string
  readonly prefix: 'muster-' | 'muster-boundary-'
}

async function readPolicies(
  root: string,
  catalog: CatalogFile,
  file: string,
): Promise<Map<string, PolicyDoc>> {
  const faults: CatalogFault[] = []
  const docs = new Map<string, PolicyDoc>()
  for (const { ref, at, prefix } of referencesIn(catalog)) {
    const name = prefix + basename(ref, '.json')
    const wrong = referenceFault(ref, name, docs.get(ref))
    if (wrong !== undefined)
      faults.push({ file, at, message: `${JSON.stringify(ref)} ${wrong}`, remedy: REFERENCE })
    if (wrong !== undefined || docs.has(ref)) continue
    try {
      docs.set(ref, { file: ref, name, document: await readPolicy(root, ref) })
    } catch (error) {
      if (!(error instanceof CatalogError)) throw error
      faults.push(...error.faults)
      docs.set(ref, { file: ref, name, document: {} })
    }
  }
  faults.push(...nameClashes([...docs.values()], file))
  if (faults.length > 0) throw new CatalogError(faults)
  return docs
}

function nameClashes(docs: readonly PolicyDoc[], file: string): CatalogFault[] {
  return docs.flatMap((doc, index) => {
    const first = docs.slice(0, index).find(({ name }) => name.toLowerCase() === doc.name.toLowerCase())
    if (first === undefined) return []
    const message = `${first.file} and ${doc.file} both become the IAM policy ${first.name}`
    return [
      { file, at: '', message, remedy: 'IAM ignores folders and case: give one of the files another name' },
    ]
  })
}

const REFERENCE = 'name a .json file beside or below the catalog, as in policies/engineering.json'

function referencesIn(catalog: CatalogFile): Reference[] {
  const policies = Object.entries(catalog.groups).flatMap(([group, { policies = [] }]) =>
    policies.map((ref, i) => ({ ref, at: `groups.${group}.policies[${i}]`, prefix: 'muster-' as const })),
  )
  const boundaries = Object.entries(catalog.roles).flatMap(([role, { boundary }]) =>
    boundary === undefined
      ? []
      : [{ ref: boundary, at: `roles.${role}.boundary`, prefix: 'muster-boundary-' as const }],
  )
  return [...policies, ...boundaries]
}

function referenceFault(ref: string, name: string, known: PolicyDoc | undefined): string | undefined {
  if (isAbsolute(ref) || /^[A-Za-z]:/.test(ref)) return 'is an absolute path'
  if (/[\\\0]/.test(ref) || ref.split('/').some((part) => ['', '.', '..'].includes(part)))
    return 'is not a plain path'
  if (!ref.endsWith('.json')) return 'is not a .json file'
  if (!GROUP_NAME.test(name)) return `would be the IAM policy ${JSON.stringify(name)}, which is no IAM name`
  if (OWN_POLICIES.has(name.toLowerCase())) return `would be the IAM policy ${name}, which is Muster's own`
  if (known !== undefined && known.name !== name)
    return 'is a policy and a boundary at once: make two files of it'
  return undefined
}

const OWN_POLICIES = new Set([BASELINE, QUARANTINE])

async function readPolicy(root: string, ref: string): Promise<PolicyDocument> {
  const refuse = (message: string, remedy: string) =>
    new CatalogError([{ file: ref, at: '', message, remedy }])
  const real = await realpath(resolve(root, ref)).catch((error: unknown) => {
    throw new CatalogError([unreadable(ref, error)])
  })
  const inside = relative(root, real)
  if (inside.split(sep)[0] === '..' || isAbsolute(inside))
    throw refuse('is a link that leads out of the catalog', 'put the file itself there')
  const { size, isFile } = await stat(real).then((found) => ({ size: found.size, isFile: found.isFile() }))
  if (!isFile) throw refuse('is not a file', REFERENCE)
  if (size > MAX_POLICY_BYTES) throw refuse('is far too large for a policy', 'split it')
  const text = await readFile(real, 'utf8').catch((error: unknown) => {
    throw new CatalogError([unreadable(ref, error)])
  })
  return parsePolicy(text, refuse)
}

function parsePolicy(
  text: string,
  refuse: (message: string, remedy: string) => CatalogError,
): PolicyDocument {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw refuse(`is not JSON: ${(error as Error).message}`, 'correct it')
  }
  if (isDeeperThan(MAX_POLICY_DEPTH, value))
    throw refuse('is nested too deep for a policy', 'write it plainly')
  // JSON.parse keeps the last of two equal keys without a word; every JSON text is YAML, and YAML minds.
  const twice = parseDocument(text, { uniqueKeys: true }).errors.find(
    (error) => error.code === 'DUPLICATE_KEY',
  )
  if (twice !== undefined)
    throw refuse(`has a key twice in line ${twice.linePos?.[0].line}`, 'keep one of the two')
  if (!isObject(value)) throw refuse('is not a JSON object', 'write a policy document')
  return value
}

function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some((inner) => isDeeperThan(levels - 1, inner))
}

function unreadable(file: string, error: unknown): CatalogFault {
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown error'
  return code === 'ENOENT'
    ? { file, at: '', message: 'does not exist', remedy: 'create it, or correct the path that leads to it' }
    : { file, at: '', message: `cannot be read (${code})`, remedy: 'let Muster read it' }
}

function faultLine({ file, at, message, remedy }: CatalogFault): string {
  return `${file}${at && `: ${at}`}: ${message}; ${remedy}`
}
