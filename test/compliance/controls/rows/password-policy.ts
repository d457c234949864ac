import { known } from '../../../../src/aws/fact.ts'
import { recommendedPolicy } from '../../../../src/credentials/password-policy.ts'
import { denied, put } from '../../accounts.ts'
import type { Row, Table } from '../row.ts'

const RESOURCE = 'arn:aws:iam::123456789012:password-policy'

const part = (weak: Partial<typeof recommendedPolicy>, ...more: (typeof weak)[]): Row => ({
  fails: [
    { says: 'there is no policy', when: put({ passwordPolicy: known(null) }), names: [RESOURCE] },
    ...[weak, ...more].map((change) => ({
      says: `the policy has ${JSON.stringify(change)}`,
      when: put({ passwordPolicy: known({ ...recommendedPolicy, ...change }) }),
      names: [RESOURCE],
    })),
  ],
  unknown: [
    {
      says: 'the policy may not be read',
      when: put({ passwordPolicy: denied('iam:GetAccountPasswordPolicy') }),
      permissions: ['iam:GetAccountPasswordPolicy'],
    },
  ],
  passes: [
    {
      says: 'the policy is stricter than asked for',
      when: put({ passwordPolicy: known({ ...recommendedPolicy, minimumLength: 20, maxAgeDays: 60 }) }),
    },
  ],
})

export const passwordPolicy: Table = {
  'password-minimum-length': part({ minimumLength: 13 }),
  'password-uppercase': part({ requiresUppercase: false }),
  'password-lowercase': part({ requiresLowercase: false }),
  'password-number': part({ requiresDigits: false }),
  'password-symbol': part({ requiresSymbols: false }),
  'password-reuse': part({ rememberedPasswords: 23 }, { rememberedPasswords: 0 }),
  'password-expiry': part({ maxAgeDays: 91 }, { maxAgeDays: null }),
  'password-own-change': part({ usersMayChangeTheirOwn: false }),
}
