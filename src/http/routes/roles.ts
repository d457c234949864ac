/** Roles of the catalog that is loaded. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { Problem } from '../../problem.ts'
import type { AppDeps } from '../deps.ts'
import { listRoles, readRole } from '../reads/roles.ts'
import { answer, defaultLimit, pageAnswer, pageQuery, ref } from '../schemas/common.ts'
import { roleInput } from '../schemas/employee-input.ts'
import { adminProblems, problems } from '../schemas/problem.ts'
import { RoleSchema } from '../schemas/role.ts'

export const roleRoutes: FastifyPluginAsyncTypebox<{ deps: AppDeps }> = async (app, { deps }) => {
  const { store, catalog } = deps

  app.get(
    '/roles',
    {
      schema: {
        operationId: 'listRoles',
        tags: ['roles'],
        summary: 'List the roles of the catalog',
        querystring: Type.Object(pageQuery, { additionalProperties: false }),
        response: { 200: pageAnswer(ref(RoleSchema)), ...adminProblems },
      },
    },
    ({ query }) => listRoles(store.db, catalog, { ...query, limit: query.limit ?? defaultLimit }),
  )

  app.get(
    '/roles/:role',
    {
      schema: {
        operationId: 'getRole',
        tags: ['roles'],
        summary: 'One role',
        params: Type.Object({ role: roleInput }),
        response: { 200: answer('The role.', ref(RoleSchema)), ...adminProblems, ...problems(404) },
      },
    },
    async ({ params }) => {
      const role = await readRole(store.db, catalog, params.role)
      if (!role) throw new Problem(404, 'no-such-role', `The catalog has no role "${params.role}".`)
      return role
    },
  )
}
