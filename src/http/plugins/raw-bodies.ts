/** Webhooks are taken as bytes: who sent them is judged before anything else. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Fault } from '../../problem.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The Content-Type as it was sent, where Fastify is not to judge it. */
    sentContentType: string | undefined
  }
}

/**
 * Every body of this instance becomes a Buffer. Fastify would refuse a malformed Content-Type before anybody
 * had seen the bytes, so it is put aside first.
 */
export function takeRawBodies(app: FastifyInstance): void {
  app.decorateRequest('sentContentType', undefined)
  app.addHook('onRequest', (request, _reply, done) => {
    request.sentContentType = request.raw.headers['content-type']
    request.raw.headers['content-type'] = 'application/octet-stream'
    done()
  })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/octet-stream', { parseAs: 'buffer' }, (_request, body, done) =>
    done(null, body),
  )
}

export const bytesOf = ({ body }: FastifyRequest): Buffer => (Buffer.isBuffer(body) ? body : Buffer.alloc(0))

export function faultsOfMedia({
  sentContentType,
  headers,
}: Pick<FastifyRequest, 'sentContentType' | 'headers'>): Fault[] {
  const coding = headers['content-encoding']
  return [
    ...(/^application\/json *(;|$)/i.test(sentContentType ?? '')
      ? []
      : [{ at: 'content-type', message: 'must be application/json' }]),
    ...(coding === undefined || /^identity$/i.test(coding)
      ? []
      : [{ at: 'content-encoding', message: 'must be left out: the body is taken as it is' }]),
  ]
}
