/** The headers that tell browsers what not to do with our answers. */
import helmet from '@fastify/helmet'
import Fastify, { type FastifyInstance } from 'fastify'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Only programs read the answers of this route, and time counts: none of these headers. */
    readonly notForBrowsers?: boolean
  }
}

/** They are the same for every answer, so helmet is asked once, and not again for each request. */
export async function useSecurityHeaders(app: FastifyInstance): Promise<void> {
  const headers = await headersByHelmet()
  app.addHook('onRequest', (request, reply, done) => {
    if (request.routeOptions.config.notForBrowsers !== true) reply.headers(headers)
    done()
  })
}

async function headersByHelmet(): Promise<Record<string, string>> {
  const [plain, helmeted] = [Fastify(), Fastify()]
  await helmeted.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        'default-src': ["'self'"],
        'script-src': ["'self'"],
        // Swagger UI sets style attributes; no style of ours needs it.
        'style-src': ["'self'", "'unsafe-inline'"],
        'img-src': ["'self'", 'data:'],
        'object-src': ["'none'"],
        'base-uri': ["'none'"],
        'form-action': ["'self'"],
        'frame-ancestors': ["'none'"],
      },
    },
    frameguard: { action: 'deny' },
    referrerPolicy: { policy: 'no-referrer' },
  })
  const [without, having] = await Promise.all([plain, helmeted].map((app) => app.inject('/')))
  await Promise.all([plain.close(), helmeted.close()])
  const added = Object.entries(having?.headers ?? {}).filter(([name]) => without?.headers[name] === undefined)
  return Object.fromEntries(added.map(([name, value]) => [name, String(value)]))
}
