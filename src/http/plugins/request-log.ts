/** One line and one measurement a request, when it has been answered; never a header or a body. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Histogram, type Registry } from 'prom-client'

export function useRequestLog(app: FastifyInstance, registry: Registry): void {
  const seconds = new Histogram({
    name: 'muster_http_request_seconds',
    help: 'Time to answer HTTP requests, by route and status',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
    registers: [registry],
  })
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id)
    done()
  })
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? '(none)'
    seconds.observe({ method: request.method, route, status: reply.statusCode }, reply.elapsedTime / 1000)
    const line = {
      method: request.method,
      route,
      url: withoutTokens(request.url).slice(0, 500),
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
      ...(request.actor ? { actor: request.actor } : {}),
    }
    request.log[levelOf(request, reply)](line, 'request')
    done()
  })
}

/** The token of a one-time link stands in its path, however that is encoded, and on whatever path somebody mistypes it. */
function withoutTokens(url: string): string {
  const plain = url.replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
  const at = plain.toLowerCase().indexOf('/enroll/')
  return at < 0 ? url.replace(/[\w-]{40,}/g, '[token]') : `${plain.slice(0, at)}/enroll/[token]`
}

/** Reads and intake are many, and leave their traces elsewhere. */
function levelOf(request: FastifyRequest, reply: FastifyReply): 'info' | 'debug' {
  const quiet = request.method === 'GET' || request.url.startsWith('/webhooks/')
  return quiet && reply.statusCode < 400 ? 'debug' : 'info'
}
