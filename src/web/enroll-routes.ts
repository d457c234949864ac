/** `/enroll/<token>`: the pages of one-time links. No script, no cookie, nothing kept by the browser. */
import { readFileSync } from 'node:fs'
import formbody from '@fastify/formbody'
import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { html } from 'ghtml'
import { AwsCallError } from '../aws/errors.ts'
import { confirmCodes, lookAtLink, resyncDevice, startEnrollment } from '../credentials/enroll.ts'
import type { EnrollContext, EnrollStep } from '../credentials/enroll-step.ts'
import { idOfToken } from '../credentials/link.ts'
import { toProblem } from '../http/plugins/problems.ts'
import { enrollPage, resyncPage } from './enroll-pages.ts'
import { layout } from './layout.ts'

const stylesheet = readFileSync(new URL('muster.css', import.meta.url), 'utf8')

const pageHeaders = {
  'cache-control': 'no-store',
  'content-type': 'text/html; charset=utf-8',
  'referrer-policy': 'no-referrer',
  'content-security-policy':
    "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
}

/**
 * Requests a minute: with one link, and from one address (behind a proxy, all of them). Whoever has a link of ours is not
 * counted by address, so that strangers with made-up ones keep nobody from theirs.
 */
const perLink = 30
const perAddress = 600

/** Codes and a ticket: nothing that is sent here is long. */
const bodyLimit = 4096

interface Link {
  Params: { token: string }
  Body: Readonly<Record<string, unknown>> | undefined
}

export const enrollRoutes: FastifyPluginAsync<{ context: () => EnrollContext }> = async (
  app,
  { context },
) => {
  await app.register(formbody, { bodyLimit })
  await limit(app, (token) => idOfToken(context().keyring, token) !== undefined)
  app.setErrorHandler(answerWithPage)

  app.get('/muster.css', { schema: { hide: true } }, async (_request, reply) =>
    reply.header('cache-control', 'public, max-age=3600').type('text/css; charset=utf-8').send(stylesheet),
  )

  const schema = { hide: true }
  app.get<Link>('/enroll/:token', { schema }, (request, reply) =>
    show(request, reply, (token) => lookAtLink(context(), token)),
  )
  app.post<Link>('/enroll/:token/start', { schema, bodyLimit }, (request, reply) =>
    show(request, reply, (token) => startEnrollment(context(), token)),
  )
  app.post<Link>('/enroll/:token/codes', { schema, bodyLimit }, (request, reply) =>
    show(request, reply, (token) => confirmCodes(context(), token, request.body ?? {})),
  )
  app.post<Link>('/enroll/:token/resync', { schema, bodyLimit }, async (request, reply) => {
    const { token } = request.params
    const body = request.body ?? {}
    const outcome = await resyncDevice(context(), token, body)
    const { status, page } =
      outcome === 'over'
        ? enrollPage({ kind: 'over' }, pathOf(token))
        : resyncPage(outcome, pathOf(token), String(body.ticket))
    return reply.code(status).headers(pageHeaders).send(page)
  })
}

async function show(
  request: FastifyRequest<Link>,
  reply: FastifyReply,
  step: (token: string) => Promise<EnrollStep>,
): Promise<FastifyReply> {
  const { token } = request.params
  const { status, page } = enrollPage(await step(token), pathOf(token))
  return reply.code(status).headers(pageHeaders).send(page)
}

const pathOf = (token: string) => `/enroll/${encodeURIComponent(token)}`

async function limit(app: FastifyInstance, isOurs: (token: string) => boolean): Promise<void> {
  await app.register(rateLimit, { global: false })
  const ofLink = app.createRateLimit({
    max: perLink,
    timeWindow: '1 minute',
    keyGenerator: (request) => (request.params as Link['Params']).token ?? '',
  })
  const ofAddress = app.createRateLimit({ max: perAddress, timeWindow: '1 minute' })
  app.addHook('onRequest', async (request, reply) => {
    const { token } = request.params as Partial<Link['Params']>
    if (token === undefined) return
    for (const look of isOurs(token) ? [ofLink] : [ofLink, ofAddress]) {
      const used = await look(request)
      if (!used.isAllowed && used.isExceeded) {
        const page = troublePage('Too many requests', 'Wait a minute, then open the link again.')
        return reply
          .code(429)
          .headers({ ...pageHeaders, 'retry-after': String(used.ttlInSeconds) })
          .send(page)
      }
    }
  })
}

/** An error of any kind, as a page that says nothing it should not. */
function answerWithPage(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const problem = toProblem(error)
  if (problem.status >= 500) request.log.error({ err: error }, 'a page could not be made')
  const detail =
    error instanceof AwsCallError || problem.status === 503
      ? 'Something that Muster needs does not answer. Nothing is lost: open the link again in a moment.'
      : problem.message
  void reply.code(problem.status).headers(pageHeaders).send(troublePage('That did not work', detail))
}

function troublePage(title: string, detail: string): string {
  return layout({ title, body: html`<h1>${title}</h1><p>${detail}</p>` })
}
