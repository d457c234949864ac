/** `POST /webhooks/{source}`: signed messages, durable before they are answered. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import type { Clock } from '../../clock.ts'
import type { Config } from '../../config.ts'
import type { Receipt } from '../../intake/delivery.ts'
import { urgencyOf } from '../../intake/hr-events.ts'
import type { Inbox } from '../../intake/inbox.ts'
import { readDelivery, reasonOf } from '../../intake/sources.ts'
import { verifyWebhook, type WebhookKey, webhookKeys } from '../../intake/standard-webhooks.ts'
import { type Fault, Problem } from '../../problem.ts'
import { bytesOf, faultsOfMedia, takeRawBodies } from '../plugins/raw-bodies.ts'
import { answer } from '../schemas/common.ts'
import { problems } from '../schemas/problem.ts'
import { HrEventSchema, ReceiptSchema, WebhookHeaders } from '../schemas/webhook.ts'

export interface WebhookDeps {
  readonly config: Pick<Config, 'hrSecrets'>
  readonly inbox: Inbox
  readonly clock: Clock
}

const bodyLimitBytes = 256 * 1024

/** A source without secrets does not exist. Register it outside of what needs a token. */
export const webhookRoutes: FastifyPluginAsyncTypebox<{ deps: WebhookDeps }> = async (app, { deps }) => {
  const { config, inbox, clock } = deps
  const sources = new Map<string, readonly WebhookKey[]>()
  if (config.hrSecrets.length > 0) sources.set('hr', webhookKeys(config.hrSecrets))
  takeRawBodies(app)
  // A logger for each of many requests costs more than it tells; the request's id is said where something is logged.
  app.setChildLoggerFactory((logger) => logger)

  app.post(
    '/webhooks/:source',
    {
      schema: {
        operationId: 'receiveWebhook',
        tags: ['webhooks'],
        summary: 'Tell what happened to an employee',
        description:
          'Signed after the Standard Webhooks specification, at most 256 KiB. Whatever carries a good signature ' +
          'is kept and shown among the deliveries, even when the answer is 400 or 415.',
        security: [],
        consumes: ['application/json'],
        params: Type.Object({ source: Type.String({ description: '`hr`', examples: ['hr'] }) }),
        headers: WebhookHeaders,
        body: HrEventSchema,
        response: {
          202: answer('It is durable.', ReceiptSchema),
          ...problems(400, 401, 404, 413, 415, 500, 503),
        },
      },
      bodyLimit: bodyLimitBytes,
      config: { notForBrowsers: true },
      // The schemas above describe; bytes are judged only once their signature is known to be good.
      validatorCompiler: () => () => true,
      onRequest: async ({ params: { source } }) => {
        if (!sources.has(source))
          throw new Problem(404, 'unknown-source', 'There is no such source of webhooks.')
      },
    },
    async (request, reply) => {
      const { source } = request.params
      const body = bytesOf(request)
      const receivedAt = clock()
      const verification = verifyWebhook(sources.get(source) ?? [], request.headers, body, receivedAt)
      if (!verification.ok) throw unauthenticated(verification.fault)

      const { senderId } = verification
      const reading = readDelivery(body, { source, senderId, receivedAt })
      const mediaFaults = faultsOfMedia(request)
      const faults = mediaFaults.length > 0 || reading.ok ? mediaFaults : reading.faults
      const stored = inbox.store({
        source,
        senderId,
        receivedAt,
        contentType: request.sentContentType,
        body,
        kind: reading.kind,
        urgency: urgencyOf(reading.kind),
        employeeIds: reading.employeeIds,
        refusal: faults.length > 0 ? reasonOf(faults) : undefined,
      })
      const receipt = await stored.catch(notStored)
      if (faults.length > 0) {
        request.log.warn(
          { reqId: request.id, deliveryId: receipt.deliveryId, faults },
          'a signed delivery was refused, and is kept',
        )
        throw mediaFaults.length > 0 ? unsupported(faults, receipt) : malformed(faults, receipt)
      }
      const status = receipt.status === 'accepted' ? 'accepted' : 'duplicate'
      return reply.code(202).send({ deliveryId: receipt.deliveryId, status })
    },
  )
}

/** Whatever keeps a delivery from being stored, its sender is to send it again. */
function notStored(error: unknown): never {
  if (error instanceof Problem) throw error
  throw new Problem(503, 'not-stored', 'The delivery could not be stored; send it again.', {
    retryAfterSeconds: 5,
    cause: error,
  })
}

function unauthenticated(fault: Fault): Problem {
  return new Problem(401, 'bad-signature', 'The message does not prove that it comes from this source.', {
    faults: [fault],
  })
}

function unsupported(faults: readonly Fault[], { deliveryId }: Receipt): Problem {
  const detail = `Send application/json, not compressed. The message is kept as delivery ${deliveryId}.`
  return new Problem(415, 'unsupported-media-type', detail, { faults })
}

function malformed(faults: readonly Fault[], { deliveryId }: Receipt): Problem {
  const count = faults.length === 1 ? 'one fault' : `${faults.length} faults`
  const detail = `The message has ${count}; see "faults". It is kept as delivery ${deliveryId}.`
  return new Problem(400, 'malformed-delivery', detail, { faults })
}
