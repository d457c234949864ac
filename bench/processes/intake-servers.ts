/** The two that are compared at intake, each started in a process of its own. */
import { createHmac, timingSafeEqual } from 'node:crypto'
import Fastify from 'fastify'
import pg from 'pg'
import { pino } from 'pino'
import { readConfig } from '../../src/config.ts'
import { openService } from '../../src/service.ts'
import { answerParent } from './children.ts'
import { adminToken, hrSecret } from './settings.ts'

const handlers = {
  /** Muster as a replica that only serves HTTP: every plugin and route, no workers. Returns its address. */
  async openMuster(databaseUrl: string): Promise<string> {
    const config = readConfig({
      MUSTER_DATABASE_URL: databaseUrl,
      MUSTER_ROLE: 'api',
      MUSTER_ADMIN_TOKEN: adminToken,
      MUSTER_HR_SECRETS: hrSecret,
      MUSTER_SECRET_KEY: 'the-secret-key-of-the-benchmarks',
      // Nobody is there: intake must not depend on AWS.
      AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
    })
    const credentials = { accessKeyId: 'none', secretAccessKey: 'none' }
    const { app } = await openService(config, { log: pino({ level: 'error' }), credentials })
    return await app.listen({ host: '127.0.0.1', port: 0 })
  },
  /** The reference: what one writes in an afternoon, without any of the guarantees but durability. */
  async openBare(databaseUrl: string): Promise<string> {
    const pool = new pg.Pool({ connectionString: databaseUrl, max: 10 })
    await pool.query('create table bare (webhook_id text primary key, received_at timestamptz, body bytea)')
    const key = Buffer.from(hrSecret.slice('whsec_'.length), 'base64')
    const app = Fastify()
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
    app.post('/webhooks/hr', async (request, reply) => {
      const body = request.body as Buffer
      const id = String(request.headers['webhook-id'])
      const signed = `${id}.${request.headers['webhook-timestamp']}.`
      const expected = `v1,${createHmac('sha256', key).update(signed).update(body).digest('base64')}`
      const given = Buffer.from(String(request.headers['webhook-signature']))
      if (given.length !== expected.length || !timingSafeEqual(given, Buffer.from(expected))) {
        return reply.code(401).send({ status: 'refused' })
      }
      await pool.query({
        name: 'insert',
        text: 'insert into bare (webhook_id, received_at, body) values ($1, now(), $2)',
        values: [id, body],
      })
      return reply.code(202).send({ deliveryId: id, status: 'accepted' })
    })
    return await app.listen({ host: '127.0.0.1', port: 0 })
  },
}

export type IntakeServerProcess = typeof handlers

answerParent(handlers)
