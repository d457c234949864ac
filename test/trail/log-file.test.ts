import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { hashInflated, inflateWhole, LogFileError, readRecords } from '../../src/trail/log-file.ts'
import { compressed, event, logFileOf, sha256 } from './digest-files.ts'

test('a record tells its request, its event, and who called, without the session of a role', async () => {
  const [record] = await readRecords(
    compressed(logFileOf([event({ requestID: 'r-9', readOnly: false })])),
    '',
  )
  assert.deepEqual(record, {
    requestId: 'r-9',
    eventId: 'e-r-9',
    eventName: 'GetAccountSummary',
    eventAt: new Date('2026-12-01T09:00:00Z'),
    readOnly: false,
    principalId: 'AROAEXAMPLE',
    arn: 'arn:aws:sts::123456789012:assumed-role/muster/muster',
  })
})

test('only records of the one who is asked for are read', async () => {
  const file = logFileOf([
    event({ requestID: 'of-another', principalId: 'AIDAOTHER' }),
    event({ requestID: 'ours', principalId: 'AROAEXAMPLE:session' }),
  ])
  const records = await readRecords(compressed(file), 'AROAEXAMPLE')
  assert.deepEqual(
    records.map(({ requestId }) => requestId),
    ['ours'],
  )
})

test('strange records do not keep the others from being found', async () => {
  const strange = [
    null,
    7,
    'text',
    [],
    {},
    { eventID: 1, eventName: 'X', eventTime: 'never' },
    { userIdentity: null },
  ]
  const nasty = event({ requestID: 'a\0b' })
  const file = logFileOf([...strange, nasty, event({ requestID: 'ours' })])
  const records = await readRecords(compressed(file), '')
  assert.deepEqual(
    records.map(({ requestId }) => requestId),
    ['ours'],
  )
})

test('every record is found, whatever text is in it and however the bytes arrive', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ text: fc.string({ unit: 'binary' }), nested: fc.jsonValue() }), { maxLength: 6 }),
      fc.integer({ min: 1, max: 50 }),
      async (contents, chunkBytes) => {
        const events = contents.map((content, i) => ({ ...event({ requestID: `r-${i}` }), content }))
        const whole = gzipSync(logFileOf(events))
        const chunks: Buffer[] = []
        for (let at = 0; at < whole.length; at += chunkBytes) chunks.push(whole.subarray(at, at + chunkBytes))
        const records = await readRecords(chunks, '')
        assert.deepEqual(
          records.map(({ requestId }) => requestId),
          events.map(({ requestID }) => requestID),
        )
      },
    ),
  )
})

test('a record that is spread over many chunks is put together', async () => {
  const events = Array.from({ length: 40 }, (_, i) => ({
    ...event({ requestID: `r-${i}` }),
    padding: 'x'.repeat(90_000),
  }))
  const records = await readRecords(compressed(logFileOf(events)), 'AROAEXAMPLE')
  assert.equal(records.length, 40)
})

test('what is not gzip, not JSON, cut off or empty is no log file', async () => {
  const whole = gzipSync(logFileOf([event()]))
  for (const bytes of [
    Buffer.from('{"Records":[]}'),
    whole.subarray(0, whole.length - 12),
    gzipSync('<html>'),
    gzipSync('{"Records":[{"a":1}'),
    gzipSync('{"Records":["'),
    gzipSync(''),
    Buffer.alloc(0),
  ]) {
    await assert.rejects(readRecords([bytes], ''), LogFileError, bytes.toString('latin1'))
  }
})

test('a bomb is put down before it goes off', async () => {
  const bomb = gzipSync(Buffer.alloc(65 * 1024 * 1024))
  assert.ok(bomb.length < 100_000)
  await assert.rejects(inflateWhole([bomb], 64 * 1024 * 1024), /more than 67108864 bytes/)
  const oneRecord = gzipSync(`{"Records":[{"text":"${'a'.repeat(5 * 1024 * 1024)}"}]}`)
  await assert.rejects(readRecords([oneRecord], ''), /larger than any event/)
})

test('an empty list of records is a log file', async () => {
  assert.deepEqual(await readRecords(compressed('{"Records":[]}'), ''), [])
})

test('what is hashed is the content, however it was compressed', async () => {
  const content = logFileOf([event()])
  for (const level of [0, 1, 9]) {
    assert.equal(await hashInflated([gzipSync(content, { level })]), sha256(content))
  }
})

test('an error of the source is passed on as it is', async () => {
  async function* broken() {
    yield gzipSync('{"Records":[]}').subarray(0, 5)
    throw new Error('the line was cut')
  }
  await assert.rejects(readRecords(broken(), ''), /the line was cut/)
})
