/**
 * HTTP as tests speak it. Every response of every test is held against `openapi.yaml`: its status must be
 * documented for that route, its media type too, and its body must be of the documented form.
 *
 *     const api = await apiOf(app)
 *     await api.get('/v1/employees').expect(200)
 */
import { readFileSync } from 'node:fs'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import type { FastifyInstance } from 'fastify'
import supertest, { type Response, type Test } from 'supertest'
import { parse } from 'yaml'

export const adminToken = 'admin-token-of-the-tests-0123456789'

export interface Api {
  get(path: string): Test
  post(path: string, body?: object): Test
  patch(path: string, body?: object): Test
  delete(path: string): Test
  /** Any other method, or a body of one's own making by `.send()`. */
  request(method: Method, path: string): Test
  /** The same API as somebody else; `undefined` sends no token. */
  as(token: string | undefined): Api
}

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete'

/**
 * @param target an application, which is made to listen on a port of its own, or the base URL of one that listens
 * @param token sent as bearer token with every request; the tests' admin token by default
 */
export async function apiOf(
  target: FastifyInstance | string,
  token: string | undefined = adminToken,
): Promise<Api> {
  if (typeof target === 'string') return apiAt(target, token)
  if (!target.server.listening) await target.listen({ host: '127.0.0.1', port: 0 })
  return apiAt(target.listeningOrigin, token)
}

function apiAt(origin: string, token: string | undefined): Api {
  const request = (method: Method, path: string): Test => {
    const call = supertest(origin)[method](path)
    if (token !== undefined) call.set('authorization', `Bearer ${token}`)
    return call.expect((response) => assertDocumented(method, path, response))
  }
  const withBody = (method: Method) => (path: string, body?: object) => {
    const call = request(method, path)
    return body === undefined ? call : call.send(body)
  }
  return {
    request,
    get: (path) => request('get', path),
    post: withBody('post'),
    patch: withBody('patch'),
    delete: (path) => request('delete', path),
    as: (other) => apiAt(origin, other),
  }
}

const problemType = 'application/problem+json'

interface Media {
  readonly schema?: object
}

interface Documented {
  readonly $ref?: string
  readonly content?: Readonly<Record<string, Media>>
}

interface Operation {
  readonly responses: Readonly<Record<string, Documented>>
}

interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly responses: Readonly<Record<string, Documented>> }
}

const description: Description = parse(readFileSync(new URL('../../openapi.yaml', import.meta.url), 'utf8'))

/** What is described by words only. */
export const ownFormats = ['employee-id', 'plain-text', 'moment', 'iana-time-zone'] as const

// Not strict: OpenAPI puts words of its own, like `example`, beside those of JSON Schema.
const ajv = new Ajv2020({ strict: false, allErrors: true })
addFormats.default(ajv)
for (const format of ownFormats) ajv.addFormat(format, true)
ajv.addSchema(description, 'openapi.yaml')

/** Literal parts before parameters: `/v1/audit/verify` is not some `{id}`. */
const routes = Object.keys(description.paths)
  .map((path) => ({
    path,
    pattern: new RegExp(
      `^${path
        .split(/\{\w+\}/)
        .map(RegExp.escape)
        .join('[^/]+')}$`,
    ),
  }))
  .sort((a, b) => a.path.split('{').length - b.path.split('{').length)

/** What is no JSON API, and not described: the description itself and its pages. */
const undescribed = /^\/(openapi\.yaml|docs(\/.*)?)?$/

type Answered = Pick<Response, 'status' | 'body' | 'text' | 'type'>

/**
 * Throws unless `openapi.yaml` allows this response. What no route takes must be refused with a problem.
 * For those who do not use `apiOf`.
 *
 * @param method in lower case
 */
function assertDocumented(method: string, url: string, response: Answered): void {
  const fault = faultOf(method, url.split('?', 1)[0] ?? url, response)
  if (fault === undefined) return
  const { status, type, text } = response
  throw new Error(
    `${method.toUpperCase()} ${url} answered ${status} ${type}: ${fault}\n${text?.slice(0, 2000)}`,
  )
}

/** The same, of what an application answered that was asked in the process. Returns the answer. */
export function documented<Answer extends Injected>(method: string, url: string, answer: Answer): Answer {
  assertDocumented(method.toLowerCase(), url, {
    status: answer.statusCode,
    type: mediaTypeOf(answer.headers['content-type']),
    text: answer.body,
    body: bodyOf(answer.headers['content-type'], answer.body),
  })
  return answer
}

/** The same, of an answer to `fetch`, whose body is read here. */
export async function documentedFetch(method: string, answer: globalThis.Response) {
  const type = answer.headers.get('content-type')
  const text = await answer.text()
  const body = bodyOf(type, text)
  const { status, headers, url } = answer
  assertDocumented(method.toLowerCase(), new URL(url).pathname, {
    status,
    type: mediaTypeOf(type),
    text,
    body,
  })
  return { status, headers, body }
}

interface Injected {
  readonly statusCode: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
}

const mediaTypeOf = (contentType: unknown) => String(contentType ?? '').split(/ *;/, 1)[0] ?? ''

function bodyOf(contentType: unknown, text: string) {
  return /json$/.test(mediaTypeOf(contentType)) && text !== '' ? JSON.parse(text) : {}
}

function faultOf(method: string, path: string, response: Answered): string | undefined {
  const { status, type } = response
  const route = routes.find(({ pattern }) => pattern.test(path))?.path
  const operation = route === undefined ? undefined : description.paths[route]?.[method]
  if (route === undefined || !operation) {
    if (undescribed.test(path) && status < 400) return undefined
    if (status < 400) return 'the description does not have this route'
    return type === problemType ? faultOfBody('#/components/schemas/Problem', response) : `not ${problemType}`
  }
  const documented = operation.responses[status]
  if (!documented) return `described are only ${Object.keys(operation.responses).join(', ')}`
  const { content } = resolve(documented)
  const media = content?.[type]
  if (content && !media) return `described are only ${Object.keys(content).join(', ')}`
  if (!media?.schema || !/json$/.test(type)) return undefined
  const pointer = documented.$ref ?? `#/paths/${pointerPart(route)}/${method}/responses/${status}`
  return faultOfBody(`${pointer}/content/${pointerPart(type)}/schema`, response)
}

function faultOfBody(pointer: string, { body }: Answered): string | undefined {
  const validate = validatorOf(pointer)
  if (validate(body)) return undefined
  const faults = (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `  ${instancePath || '/'} ${message} ${JSON.stringify(params)}`,
  )
  return `the body is not of the described form:\n${faults.join('\n')}`
}

function resolve(documented: Documented): Documented {
  const name = documented.$ref?.replace('#/components/responses/', '')
  return name === undefined ? documented : (description.components.responses[name] ?? documented)
}

const validators = new Map<string, ValidateFunction>()

function validatorOf(pointer: string): ValidateFunction {
  const known = validators.get(pointer)
  if (known) return known
  const validate = ajv.compile({ $ref: `openapi.yaml${pointer}` })
  validators.set(pointer, validate)
  return validate
}

/** A part of a JSON pointer, as it stands in a URI fragment. */
const pointerPart = (part: string) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))
