import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseForm, xmlOf, xmlOfError } from '../../src/sandbox/query-protocol.ts'

test('a form gives back what went into it, whatever its names and values', () => {
  const name = fc.string({ minLength: 1, unit: 'binary' }).filter((text) => !text.includes('.'))
  fc.assert(
    fc.property(fc.dictionary(name, fc.string({ unit: 'binary' }), { noNullPrototype: true }), (fields) => {
      const sendable = Object.entries(fields).filter(([key, value]) => (key + value).isWellFormed())
      assert.deepEqual(
        parseForm(new URLSearchParams(sendable).toString()),
        Object.fromEntries(sendable.map(([key, value]) => [key, value])),
      )
    }),
  )
})

test('lists and structures are read in the order of their numbers', () => {
  const form = 'Tags.member.10.Key=j&Tags.member.2.Key=b&Tags.member.2.Value=x+%26y&Names.member.1=n&Empty='
  assert.deepEqual(parseForm(form), {
    Tags: [{ Key: 'b', Value: 'x &y' }, { Key: 'j' }],
    Names: ['n'],
    Empty: '',
  })
})

test('no bytes make the reader of forms fail', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (body) => void parseForm(body)))
  assert.deepEqual(parseForm('a=%ZZ'), { a: '%ZZ' })
})

test('answers escape what XML does not carry, and leave out what is not there', () => {
  const output = {
    User: { UserName: 'a<b&"c"', Path: undefined },
    Names: ['x'],
    Map: new Map([['Users', 1]]),
  }
  assert.equal(
    xmlOf('iam', 'GetUser', output, 'id-1'),
    '<GetUserResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><GetUserResult>' +
      '<User><UserName>a&lt;b&amp;&quot;c&quot;</UserName></User><Names><member>x</member></Names>' +
      '<Map><entry><key>Users</key><value>1</value></entry></Map></GetUserResult>' +
      '<ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata></GetUserResponse>',
  )
  assert.match(xmlOfError('iam', 'NoSuchEntity', '<x>', 404, 'id-2'), /<Type>Sender<.*<Message>&lt;x&gt;</)
})
