/** One-time links as the API shows them: never their token, but in the answer that made one. */
import Type, { type Static } from 'typebox'
import { moment, nullableMoment, nullableText, oneOf, uuid } from './common.ts'

const purposes = ['sign-in', 'access-key'] as const
const statuses = ['open', 'completed', 'revoked', 'expired', 'locked'] as const

const enrollment = {
  id: uuid('The link. It opens nothing without its signature.'),
  purpose: oneOf(
    purposes,
    '`sign-in`: MFA, and the first password; `access-key`: a key, after a proof of MFA.',
  ),
  status: oneOf(statuses, '`locked`: ten wrong pairs of codes.'),
  reason: nullableText({ description: 'Why it ended before it was used.' }),
  waitsFor: nullableText({
    description:
      'Why an open link cannot be used right now: nothing is granted while CloudTrail is not verified.',
  }),
  warning: nullableText({
    description: 'With `MUSTER_TRAIL_GATE=warn`, why an open link should not be used right now, and can be.',
  }),
  createdBy: Type.String(),
  createdAt: moment(),
  expiresAt: moment(),
  endedAt: nullableMoment(),
  wrongCodes: Type.Integer(),
}

export const EnrollmentSchema = Type.Object(enrollment, {
  $id: 'Enrollment',
  description: 'A one-time link.',
})

export const NewEnrollmentSchema = Type.Object(
  {
    ...enrollment,
    link: Type.String({
      description:
        'For the employee alone. Shown in this one answer; it is mailed to them where mail is set up.',
    }),
  },
  { $id: 'NewEnrollment', description: 'A one-time link that was just made.' },
)

export type NewEnrollmentAnswer = Static<typeof NewEnrollmentSchema>

export const EnrollmentBody = Type.Object(
  {
    replaceDevice: Type.Optional(
      Type.Boolean({
        description:
          'The MFA device is lost: the password, then every device go first, and keys become inactive. ' +
          'Without it, somebody who has a device proves it and gets a new password.',
      }),
    ),
  },
  { additionalProperties: false, examples: [{ replaceDevice: true }] },
)
