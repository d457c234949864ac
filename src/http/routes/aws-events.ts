/** `POST /webhooks/aws-events`: CloudTrail events as EventBridge sends them, durable before they are answered. */
import { hash, timingSafeEqual } from 'node:crypto'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Problem } from '../../problem.ts'
import { readAwsEvent } from '../../trail/aws-event.ts'
import type { AppDeps } from '../deps.ts'
import { bytesOf, faultsOfMedia, takeRawBodies } from '../plugins/raw-bodies.ts'
import { AwsEventHeaders, AwsEventReceiptSchema, AwsEventSchema } from '../schemas/aws-event.ts'
import { answer } from '../schemas/common.ts'
import { problems } from '../schemas/problem.ts'

/** An entry of EventBridge had 256 KB at most for long, and has 1 MB now; what is refused is not sent again. */
const bodyLimitBytes = 1024 * 1024

/** Register it outside of what needs a token. */
export const awsEventRoutes: FastifyPluginAsyncTypebox<{
  deps: Pick<AppDeps, 'config' | 'awsEvents' | 'accountId' | 'clock'>
}> = async (app, { deps: { config, awsEvents, accountId, clock } }) => {
  const isKey = keyJudge(config.awsEventsKeys)
  takeRawBodies(app)
  app.post(
    '/webhooks/aws-events',
    {
      schema: {
        operationId: 'receiveAwsEvent',
        tags: ['webhooks'],
        summary: 'Tell what happened in AWS',
        description:
          'A CloudTrail event as an EventBridge API destination sends it, at most 1 MiB. It is a hint of whom to ' +
          'look at; what is true is read from AWS again. Answers 404 for as long as `MUSTER_AWS_EVENTS_KEY` is not set.',
        security: [],
        consumes: ['application/json'],
        headers: AwsEventHeaders,
        body: AwsEventSchema,
        response: {
          202: answer('It is durable, or of no concern.', AwsEventReceiptSchema),
          ...problems(400, 401, 404, 413, 415, 500, 503),
        },
      },
      bodyLimit: bodyLimitBytes,
      config: { notForBrowsers: true },
      // The schemas above describe; the trail room judges.
      validatorCompiler: () => () => true,
      // Before the body is read: whoever has no key is not listened to.
      onRequest: async ({ headers }) => {
        if (config.awsEventsKeys.length === 0) {
          throw new Problem(404, 'unknown-source', 'There is no such source of webhooks.')
        }
        if (!isKey(headers['x-api-key'])) {
          throw new Problem(401, 'bad-key', 'The request does not have a key of this route in x-api-key.')
        }
      },
    },
    async (request, reply) => {
      const mediaFaults = faultsOfMedia(request)
      if (mediaFaults.length > 0) {
        const detail = 'Send application/json, not compressed.'
        throw new Problem(415, 'unsupported-media-type', detail, { faults: mediaFaults })
      }
      const reading = readAwsEvent(bytesOf(request))
      if (!reading.ok) {
        const detail = 'The body is not a CloudTrail event as EventBridge sends it; see "faults".'
        throw new Problem(400, 'malformed-event', detail, { faults: reading.faults })
      }
      const { hint } = reading
      const own = accountId()
      const isOthers = own !== undefined && own !== hint.accountId
      const status = isOthers ? 'ignored' : await awsEvents.store(hint, clock()).catch(notStored)
      return reply.code(202).send({ eventId: hint.eventId, status })
    },
  )
}

/** Compares digests, all of them, in a time that tells nothing of the keys. */
function keyJudge(keys: readonly string[]): (given: unknown) => boolean {
  const digest = (text: string) => hash('sha256', text, 'buffer')
  const digests = keys.map(digest)
  return (given) => {
    const sent = digest(typeof given === 'string' ? given : '')
    return digests.map((each) => timingSafeEqual(each, sent)).includes(true)
  }
}

/** Whatever keeps an event from being stored, EventBridge is to send it again. */
function notStored(error: unknown): never {
  if (error instanceof Problem) throw error
  throw new Problem(503, 'not-stored', 'The event could not be stored; send it again.', {
    retryAfterSeconds: 5,
    cause: error,
  })
}
