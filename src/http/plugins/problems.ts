/** Every refusal and failure leaves as `application/problem+json` (RFC 9457), and says nothing it should not. */
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { AwsCallError } from '../../aws/errors.ts'
import { Problem } from '../../problem.ts'
import { isDatabaseAway } from '../../store/failures.ts'
import { problemType } from '../schemas/problem.ts'
import { validationProblem } from '../validation.ts'

const retryAfterSeconds = 5

/** Sets the handlers of errors and of unknown routes; call it on the outermost instance. */
export function useProblems(app: FastifyInstance): void {
  app.setErrorHandler(answerWithProblem)
  app.setNotFoundHandler(answerNotFound)
}

export function answerWithProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const problem = toProblem(error)
  if (problem.status === 500) request.log.error({ err: error }, 'a request failed')
  else if (problem.status >= 502) request.log.warn({ err: error }, problem.message)
  sendProblem(request, reply, problem)
}

export function answerNotFound(request: FastifyRequest, reply: FastifyReply): void {
  const path = request.url.split('?', 1)[0]?.slice(0, 200)
  sendProblem(
    request,
    reply,
    new Problem(404, 'not-found', `There is no ${request.method} ${path}; see /docs for what there is.`),
  )
}

function sendProblem(request: FastifyRequest, reply: FastifyReply, problem: Problem): void {
  const body = {
    type: `urn:muster:problem:${problem.slug}`,
    title: STATUS_CODES[problem.status] ?? 'Error',
    status: problem.status,
    detail: problem.message,
    ...(problem.faults.length > 0 ? { faults: problem.faults } : {}),
    requestId: request.id,
  }
  if (problem.retryAfterSeconds !== undefined) reply.header('retry-after', String(problem.retryAfterSeconds))
  // Serialized here: a status that its route does not document must not lose its body.
  void reply
    .code(problem.status)
    .header('cache-control', 'no-store')
    .type(problemType)
    .serializer((text: string) => text)
    .send(JSON.stringify(body))
}

/** Anything that was thrown, as what a client may know of it. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  // Before the database: an AWS call may have failed for the same kind of reason underneath.
  if (error instanceof AwsCallError) return awsProblem(error)
  if (isDatabaseAway(error)) {
    return new Problem(503, 'unavailable', 'The database cannot be reached right now; try again.', {
      retryAfterSeconds,
      cause: error,
    })
  }
  const { validation, validationContext, code, statusCode } = (error ?? {}) as Partial<FastifyError>
  if (validation) return validationProblem(validation, validationContext ?? 'body')
  const known = fastifyProblems[code ?? '']
  if (known) return new Problem(...known)
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new Problem(statusCode, 'refused', 'The request could not be taken as it is.')
  }
  return new Problem(500, 'internal', 'Something went wrong in Muster; its log says what.', { cause: error })
}

function awsProblem(error: AwsCallError): Problem {
  const detail = `AWS did not do what was asked: ${error.action} ended with ${error.code}.`
  const passing = error.class === 'throttled' || error.class === 'transient'
  return new Problem(502, 'aws-failed', detail, { cause: error, ...(passing ? { retryAfterSeconds } : {}) })
}

/** Fastify's own refusals, in our words: its messages may quote the request. */
const fastifyProblems: Readonly<Record<string, readonly [status: number, slug: string, detail: string]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: [413, 'too-large', 'The body is larger than this route takes.'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [
    415,
    'unsupported-media-type',
    'Send the body as application/json, and say so in Content-Type.',
  ],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: [
    400,
    'malformed-body',
    'The body is not as long as Content-Length says.',
  ],
  FST_ERR_CTP_EMPTY_JSON_BODY: [400, 'malformed-body', 'The body is empty: send a JSON object.'],
  FST_ERR_CTP_INVALID_JSON_BODY: [
    400,
    'malformed-body',
    'The body is not JSON, or has a key that is not taken (__proto__, constructor).',
  ],
  FST_ERR_BAD_URL: [400, 'malformed-url', 'The path is not a valid percent-encoded UTF-8 text.'],
  FST_ERR_MAX_PARAM_LENGTH: [414, 'url-too-long', 'A part of the path is too long.'],
}

/** Bytes that are not HTTP never become a request; they are answered on the socket itself. */
export function answerBrokenRequest(error: { readonly code: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const status =
    error.code === 'HPE_HEADER_OVERFLOW' ? 431 : error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400
  const body = JSON.stringify({
    type: 'urn:muster:problem:malformed-http',
    title: STATUS_CODES[status],
    status,
    detail: 'The request could not be read as HTTP.',
  })
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: ${problemType}\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  )
}
