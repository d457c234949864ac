/** Roles of the catalog. */
import Type, { type Static } from 'typebox'
import { oneOf } from './common.ts'

export const RoleSchema = Type.Object(
  {
    role: Type.String(),
    description: Type.String(),
    groups: Type.Array(
      Type.Object({
        name: Type.String(),
        policies: Type.Array(Type.String(), { description: "Names of Muster's own policies in IAM." }),
        awsManagedPolicies: Type.Array(Type.String(), { description: 'ARNs of policies that AWS keeps.' }),
      }),
      { description: 'The IAM groups that its holders are in, besides the baseline.' },
    ),
    boundary: Type.String({ description: 'Name of its permissions boundary in IAM.' }),
    console: Type.Boolean({ description: 'Its holders may sign in to the console.' }),
    accessKeys: oneOf(['none', 'self-service']),
    privileged: Type.Boolean(),
    employees: Type.Integer({ minimum: 0, description: 'How many hold it who have not left.' }),
  },
  {
    $id: 'Role',
    description: 'A job role of the catalog.',
    examples: [
      {
        role: 'backend-engineer',
        description: 'Builds and runs the backend services',
        groups: [{ name: 'engineering', policies: ['muster-engineering'], awsManagedPolicies: [] }],
        boundary: 'muster-boundary-engineer',
        console: true,
        accessKeys: 'none',
        privileged: false,
        employees: 12,
      },
    ],
  },
)

export type RoleAnswer = Static<typeof RoleSchema>
