import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import {
  hashInflated,
  inflateWhole,
  LogFileError,
  type LogRecord,
  readRecords,
} from '../../src/trail/log-file.ts'
import { compressed, event, logFileOf, sha256 } from './digest-files.ts'

const allOf = (mention: string) => ({ mention, isWanted: () => true })

test('a record tells its request, its event, and who called, without the session of a role', async () => {
  const [record] = await readRecords(
    compressed(logFileOf([event({ requestID: 'r-9', readOnly: false })])),
    allOf(''),
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
  const records = await readRecords(compressed(file), allOf('AROAEXAMPLE'))
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
  const records = await readRecords(compressed(file), allOf(''))
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
        const records = await readRecords(chunks, allOf(''))
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
  const records = await readRecords(compressed(logFileOf(events)), allOf('AROAEXAMPLE'))
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
    await assert.rejects(readRecords([bytes], allOf('')), LogFileError, bytes.toString('latin1'))
  }
})

test('a bomb is put down before it goes off', async () => {
  const bomb = gzipSync(Buffer.alloc(65 * 1024 * 1024))
  assert.ok(bomb.length < 100_000)
  await assert.rejects(inflateWhole([bomb], 64 * 1024 * 1024), /more than 67108864 bytes/)
  const oneRecord = gzipSync(`{"Records":[{"text":"${'a'.repeat(5 * 1024 * 1024)}"}]}`)
  await assert.rejects(readRecords([oneRecord], allOf('')), /larger than any event/)
})

test('an empty list of records is a log file', async () => {
  assert.deepEqual(await readRecords(compressed('{"Records":[]}'), allOf('')), [])
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
  await assert.rejects(readRecords(broken(), allOf('')), /the line was cut/)
})

test('nothing is kept of a file but the records that are wanted, and not without end', async () => {
  const events = Array.from({ length: 12_000 }, (_, i) => event({ requestID: `r-${i}` }))
  const file = compressed(logFileOf(events))
  const wanted = { mention: 'AROAEXAMPLE', isWanted: ({ requestId }: LogRecord) => requestId === 'r-9000' }
  const inflated = { bytes: 0 }
  const records = await readRecords(file, wanted, inflated)
  assert.deepEqual(
    records.map(({ requestId }) => requestId),
    ['r-9000'],
  )
  assert.equal(inflated.bytes, logFileOf(events).length)
  await assert.rejects(readRecords(file, allOf('AROAEXAMPLE')), /more than 10000 calls of Muster's/)
})

test('a record is not read deeper than who called', async () => {
  const record = JSON.stringify(event()).replace('}', ',"deep":{"a":[neither JSON]}}')
  const [read] = await readRecords(compressed(`{"Records":[${record}]}`), allOf(''))
  assert.equal(read?.principalId, 'AROAEXAMPLE')
})

test('an event of a time that no event can be of is left out', async () => {
  const times = [
    '+200000-01-01T00:00:00Z',
    '-000001-01-01T00:00:00Z',
    '1999-12-31T23:59:59Z',
    '0000-01-01',
    '9',
  ]
  const events = times.map((eventTime) => event({ requestID: 'strange', eventTime }))
  const records = await readRecords(compressed(logFileOf([...events, event()])), allOf(''))
  assert.deepEqual(
    records.map(({ requestId }) => requestId),
    ['r-1'],
  )
})
