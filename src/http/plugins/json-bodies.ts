/** How bodies of the admin API are read. */
import type { FastifyInstance } from 'fastify'

/**
 * JSON, also as a merge patch. No bytes are no body, whatever Content-Type says: many clients send one with
 * every request, and some of our routes take a body or none. Keys that would change an object's prototype
 * are refused.
 */
export function readJsonBodies(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  for (const type of ['application/json', 'application/merge-patch+json']) {
    app.addContentTypeParser<string>(type, { parseAs: 'string' }, (request, body, done) => {
      if (body === '') done(null, undefined)
      else parse(request, body, done)
    })
  }
}
