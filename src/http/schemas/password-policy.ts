/** The account's password policy, as the API shows it. */
import Type from 'typebox'
import { moment, nullableText, oneOf } from './common.ts'

const PolicySchema = Type.Object({
  minimumLength: Type.Integer(),
  requiresUppercase: Type.Boolean(),
  requiresLowercase: Type.Boolean(),
  requiresDigits: Type.Boolean(),
  requiresSymbols: Type.Boolean(),
  usersMayChangeTheirOwn: Type.Boolean(),
  maxAgeDays: Type.Unsafe<number | null>({
    type: ['integer', 'null'],
    description: 'Null: passwords do not expire.',
  }),
  rememberedPasswords: Type.Integer({ description: 'So many earlier passwords cannot be used again.' }),
  hardExpiry: Type.Boolean(),
})

export const PasswordPolicyLookSchema = Type.Object(
  {
    status: oneOf(
      ['applied', 'waiting', 'planned', 'failed'],
      'waiting: for an administrator, since passwords of others would expire; planned: observe mode.',
    ),
    checkedAt: moment(),
    observed: Type.Unsafe<object | null>({
      anyOf: [PolicySchema, { type: 'null' }],
      description: 'As the account has it; null when it has none.',
    }),
    desired: PolicySchema,
    wouldExpire: Type.Array(Type.String(), {
      description: 'IAM users that Muster does not manage whose password would expire at once.',
    }),
    problem: nullableText({ description: 'What IAM said, if it refused.' }),
  },
  { $id: 'PasswordPolicy', description: "The account's password policy at the last look." },
)
