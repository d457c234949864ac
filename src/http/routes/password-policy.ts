/** The account's password policy: how it stands, and an administrator's word to set it all the same. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { eq } from 'drizzle-orm'
import { recordAudit } from '../../audit/record.ts'
import { accountUnknown, Problem } from '../../problem.ts'
import type { Database, Transaction } from '../../store/open.ts'
import { accounts, type PasswordPolicyLook } from '../../store/schema.ts'
import type { AppDeps } from '../deps.ts'
import { answer, ref } from '../schemas/common.ts'
import { PasswordPolicyLookSchema } from '../schemas/password-policy.ts'
import { adminProblems, problems } from '../schemas/problem.ts'

export const passwordPolicyRoutes: FastifyPluginAsyncTypebox<{ deps: AppDeps }> = async (app, { deps }) => {
  const { store, clock, wakePasswordPolicy } = deps

  app.get(
    '/password-policy',
    {
      schema: {
        operationId: 'getPasswordPolicy',
        tags: ['password policy'],
        summary: 'The password policy at the last look',
        description:
          'What the account has, what it should have, and what came of the last look. There is one every five minutes.',
        response: {
          200: answer('How it stands.', ref(PasswordPolicyLookSchema)),
          ...adminProblems,
          ...problems(404),
        },
      },
    },
    () => lookOr404(store.db),
  )

  app.post(
    '/password-policy/apply',
    {
      schema: {
        operationId: 'applyPasswordPolicy',
        tags: ['password policy'],
        summary: 'Set it although passwords expire by it',
        description:
          'For a policy that waits. Whose passwords expire is in `wouldExpire`: tell them first. Where none waits, the policy is looked at again all the same.',
        response: {
          202: answer('It will be set.', ref(PasswordPolicyLookSchema)),
          ...adminProblems,
          ...problems(404, 409, 413, 415),
        },
      },
    },
    async ({ actor }, reply) => {
      // Even when nothing waits: who asks may know of a change that the last look did not see.
      const look = await store.db
        .transaction(async (tx) => {
          const look = await lookOr404(tx)
          if (look.status !== 'waiting') {
            throw new Problem(
              409,
              'not-waiting',
              `At the look of ${look.checkedAt} the password policy was ${look.status}: nothing waited for a word. ` +
                'It is looked at again now.',
            )
          }
          await tx
            .update(accounts)
            .set({ passwordPolicyApprovedBy: actor })
            .where(eq(accounts.accountId, accountNow()))
          await recordAudit(tx, [
            {
              at: clock(),
              actor,
              action: 'password_policy.approved',
              details: { desired: look.desired, wouldExpire: look.wouldExpire },
            },
          ])
          return look
        })
        .finally(wakePasswordPolicy)
      return reply.code(202).send(look)
    },
  )

  function accountNow(): string {
    return deps.accountId() ?? accountUnknown()
  }

  async function lookOr404(
    db: Database | Transaction,
  ): Promise<PasswordPolicyLook & { wouldExpire: string[] }> {
    const [row] = await db
      .select({ look: accounts.passwordPolicy })
      .from(accounts)
      .where(eq(accounts.accountId, accountNow()))
    if (!row?.look) throw new Problem(404, 'not-checked', 'The password policy has not been looked at yet.')
    return { ...row.look, wouldExpire: [...row.look.wouldExpire] }
  }
}
