/** How bodies of the admin API are read. */
import { errorCodes, type FastifyInstance } from 'fastify'

/**
 * JSON, also as a merge patch. No bytes are no body, whatever Content-Type says: many clients send one with
 * every request, and some of our routes take a body or none. Bytes of any other type are refused, text too,
 * which Fastify would take. Keys that would change an object's prototype are refused.
 */
export function readJsonBodies(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  for (const type of ['application/json', 'application/merge-patch+json']) {
    app.addContentTypeParser<string>(type, { parseAs: 'string' }, (request, body, done) => {
      if (body === '') done(null, undefined)
      else parse(request, body, done)
    })
  }
  app.removeContentTypeParser('text/plain')
  app.addContentTypeParser<Buffer>('*', { parseAs: 'buffer' }, (_request, body, done) => {
    if (body.length === 0) done(null, undefined)
    else done(new errorCodes.FST_ERR_CTP_INVALID_MEDIA_TYPE())
  })
}
