/** Compliance: the report from the last scan, for people and for programs, and the scans themselves. */
import { Readable } from 'node:stream'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import packageJson from '../../../package.json' with { type: 'json' }
import { csvHead, csvLine } from '../../compliance/csv.ts'
import { exportRows } from '../../compliance/export.ts'
import { ocsfEvent } from '../../compliance/ocsf.ts'
import { readScan, requestScan, selectScans } from '../../compliance/scans.ts'
import type { AccountView } from '../../compliance/view.ts'
import { accountUnknown, Problem } from '../../problem.ts'
import { decodeCursor, pageOf } from '../cursor.ts'
import type { AppDeps } from '../deps.ts'
import { toCompliance, toScan } from '../reads/compliance.ts'
import { answer, defaultLimit, idParams, oneOf, pageAnswer, pageQuery, ref } from '../schemas/common.ts'
import { ComplianceScanSchema, ComplianceSchema } from '../schemas/compliance.ts'
import { adminProblems, problems } from '../schemas/problem.ts'

const tags = ['compliance']

const formats = ['json', 'csv', 'ocsf'] as const

export const complianceRoutes: FastifyPluginAsyncTypebox<{ deps: AppDeps }> = async (app, { deps }) => {
  const { store, clock, compliance } = deps

  app.get(
    '/compliance',
    {
      schema: {
        operationId: 'getCompliance',
        tags,
        summary: 'Where the account stands',
        description:
          'From the last scan, with its age. `csv` has a line for each finding, and one for each control without; ' +
          '`ocsf` the same as Compliance Findings of the Open Cybersecurity Schema Framework, one JSON document a line.',
        querystring: Type.Object(
          {
            format: Type.Optional(
              oneOf(formats, '`json`, a spreadsheet (`csv`), or a document a line for a SIEM (`ocsf`).'),
            ),
          },
          { additionalProperties: false },
        ),
        response: {
          200: {
            description: 'The report.',
            content: {
              'application/json': { schema: ref(ComplianceSchema) },
              'text/csv': { schema: Type.String() },
              'application/x-ndjson': { schema: Type.String() },
            },
          },
          ...adminProblems,
        },
      },
    },
    async ({ query: { format = 'json' } }, reply) => {
      const accounts = await compliance.view()
      if (format === 'json') return toCompliance(accounts)
      const { type, lines } = exports[format]
      reply.header('content-disposition', `attachment; filename="muster-compliance.${format}"`)
      return reply.type(type).send(Readable.from(lines(deps, accounts)) as never)
    },
  )

  app.post(
    '/compliance/scans',
    {
      schema: {
        operationId: 'requestComplianceScan',
        tags,
        summary: 'Scan the account now',
        description: 'While one is queued or running, that one is answered.',
        response: {
          202: {
            ...answer('Queued, or under way.', ref(ComplianceScanSchema)),
            headers: { Location: { type: 'string', description: 'Where to follow it.' } },
          },
          ...adminProblems,
          ...problems(413, 415),
        },
      },
    },
    async ({ actor }, reply) => {
      const accountId = deps.accountId() ?? accountUnknown()
      const scan = await requestScan(store.db, accountId, actor, clock())
      compliance.wake()
      return reply.code(202).header('location', `/v1/compliance/scans/${scan.id}`).send(toScan(scan))
    },
  )

  app.get(
    '/compliance/scans',
    {
      schema: {
        operationId: 'listComplianceScans',
        tags,
        summary: 'List scans',
        description: 'Newest first, of the last 30 days.',
        querystring: Type.Object(pageQuery, { additionalProperties: false }),
        response: { 200: pageAnswer(ref(ComplianceScanSchema)), ...adminProblems },
      },
    },
    async ({ query: { limit = defaultLimit, cursor } }) => {
      const before = decodeCursor('scans', 'uuid', cursor)
      const rows = await selectScans(store.db, deps.accountId(), before, limit + 1)
      return pageOf('scans', rows, limit, ({ id }) => id, toScan)
    },
  )

  app.get(
    '/compliance/scans/:id',
    {
      schema: {
        operationId: 'getComplianceScan',
        tags,
        summary: 'One scan, with its progress',
        description: 'Ask again until it is `done` or `failed`.',
        params: idParams('The scan.'),
        response: { 200: answer('The scan.', ref(ComplianceScanSchema)), ...adminProblems, ...problems(404) },
      },
    },
    async ({ params: { id } }) => {
      const scan = await readScan(store.db, id)
      if (!scan) throw new Problem(404, 'no-such-scan', 'There is no scan of this id.')
      return toScan(scan)
    },
  )
}

type Lines = (deps: AppDeps, accounts: readonly AccountView[]) => AsyncGenerator<string, void, void>

const exports: Readonly<Record<'csv' | 'ocsf', { readonly type: string; readonly lines: Lines }>> = {
  csv: {
    type: 'text/csv; charset=utf-8; header=present',
    async *lines({ store }, accounts) {
      yield csvHead()
      for await (const row of exportRows(store.db, accounts)) yield csvLine(row)
    },
  },
  ocsf: {
    type: 'application/x-ndjson',
    async *lines({ store }, accounts) {
      for await (const row of exportRows(store.db, accounts)) {
        yield `${JSON.stringify(ocsfEvent(row, packageJson.version))}\n`
      }
    },
  },
}
