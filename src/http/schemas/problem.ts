/** What every refusal looks like (RFC 9457), and the table of them that routes pick from. */
import { STATUS_CODES } from 'node:http'
import Type from 'typebox'
import { ref } from './common.ts'

export const ProblemSchema = Type.Object(
  {
    type: Type.String({
      description: 'The kind of problem, stable across releases: `urn:muster:problem:...`.',
    }),
    title: Type.String({ description: 'The HTTP status in words.' }),
    status: Type.Integer({ minimum: 400, maximum: 599 }),
    detail: Type.String({ description: 'What is wrong this time, and what to do about it.' }),
    faults: Type.Optional(
      Type.Array(
        Type.Object({
          at: Type.String({
            description:
              'Where: a JSON pointer into the body, `?name` of a query parameter, `{name}` of the path, or a header.',
          }),
          message: Type.String({ description: 'What is wrong there, or what would be right.' }),
        }),
        { description: 'Every fault of the request, not only the first.' },
      ),
    ),
    requestId: Type.String({ description: 'Names this request in the log; also sent as `X-Request-Id`.' }),
  },
  {
    $id: 'Problem',
    description: 'A refusal or failure (RFC 9457).',
    examples: [
      {
        type: 'urn:muster:problem:invalid-request',
        title: 'Bad Request',
        status: 400,
        detail: 'The request has one fault; see "faults".',
        faults: [{ at: '/email', message: 'is missing' }],
        requestId: '0199a8f2-6a52-7d3e-9b1c-3f6d0c1a2b3c',
      },
    ],
  },
)

export const problemType = 'application/problem+json'

const descriptions: Readonly<Record<number, string>> = {
  400: 'The request is malformed; every fault is listed.',
  401: 'No valid credentials came with the request.',
  404: 'There is no such thing.',
  409: 'The request contradicts the present state.',
  413: 'The body is too large.',
  415: 'The body is of a media type that is not taken here.',
  422: 'The request is well formed, but cannot be done.',
  429: 'Too many failed attempts to sign in from this address.',
  500: 'A defect of Muster; the log has it under `requestId`.',
  502: 'AWS refused, or did not answer.',
  503: 'Not possible right now: the database is away, or there is too much to do. Try again after `Retry-After`.',
}

/** The problem responses of a route, by status. */
export function problems<Status extends number>(...statuses: Status[]) {
  return Object.fromEntries(
    statuses.map((status) => [
      status,
      {
        description: descriptions[status] ?? STATUS_CODES[status] ?? 'A problem.',
        content: { [problemType]: { schema: ref(ProblemSchema) } },
      },
    ]),
  )
}

/** What may happen to any request of the admin API. */
export const adminProblems = problems(400, 401, 429, 500, 503)

/** Every problem that has words of its own. */
export const allProblems = problems(...Object.keys(descriptions).map(Number))
