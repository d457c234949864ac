/** Registering employees in the account: one identity each, with a user name that is theirs for good. */
import { createHash } from 'node:crypto'
import { sql } from 'drizzle-orm'
import { newId } from '../store/ids.ts'
import { rowsOf, type Transaction } from '../store/open.ts'
import type { Registration } from './model.ts'
import { baseUserName, type NameParts, numbered } from './user-name.ts'

export interface RegistrationSettings {
  readonly accountId: string
  /** IAM path, `/muster/`. */
  readonly path: string
  readonly quarantineGroup: string
  readonly baselineGroup: string
  readonly userNameTemplate: string
}

/** How an identity's user stands in IAM. */
export function registrationOf(
  identity: { readonly userName: string; readonly employeeId: string },
  { path, quarantineGroup, baselineGroup }: RegistrationSettings,
): Registration {
  return {
    userName: identity.userName,
    path,
    quarantineGroup,
    baselineGroup,
    tags: { 'muster:employee-id': tagValue(identity.employeeId), 'muster:managed': 'true' },
  }
}

/**
 * IAM allows 256 letters, digits, spaces and `_.:/=+-@` in a tag value (IAM User Guide, "Tags for IAM
 * resources"). Anything else is written as `=` and the hex of its UTF-8, as quoted-printable does;
 * `=` itself too, so that two employees never share a tag.
 */
export function tagValue(text: string): string {
  const encoded = text.replace(/[^A-Za-z0-9 _.:/+@-]/gu, (character) =>
    [...Buffer.from(character)].map((byte) => `=${byte.toString(16).padStart(2, '0')}`).join(''),
  )
  return encoded.length <= 256 ? encoded : `=sha256=${createHash('sha256').update(text).digest('hex')}`
}

/** Makes the identities that are missing. Two people of one name get different user names, ignoring case. */
export async function registerEmployees(
  tx: Transaction,
  settings: RegistrationSettings,
  people: readonly NameParts[],
): Promise<void> {
  let unnamed = people.map((person) => ({
    employeeId: person.employeeId,
    base: baseUserName(settings.userNameTemplate, person) ?? nameOfNobody(),
  }))
  for (let choices = 16; unnamed.length > 0; choices = Math.min(choices * 4, mostChoices)) {
    const taken = await takenNames(
      tx,
      settings.accountId,
      unnamed.map(({ base }) => base),
      choices,
    )
    const rows = unnamed.flatMap(({ employeeId, base }) => {
      const userName = firstFree(base, taken, choices)
      if (userName === undefined) return []
      taken.add(userName.toLowerCase())
      return [{ id: newId(), employee_id: employeeId, account_id: settings.accountId, user_name: userName }]
    })
    // A replica that gives the same name at the same moment wins or loses here; the loser looks again.
    await tx.execute(sql`
      insert into identities (id, employee_id, account_id, user_name)
      select id, employee_id, account_id, user_name
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
        as r(id uuid, employee_id text, account_id text, user_name text)
      on conflict do nothing`)
    const registered = await rowsOf<{ employee_id: string }>(
      tx,
      sql`
        select employee_id from identities
        where account_id = ${settings.accountId}
          and employee_id = any(${sql.param(unnamed.map(({ employeeId }) => employeeId))}::text[])`,
    )
    const named = new Set(registered.map((row) => row.employee_id))
    unnamed = unnamed.filter(({ employeeId }) => !named.has(employeeId))
    // All names like it are given: whoever comes now is called by something that nobody else is.
    if (choices === mostChoices) {
      unnamed = unnamed.map(({ employeeId }) => ({ employeeId, base: nameOfNobody() }))
    }
  }
}

const mostChoices = 4096

const nameOfNobody = () => `employee-${newId().slice(-12)}`

function firstFree(base: string, taken: ReadonlySet<string>, choices: number): string | undefined {
  for (let n = 1; n <= choices; n++) {
    const candidate = numbered(base, n)
    if (!taken.has(candidate.toLowerCase())) return candidate
  }
  return undefined
}

/** Which of the first `choices` names for each base are in use. Asked by equality, which the index answers. */
async function takenNames(
  tx: Transaction,
  accountId: string,
  bases: readonly string[],
  choices: number,
): Promise<Set<string>> {
  const candidates = bases.flatMap((base) =>
    Array.from({ length: choices }, (_, i) => numbered(base, i + 1).toLowerCase()),
  )
  const rows = await rowsOf<{ name: string }>(
    tx,
    sql`
      select lower(user_name) as name from identities
      where account_id = ${accountId} and lower(user_name) = any(${sql.param(candidates)}::text[])`,
  )
  return new Set(rows.map((row) => row.name))
}
