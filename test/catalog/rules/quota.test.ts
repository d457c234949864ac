import { accepts, inRolesFile, many, refuses } from '../lint-cases.ts'
import { draft, policy, SOUND_POLICY } from '../samples.ts'

refuses([
  {
    says: 'eleven policies in a group',
    rule: 'too-many-policies',
    catalog: draft({ groups: { g: { awsManagedPolicies: many(11) } } }),
    at: inRolesFile,
    message: /group g has 11/,
  },
  {
    says: 'nine groups in a role',
    rule: 'too-many-groups',
    catalog: draft({
      groups: Object.fromEntries(many(9).map((name) => [name, {}])),
      roles: { r: { groups: many(9) } },
    }),
    at: inRolesFile,
    message: /role r has 9/,
  },
  {
    says: 'more groups than an account holds',
    rule: 'too-many-groups',
    catalog: draft({ groups: Object.fromEntries(many(299).map((name) => [name, {}])) }),
    at: inRolesFile,
  },
  {
    says: 'more policies than an account holds',
    rule: 'too-many-policies',
    catalog: draft({
      groups: Object.fromEntries(
        many(150).map((name) => [name, { policies: many(10).map((p) => policy(name + p, SOUND_POLICY)) }]),
      ),
    }),
    at: inRolesFile,
  },
])

accepts([
  [
    'eight groups in a role',
    draft({
      groups: Object.fromEntries(many(8).map((name) => [name, {}])),
      roles: { r: { groups: many(8) } },
    }),
  ],
  ['ten policies in a group', draft({ groups: { g: { awsManagedPolicies: many(10) } } })],
])
