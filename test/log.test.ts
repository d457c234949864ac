import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'drizzle-orm'
import { errorInLog } from '../src/log.ts'
import { forEachDatabase } from './harness/databases.ts'

forEachDatabase((_name, openStore) => {
  test('an error of the database is logged without what the statement was about', async () => {
    const { db } = await openStore()
    const secret = 'what HR wrote about somebody'
    const error = await db.execute(sql`select ${secret}::uuid`).catch((error: unknown) => error)
    const logged = JSON.stringify(errorInLog(error))
    assert.doesNotMatch(logged, /HR wrote/)
    assert.match(logged, /SQLSTATE 22P02/)
    assert.match(logged, /log\.test\.ts/, 'it says where it came from')
  })
})

test('an error is logged with its cause, its code and nothing that somebody hung on it', () => {
  const cause = Object.assign(new Error('connection lost'), { code: 'ECONNRESET', client: { password: 'x' } })
  const { stack: _, ...logged } = errorInLog(new TypeError('it failed', { cause }))
  assert.deepEqual(
    { ...logged, cause: { ...logged.cause, stack: '' } },
    {
      type: 'TypeError',
      message: 'it failed',
      cause: { type: 'Error', message: 'connection lost', code: 'ECONNRESET', stack: '' },
    },
  )
  assert.deepEqual(errorInLog('a text'), { type: 'string', message: 'a text' })
})

test('a copy of the fields of an error, as the job queue tells of one, is logged as that error', () => {
  const error = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:5432'), { code: 'ECONNREFUSED' })
  const { message, stack } = error
  const told = { ...error, message, stack, queue: 'reconcile', worker: 'b7c1' }
  assert.deepEqual(errorInLog(told), errorInLog(error))

  const refused = { code: '22P02', message: 'invalid input: "what HR wrote"', stack: 'error: what HR wrote' }
  assert.doesNotMatch(JSON.stringify(errorInLog(refused)), /HR wrote/)
})
