/** Bearer tokens (RFC 6750). They are known by their SHA-256 alone, and compared in constant time. */
import { createHash, timingSafeEqual } from 'node:crypto'
import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Actor } from '../../identity/changes.ts'
import { Problem } from '../../problem.ts'

/** Who may call, and as whom what they do is recorded. */
export interface ApiToken {
  readonly actor: Actor
  readonly sha256: Buffer
}

export const tokenOf = (actor: Actor, secret: string): ApiToken => ({ actor, sha256: sha256(secret) })

declare module 'fastify' {
  interface FastifyRequest {
    /** Who calls; empty outside of what `requireToken` guards. */
    actor: Actor
  }
}

/** Failed attempts that one address may make within a minute; whoever has a valid token is not counted. */
const failuresPerMinute = 30

/** Guards every route of this instance and of those below it, before any body is read. */
export async function requireToken(app: FastifyInstance, tokens: readonly ApiToken[]): Promise<void> {
  await app.register(rateLimit, { global: false })
  const countFailure = app.createRateLimit({ max: failuresPerMinute, timeWindow: '1 minute' })

  app.addHook('onRequest', async (request, reply) => {
    const presented = bearerOf(request)
    const token = presented === undefined ? undefined : find(tokens, presented)
    if (token) {
      request.actor = token.actor
      return
    }
    const failures = await countFailure(request)
    if (!failures.isAllowed && failures.isExceeded) {
      throw new Problem(429, 'too-many-failures', 'Too many requests without a valid token; wait a little.', {
        retryAfterSeconds: failures.ttlInSeconds,
      })
    }
    const hint = presented === undefined ? '' : ', error="invalid_token"'
    reply.header('www-authenticate', `Bearer realm="muster"${hint}`)
    throw new Problem(
      401,
      'unauthenticated',
      presented === undefined
        ? 'Send the header "Authorization: Bearer <token>".'
        : 'The bearer token is not one that is valid here.',
    )
  })
}

function bearerOf(request: FastifyRequest): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1]
}

/** Looks at every token, so that the time taken does not tell which one nearly matched. */
function find(tokens: readonly ApiToken[], presented: string): ApiToken | undefined {
  const hash = sha256(presented)
  let found: ApiToken | undefined
  for (const token of tokens) if (timingSafeEqual(hash, token.sha256)) found = token
  return found
}

const sha256 = (text: string) => createHash('sha256').update(text).digest()
