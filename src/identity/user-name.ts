/** IAM user names from people's names: pure, and stable once given. */
import anyAscii from 'any-ascii'

export interface NameParts {
  readonly employeeId: string
  readonly givenName: string
  readonly familyName: string
  readonly email: string
}

/** IAM allows 64 characters of `[\w+=,.@-]` (IAM User Guide, "IAM and AWS STS quotas"). */
const maxLength = 64

/**
 * The name that `template` gives a person, in IAM's alphabet; undefined when nothing usable is left
 * (a name of nothing but punctuation, and an employee id of the same).
 *
 * @param template e.g. `{given}.{family}`; see `MUSTER_USER_NAME_TEMPLATE`
 */
export function baseUserName(template: string, person: NameParts): string | undefined {
  const given = toIamAlphabet(person.givenName)
  const family = toIamAlphabet(person.familyName)
  const values: Readonly<Record<string, string>> = {
    given,
    family,
    g: given.slice(0, 1),
    f: family.slice(0, 1),
    employeeId: toIamAlphabet(person.employeeId),
    mailbox: toIamAlphabet(person.email.split('@')[0] ?? ''),
  }
  const filled = template.replace(/\{(\w+)\}/g, (_, key: string) => values[key] ?? '')
  return tidy(filled) ?? tidy(`employee.${values.employeeId}`, 'employee')
}

/** The `n`th choice for a name: itself, then with 2, 3, ... appended, never longer than IAM allows. */
export function numbered(base: string, n: number): string {
  if (n <= 1) return base
  const suffix = String(n)
  return base.slice(0, maxLength - suffix.length) + suffix
}

/** IAM does not tell names apart by case, and refuses to change nothing but that. */
export function isSameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}

/** "Zoë O'Hara-Łuć" -> "zoe.ohara-luc"; white space becomes a dot, apostrophes vanish. */
function toIamAlphabet(text: string): string {
  return anyAscii(text.normalize('NFKC'))
    .toLowerCase()
    .replace(/['’`"]/g, '')
    .replace(/[^a-z0-9_-]+/g, '.')
    .replace(/\.+/g, '.')
    .replace(/^[.-]+|[.-]+$/g, '')
}

/** Undefined when no letter or digit is left beside `prefix`. */
function tidy(name: string, prefix = ''): string | undefined {
  const tidied = name
    .replace(/[^\w+=,.@-]/g, '')
    .replace(/\.{2,}/g, '.')
    .replace(/^[.-]+|[.-]+$/g, '')
    .slice(0, maxLength)
    .replace(/[.-]+$/, '')
  return /[a-z0-9]/i.test(tidied.slice(prefix.length)) ? tidied : undefined
}
