/** One rule for all routes: a query parameter that is not known is refused by name, never passed over. */
import type { FastifyInstance } from 'fastify'
import Type from 'typebox'

/** Nothing is taken; the description of the API does not show it. */
const noQuery = Type.Object({}, { additionalProperties: false })

/**
 * Routes registered on this instance from here on take no query parameter unless their schema says which. What is
 * misspelt, or another route's, would otherwise be answered as if it had been heeded.
 *
 * @throws for a route whose schema lets unknown parameters through: a mistake of whoever wrote it
 */
export function refuseUnknownQueries(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    const querystring = route.schema?.querystring ?? noQuery
    if ((querystring as { additionalProperties?: unknown }).additionalProperties !== false) {
      throw new Error(`${route.method} ${route.url} takes query parameters that it does not know`)
    }
    route.schema = { ...route.schema, querystring }
  })
}
