/** Says 503 early, with `Retry-After`, instead of letting everybody wait: too busy, or about to stop. */
import underPressure from '@fastify/under-pressure'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Problem } from '../../problem.ts'

/** Mean delay of a turn of the event loop, over a second, above which we do not even begin. */
const maxEventLoopDelayMs = 1000
/** For so many seconds on end: one long turn, as at the start or in a short stall of the machine, is no overload. */
const patienceSeconds = 3

/** Probes must be answered however busy we are: an orchestrator would kill a process that merely has much to do. */
const probes = new Set(['/healthz', '/readyz', '/metrics'])

export async function useLoadShedding(app: FastifyInstance): Promise<void> {
  let stopping = false
  let overloadedSeconds = 0
  app.addHook('preClose', (done) => {
    stopping = true
    done()
  })
  app.addHook('onRequest', (_request, reply, done) => {
    if (!stopping) return done()
    reply.header('connection', 'close')
    done(notNow('stopping', 'Muster is about to stop and takes no more; try again.'))
  })
  await app.register(underPressure, {
    maxEventLoopDelay: maxEventLoopDelayMs,
    sampleInterval: 1000,
    pressureHandler: async (request) => {
      if (overloadedSeconds < patienceSeconds || isProbe(request)) return
      throw notNow('busy', 'There is too much to do right now; try again.')
    },
  })

  const count = setInterval(() => {
    overloadedSeconds = app.isUnderPressure() ? overloadedSeconds + 1 : 0
  }, 1000).unref()
  app.addHook('onClose', (_app, done) => {
    clearInterval(count)
    done()
  })
}

const isProbe = (request: FastifyRequest) => probes.has(request.routeOptions.url ?? '')

const notNow = (slug: string, detail: string) => new Problem(503, slug, detail, { retryAfterSeconds: 5 })
