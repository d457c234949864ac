import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  canonicalPolicy,
  isEveryResource,
  matchesAction,
  matchesGlob,
  policySize,
} from '../../src/catalog/policy-document.ts'

test('wildcards match as the same pattern does as a regular expression', () => {
  const piece = fc.constantFrom('a', 'b', '*', '?', '.', '/')
  const pattern = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''))
  const text = fc
    .array(fc.constantFrom('a', 'b', '.', '/'), { maxLength: 8 })
    .map((pieces) => pieces.join(''))
  fc.assert(
    fc.property(pattern, text, (p, t) => {
      const expression = p.replaceAll('.', '\\.').replaceAll('*', '.*').replaceAll('?', '.')
      assert.equal(matchesGlob(p, t), new RegExp(`^${expression}$`, 's').test(t))
    }),
    { numRuns: 2000 },
  )
})

test('a hostile pattern takes no longer than a long one', () => {
  assert.equal(matchesGlob(`${'a*'.repeat(2000)}b`, 'a'.repeat(6000)), false)
})

test('action names are compared regardless of case', () => {
  assert.ok(matchesAction('S3:get*', 's3:GetObject'))
  assert.ok(!matchesAction('s3:Get*', 's3:PutObject'))
})

test('a resource that covers everything, or all of a service, is told from one that names something', () => {
  const everything = [
    '*',
    '**',
    'arn:*',
    'arn:aws:*',
    'arn:aws:s3:::*',
    'arn:aws:sqs:*:123456789012:*',
    'arn:*:*:*:*:*',
    // Fewer fields than an ARN has: IAM takes none of these, and the widest that they could mean is held against them.
    'arn:aws:kms',
    'arn:aws:kms:*',
    'arn:aws:iam::*',
    'arn:aws:sqs:*:123456789012',
  ]
  const something = [
    'arn:aws:s3:::b',
    'arn:aws:s3:::b/*',
    'arn:aws:iam::*:role/*',
    'arn:aws:sqs:eu-west-1:*:*',
    'arn:aws:sqs:eu-west-1',
    'arn:aws:sqs:eu-*',
    '',
  ]
  assert.deepEqual(
    everything.filter((resource) => !isEveryResource(resource)),
    [],
  )
  assert.deepEqual(something.filter(isEveryResource), [])
})

test('two ways to write one policy are one canonical text, two policies are two', () => {
  const long = {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Action: ['s3:PutObject', 's3:GetObject', 's3:GetObject'],
        Resource: ['arn:aws:s3:::b/*'],
        Condition: { Bool: { 'aws:SecureTransport': ['true'] } },
      },
    ],
  }
  const short = {
    Statement: {
      Condition: { Bool: { 'aws:SecureTransport': true } },
      Resource: 'arn:aws:s3:::b/*',
      Action: ['s3:GetObject', 's3:PutObject'],
      Effect: 'Allow',
    },
    Version: '2012-10-17',
  }
  assert.equal(canonicalPolicy(long), canonicalPolicy(short))
  for (const other of [
    { ...short, Version: '2008-10-17' },
    { ...short, Statement: { ...short.Statement, Effect: 'Deny' } },
    { ...short, Statement: { ...short.Statement, Action: 's3:GetObject' } },
    { ...short, Statement: { ...short.Statement, Condition: { Bool: { 'aws:SecureTransport': 'false' } } } },
    { ...short, Statement: [short.Statement, short.Statement] },
  ])
    assert.notEqual(canonicalPolicy(other), canonicalPolicy(short))
})

test('what IAM sends back and cannot be a policy has a canonical text too', () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => typeof canonicalPolicy(value) === 'string'))
  assert.doesNotThrow(() => canonicalPolicy(undefined))
})

test('the size of a policy does not count white space', () => {
  assert.equal(policySize({ Sid: 'a b' }), '{"Sid":"ab"}'.length)
})
