/** The API's description: made from the routes themselves, and written so that it changes only when they do. */
import { isDeepStrictEqual } from 'node:util'
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import { stringify } from 'yaml'
import packageJson from '../../package.json' with { type: 'json' }
import { allProblems, problemType } from './schemas/problem.ts'

const info = {
  title: 'Muster',
  version: packageJson.version,
  description: [
    packageJson.description,
    '',
    'Everything under `/v1` needs `Authorization: Bearer <token>`. Errors are `application/problem+json` (RFC 9457).',
    'Lists are `{"items": [...], "nextCursor": "..." | null}`: ask again with `?cursor=` until it is null.',
  ].join('\n'),
  license: { name: 'Apache 2.0', identifier: 'Apache-2.0' },
}

const tags = [
  { name: 'webhooks', description: 'What the HR system sends.' },
  { name: 'employees', description: 'People, what they have in AWS, and what administrators do about it.' },
  { name: 'enrollments', description: 'One-time links for MFA, passwords and access keys.' },
  { name: 'operations', description: 'What Muster did in AWS, call by call.' },
  { name: 'deliveries', description: 'What the HR system sent, and what became of it.' },
  { name: 'dead letters', description: 'Jobs that failed to the end of their tries.' },
  { name: 'notifications', description: 'Messages to endpoints and people.' },
  { name: 'roles', description: 'The catalog: which role means which access.' },
  { name: 'compliance', description: 'Seven practices, checked all the time, with evidence.' },
  { name: 'audit', description: 'The append-only record, and the proof that it is intact.' },
  { name: 'health', description: 'For orchestrators and monitoring.' },
]

/** Collects the routes that are registered from here on; call it on the outermost instance. */
export async function collectRoutes(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info,
      tags,
      components: {
        securitySchemes: {
          token: {
            type: 'http',
            scheme: 'bearer',
            description: 'An API token; at first, `MUSTER_ADMIN_TOKEN`.',
          },
        },
      },
      security: [{ token: [] }],
    },
    convertConstToEnum: false,
    transformObject: (document) => shareProblems(document as { openapiObject: Partial<Document> }) as never,
    refResolver: { buildLocalReference: (json, _base, _fragment, i) => String(json.$id ?? `def-${i}`) },
  })
}

/** `GET /openapi.yaml`, and the pages under `/docs`. */
export async function serveDescription(app: FastifyInstance): Promise<void> {
  let yaml: string | undefined
  app.get('/openapi.yaml', { schema: { hide: true } }, async (_request, reply) => {
    yaml ??= describeApi(app)
    return reply.type('application/yaml').send(yaml)
  })
  // What a browser shows of Muster, until there is a console.
  app.get('/', { schema: { hide: true } }, async (_request, reply) => reply.redirect('/docs'))
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    indexPrefix: '',
    uiConfig: { deepLinking: true, tryItOutEnabled: true, validatorUrl: null },
    theme: { title: 'Muster API' },
  })
}

/** `openapi.yaml` as it is committed. The application must be ready. */
export function describeApi(app: FastifyInstance): string {
  const document = app.swagger() as unknown as Record<string, unknown>
  const { openapi, info, tags, security, paths, components } = document
  const header = '# Written from the routes by src/http/write-openapi.ts: change those, not this.\n'
  const ordered = {
    openapi,
    info,
    tags,
    security,
    paths: sortPaths(paths),
    components: sortComponents(components),
  }
  return header + stringify(ordered, { lineWidth: 100, aliasDuplicateObjects: false })
}

interface Document {
  readonly paths: Record<string, Record<string, { responses?: Record<string, unknown> }>>
  readonly components: Record<string, Record<string, unknown>>
}

/** The same refusal stands at nearly every route: it is written once, and referred to. */
function shareProblems({ openapiObject }: { openapiObject: Partial<Document> }): Partial<Document> {
  const shared: Record<string, unknown> = {}
  for (const [status, response] of Object.entries(allProblems)) {
    shared[`Problem${status}`] = {
      ...response,
      content: { [problemType]: { schema: { $ref: '#/components/schemas/Problem' } } },
    }
  }
  const operations = Object.values(openapiObject.paths ?? {}).flatMap((methods) => Object.values(methods))
  for (const { responses = {} } of operations) {
    for (const [status, response] of Object.entries(responses)) {
      if (isDeepStrictEqual(response, shared[`Problem${status}`])) {
        responses[status] = { $ref: `#/components/responses/Problem${status}` }
      }
    }
  }
  return { ...openapiObject, components: { ...openapiObject.components, responses: shared } }
}

type Tree = Record<string, Record<string, unknown>>

const byName = ([a]: [string, unknown], [b]: [string, unknown]) => (a < b ? -1 : a > b ? 1 : 0)
const sorted = <Value>(record: Record<string, Value>) =>
  Object.fromEntries(Object.entries(record).sort(byName))

const sortPaths = (paths: unknown) =>
  sorted(Object.fromEntries(Object.entries(paths as Tree).map(([path, methods]) => [path, sorted(methods)])))

const sortComponents = (components: unknown) =>
  sorted(Object.fromEntries(Object.entries(components as Tree).map(([kind, named]) => [kind, sorted(named)])))
