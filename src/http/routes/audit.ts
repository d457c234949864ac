/** The audit record: reading it, and proving that nobody has changed it. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { listAudit } from '../../audit/list.ts'
import { verifyChain } from '../../audit/verify.ts'
import { Problem } from '../../problem.ts'
import type { AppDeps } from '../deps.ts'
import { AuditEventSchema, VerificationSchema } from '../schemas/audit.ts'
import { answer, defaultLimit, pageAnswer, pageQuery, ref } from '../schemas/common.ts'
import { employeeIdInput } from '../schemas/employee-input.ts'
import { adminProblems } from '../schemas/problem.ts'
import { worded } from '../validation.ts'

const dottedWord = worded('^[A-Za-z_]+(\\.[A-Za-z_]+)+$', 'must be a dotted word, like employee.hired')
const hexHash = worded('^[\\da-f]{64}$', 'must be the 64 hex digits of a hash, as the head was published')

export const auditRoutes: FastifyPluginAsyncTypebox<{ deps: AppDeps }> = async (app, { deps }) => {
  const { store, keyring, clock } = deps

  app.get(
    '/audit',
    {
      schema: {
        operationId: 'listAudit',
        tags: ['audit'],
        summary: 'List the audit record',
        description: 'Newest first.',
        querystring: Type.Object(
          {
            ...pageQuery,
            employeeId: Type.Optional(employeeIdInput),
            action: Type.Optional(
              Type.String({
                pattern: dottedWord,
                maxLength: 100,
                description: 'Only what was done by this name, such as `identity.locked`.',
              }),
            ),
          },
          { additionalProperties: false },
        ),
        response: { 200: pageAnswer(ref(AuditEventSchema)), ...adminProblems },
      },
    },
    async ({ query }) => {
      const { items, nextCursor } = await listAudit(store.db, {
        ...query,
        limit: query.limit ?? defaultLimit,
      })
      return { items: items.map((item) => ({ ...item, at: item.at.toISOString() })), nextCursor }
    },
  )

  app.get(
    '/audit/verify',
    {
      schema: {
        operationId: 'verifyAudit',
        tags: ['audit'],
        summary: 'Verify the chain',
        description:
          'Reads the whole sealed part and finds every record that was changed, removed or inserted. Only with an ' +
          'expected head, published earlier in the log or the metrics, is an end that was cut off found as well.',
        querystring: Type.Object(
          {
            expectedSeq: Type.Optional(
              Type.Integer({ minimum: 1, description: 'The number of the expected head.' }),
            ),
            expectedHash: Type.Optional(
              Type.String({ pattern: hexHash, description: 'The hash of the expected head.' }),
            ),
          },
          { additionalProperties: false },
        ),
        response: { 200: answer('What was found.', ref(VerificationSchema)), ...adminProblems },
      },
    },
    async ({ query }) => {
      const expected = expectedHead(query.expectedSeq, query.expectedHash)
      const found = await verifyChain({ db: store.db, keyring, now: clock(), expected })
      return { ...found, faults: [...found.faults] }
    },
  )
}

function expectedHead(seq: number | undefined, hash: string | undefined) {
  if (seq !== undefined && hash !== undefined) return { seq, hash }
  if (seq === undefined && hash === undefined) return undefined
  throw new Problem(400, 'invalid-request', 'The request has one fault; see "faults".', {
    faults: [
      {
        at: seq === undefined ? '?expectedSeq' : '?expectedHash',
        message: 'is missing: a head is a number and its hash',
      },
    ],
  })
}
