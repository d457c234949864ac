import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { baseUserName, isSameName, type NameParts, numbered } from '../../src/identity/user-name.ts'

const usual = '{given}.{family}'
const iamName = /^[\w+=,.@-]{1,64}$/

function person(givenName: string, familyName: string, rest: Partial<NameParts> = {}): NameParts {
  return { employeeId: 'E1001', givenName, familyName, email: 'ada@example.com', ...rest }
}

const people: readonly (readonly [string, string, string])[] = [
  ['Ada', 'Lovelace', 'ada.lovelace'],
  ['ADA', 'LOVELACE', 'ada.lovelace'],
  ['Zoë', 'Łuć', 'zoe.luc'],
  ['Jürgen', 'Weiß', 'jurgen.weiss'],
  ['Søren', 'Ångström', 'soren.angstrom'],
  ['Conchúr', "O'Hara", 'conchur.ohara'],
  ['Conchúr', 'O’Hara', 'conchur.ohara'],
  ['Anne-Marie', 'Smith-Jones', 'anne-marie.smith-jones'],
  ['Maria del Mar', 'de la Cruz', 'maria.del.mar.de.la.cruz'],
  ['  Ada  ', '\tLovelace\n', 'ada.lovelace'],
  ['Ada', '', 'ada'],
  ['', 'Lovelace', 'lovelace'],
  ['J. R.', 'Tolkien, Jr.', 'j.r.tolkien.jr'],
  // The same letters, composed and decomposed.
  ['Zoe\u0308', 'A\u030angstro\u0308m', 'zoe.angstrom'],
  // Full-width letters.
  ['Ａｄａ', 'Ｌｏｖｅｌａｃｅ', 'ada.lovelace'],
]

for (const [given, family, expected] of people) {
  test(`${JSON.stringify(`${given} ${family}`)} becomes ${expected}`, () => {
    assert.equal(baseUserName(usual, person(given, family)), expected)
  })
}

test('scripts that are not Latin are written in Latin letters, differently for different people', () => {
  const names = [
    ['Иван', 'Петров'],
    ['小明', '王'],
    ['さくら', '田中'],
    ['محمد', 'علي'],
    ['Νίκος', 'Παπαδόπουλος'],
    ['민준', '김'],
    ['अनन्या', 'शर्मा'],
  ].map(([given = '', family = '']) => baseUserName(usual, person(given, family)))
  for (const name of names) assert.match(name ?? '', /^[a-z0-9._-]{3,64}$/)
  assert.equal(new Set(names).size, names.length)
})

test('a name of nothing but punctuation ends as the employee id', () => {
  assert.equal(baseUserName(usual, person('...', "'-'")), 'employee.e1001')
  assert.equal(baseUserName(usual, person('', '')), 'employee.e1001')
  assert.equal(baseUserName(usual, person('!!!', '???', { employeeId: 'Ö-17/b' })), 'employee.o-17.b')
})

test('where the employee id has no letter or digit either, there is no name', () => {
  assert.equal(baseUserName(usual, person('!', '?', { employeeId: '--..--' })), undefined)
})

test('200 characters are cut to the 64 that IAM allows, and never end in a dot', () => {
  const name = baseUserName(usual, person('x'.repeat(200), 'y'.repeat(200)))
  assert.equal(name, 'x'.repeat(64))
  const cutAtDot = baseUserName(usual, person('x'.repeat(63), 'y'.repeat(200)))
  assert.equal(cutAtDot, 'x'.repeat(63))
})

const templates: readonly (readonly [string, string | undefined])[] = [
  ['{given}.{family}', 'ada.lovelace'],
  ['{g}{family}', 'alovelace'],
  ['{given}{f}', 'adal'],
  ['{family}-{g}', 'lovelace-a'],
  ['{mailbox}', 'ada.k'],
  ['{employeeId}', 'e1001'],
  ['x-{employeeId}', 'x-e1001'],
  ['{given} {family}', 'adalovelace'],
  ['{given}@example.com', 'ada@example.com'],
  ['{given}.{nickname}.{family}', 'ada.lovelace'],
  ['{nickname}', 'employee.e1001'],
  ['', 'employee.e1001'],
]

for (const [template, expected] of templates) {
  test(`the template "${template}" names Ada Lovelace ${expected}`, () => {
    assert.equal(baseUserName(template, person('Ada', 'Lovelace', { email: 'Ada.K@example.com' })), expected)
  })
}

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.string({ unit: 'grapheme', maxLength: 200 }),
  fc.string({ unit: fc.constantFrom('.', '-', "'", ' ', 'a', 'É'), maxLength: 80 }),
)
const anybody: fc.Arbitrary<NameParts> = fc.record({
  employeeId: anyText,
  givenName: anyText,
  familyName: anyText,
  email: anyText,
})
const anyTemplate = fc.oneof(fc.constantFrom(...templates.map(([template]) => template)), anyText)

test('whatever people are called, the name is in the alphabet and length of IAM, or there is none', () => {
  fc.assert(
    fc.property(anyTemplate, anybody, (template, anyone) => {
      const name = baseUserName(template, anyone)
      if (name === undefined) return
      assert.match(name, iamName)
      assert.match(name, /[a-z0-9]/i)
      assert.ok(!/^[.-]|[.-]$|\.\./.test(name), name)
    }),
    { numRuns: 2000 },
  )
})

test('a number makes room for itself: different numbers never give one name', () => {
  assert.equal(numbered('ada.lovelace', 1), 'ada.lovelace')
  assert.equal(numbered('ada.lovelace', 2), 'ada.lovelace2')
  assert.equal(numbered('x'.repeat(64), 12), `${'x'.repeat(62)}12`)
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('a', 'b', '1', '.'), minLength: 1, maxLength: 64 }),
      fc.integer({ min: 1, max: 5000 }),
      fc.integer({ min: 1, max: 5000 }),
      (base, n, m) => {
        assert.match(numbered(base, n), iamName)
        if (n > 1 && m > 1 && String(n).length === String(m).length && n !== m) {
          assert.notEqual(numbered(base, n), numbered(base, m))
        }
      },
    ),
  )
})

test('names that differ in nothing but case are one name', () => {
  assert.ok(isSameName('Ada.Lovelace', 'ada.LOVELACE'))
  assert.ok(!isSameName('ada.lovelace', 'ada.lovelace2'))
})
