/** What a group uses of what it allows, and how its policies could be smaller. */
import Type from 'typebox'
import { moment, nullableMoment, nullableText, oneOf } from './common.ts'

const ServiceSchema = Type.Object({
  namespace: Type.String({ description: 'As in the names of actions: `codecommit`.' }),
  name: Type.String(),
  usedAt: nullableMoment('The last attempt, allowed or not; null when there was none that AWS knows of.'),
  usedBy: nullableText({ description: 'The ARN of whoever tried last.' }),
  allowedSince: nullableMoment(
    'Since when the group has allowed it to anybody; null where that is not on record.',
  ),
  verdict: oneOf(
    ['used', 'unused', 'too-early'],
    'Within `unusedAfterDays` before `checkedAt`. too-early: not used, and allowed for less than that.',
  ),
})

const ProposalSchema = Type.Object({
  policyName: Type.String(),
  file: Type.String({ description: 'Relative to the catalog file.' }),
  document: Type.Unsafe<object | null>({
    type: ['object', 'null'],
    additionalProperties: true,
    description: 'The smaller policy; null when nothing of it is used.',
  }),
  removed: Type.Array(
    Type.Object({
      statement: Type.String({ description: 'Its Sid, or `Statement[n]` counted from 0.' }),
      actions: Type.Array(Type.String()),
      whole: Type.Boolean({ description: 'Nothing is left of the statement.' }),
    }),
  ),
  notes: Type.Array(Type.String(), { description: 'What could not be narrowed, and why.' }),
})

export const GroupUsageSchema = Type.Object(
  {
    groupName: Type.String(),
    checkedAt: nullableMoment('When AWS last told it; null before that.'),
    triedAt: nullableMoment('When it was last asked for.'),
    problem: nullableText({ description: 'Why the last try came to nothing.' }),
    unusedAfterDays: Type.Integer(),
    services: Type.Array(ServiceSchema),
    proposals: Type.Array(ProposalSchema, {
      description:
        'One for each policy of the group that could be smaller, or that cannot be judged; none before anything is unused.',
    }),
    limits: Type.Array(Type.String(), { description: 'What this cannot tell: read it before you remove.' }),
    answeredAt: moment(),
  },
  { $id: 'GroupUsage', description: 'What the members of a group used of what it allows.' },
)
