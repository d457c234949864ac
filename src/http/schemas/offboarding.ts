/** Evidence of an employee's departure, as the API shows it. */
import Type, { type Static } from 'typebox'
import { moment, nullableMoment, nullableText, oneOf } from './common.ts'
import { employeeStatuses, identityStates } from './employee.ts'

const whats = [
  'login-profile',
  'access-key',
  'ssh-key',
  'certificate',
  'service-credential',
  'mfa-device',
  'group',
  'attached-policy',
  'inline-policy',
  'quarantine',
  'boundary',
  'user',
] as const

const TrailSchema = Type.Object(
  {
    status: oneOf(
      ['found', 'waiting', 'not_found', 'unknown'],
      'not_found: two hours after the call it was in no log file. unknown: the log files cannot be, or were not, searched for it.',
    ),
    bucket: Type.Optional(Type.String()),
    key: Type.Optional(Type.String({ description: 'The log file that has it.' })),
    eventId: Type.Optional(Type.String({ description: "CloudTrail's id of the event." })),
    eventName: Type.Optional(Type.String({ description: 'What was called, as CloudTrail has it.' })),
    eventAt: Type.Optional(moment()),
    seenAt: Type.Optional(moment('When Muster found it there.')),
    reason: Type.Optional(
      Type.String({ description: 'Why it is unknown, or why no log file may ever have it.' }),
    ),
  },
  { description: 'Whether CloudTrail delivered a log file that has the call.' },
)

/** Null without a request id. */
const nullableTrail = Type.Unsafe<Static<typeof TrailSchema> | null>({
  anyOf: [TrailSchema, { type: 'null' }],
  description: 'Null without a request id.',
})

const ActionSchema = Type.Object({
  what: oneOf(whats),
  id: nullableText({
    description: "A key's id, a device's serial number, a group's name, a policy's ARN or name.",
  }),
  userName: nullableText(),
  effect: oneOf([
    'deactivated',
    'deleted',
    'left',
    'detached',
    'quarantined',
    'released',
    'bounded',
    'user_deleted',
  ]),
  outcome: oneOf(
    ['done', 'already', 'failed', 'skipped', 'unknown'],
    'already: it was gone before the call. unknown: the process died before it could note what came of it.',
  ),
  at: moment('When AWS answered; when the run began where that is not on record.'),
  requestId: nullableText({ description: 'As CloudTrail shows it.' }),
  operationId: nullableText({
    format: 'uuid',
    description: 'Null for the first call of a lock that was noted on its own.',
  }),
  error: nullableText(),
  confirmedAt: nullableMoment(
    'Of an action that did not come to its end: when a later look found nothing left to do.',
  ),
  trail: nullableTrail,
})

const AccountSchema = Type.Object({
  accountId: Type.String(),
  userName: Type.String(),
  state: oneOf(
    identityStates,
    'Of a departure that is over: as it was when the person returned, by the record.',
  ),
  reason: nullableText(),
  wasNeverMade: Type.Boolean({
    description:
      'No user was ever made in this account, or begun to be; of a departure that is over: until the return.',
  }),
  lockedAt: nullableMoment(),
  deletedAt: nullableMoment(),
  nextLookAt: nullableMoment(
    'When Muster looks again by itself: second looks, the next try, the purge. Null when the departure is over.',
  ),
  firstDeny: Type.Unsafe<object | null>({
    anyOf: [
      Type.Object({
        by: Type.Unsafe<string | null>({
          type: ['string', 'null'],
          enum: ['quarantine', 'boundary', null],
          description: 'Null where the call is not on record, but that it was accepted is.',
        }),
        acceptedAt: moment(),
        seconds: Type.Number({ minimum: 0, description: 'From `departure.dueAt`.' }),
        requestId: nullableText(),
        operationId: nullableText({ format: 'uuid' }),
        trail: nullableTrail,
      }),
      { type: 'null' },
    ],
    description: 'From when on IAM denied everything; null when there is no such call on record.',
  }),
  actions: Type.Array(ActionSchema, {
    description: 'What was found and taken away, in the order of the calls.',
  }),
  found: Type.Array(
    Type.Object({
      what: oneOf(whats),
      status: oneOf(
        ['removed', 'none', 'not_recorded', 'open'],
        'none: looked for, and nothing was found (of what a lock makes inactive: nothing that was active). not_recorded: the record does not tell.',
      ),
      count: Type.Integer({ minimum: 0 }),
    }),
    { description: 'Every kind of thing that a person may have.' },
  ),
  open: Type.Array(
    Type.Object({
      what: oneOf([...whats, 'identity']),
      id: nullableText(),
      reason: Type.String(),
    }),
    {
      description:
        'What is still there, or may be: Muster goes on by itself. Of a departure that is over: what was not on record as done when the person returned, and stays so.',
    },
  ),
  complete: Type.Boolean({
    description:
      'Nothing is left to be done. Of a departure that is over: that was on record when the person returned.',
  }),
})

export const OffboardingSchema = Type.Object(
  {
    employeeId: Type.String(),
    status: oneOf(employeeStatuses, 'Now, whatever came after the departure.'),
    hold: Type.Unsafe<object | null>({
      type: ['object', 'null'],
      additionalProperties: true,
      description: 'A security lock set by an administrator, as long as it stands.',
    }),
    departure: Type.Object({
      beganAt: moment('When Muster took the person for out: the last time, if there were several.'),
      returnedAt: nullableMoment(
        'When Muster took the person for back, or for hired again: the evidence ends there. Null while they are out.',
      ),
      dueAt: moment('When access was to end, or Muster heard of it, whichever was later.'),
      cause: nullableText({ description: 'What asked for it; null where that is not on record.' }),
      delivery: Type.Unsafe<object | null>({
        anyOf: [
          Type.Object({ id: Type.String({ format: 'uuid' }), source: Type.String(), receivedAt: moment() }),
          { type: 'null' },
        ],
        description: 'The delivery that caused it.',
      }),
      said: Type.Array(
        Type.Object({
          kind: Type.String({ examples: ['employee.terminated'] }),
          source: Type.String(),
          deliveryId: nullableText({ format: 'uuid' }),
          saidAt: moment("By the sender's clock."),
          receivedAt: moment(),
          effectiveAt: nullableText({ description: 'As the sender wrote it.' }),
        }),
        {
          description: 'All that was said about the end since the person was last here, until they returned.',
        },
      ),
    }),
    accounts: Type.Array(AccountSchema),
    trail: Type.Object(
      {
        found: Type.Integer(),
        waiting: Type.Integer(),
        not_found: Type.Integer(),
        unknown: Type.Integer(),
      },
      { description: 'Of how many calls the log files of the trail are known to have the record.' },
    ),
    complete: Type.Boolean({
      description:
        'Nothing is left to be done in any account. Of a departure that is over: that was on record when the person returned.',
    }),
    limits: Type.Array(Type.String(), { description: 'What taking everything from a user does not reach.' }),
    answeredAt: moment(),
  },
  {
    $id: 'Offboarding',
    description: "Evidence of an employee's last departure, whether or not they have returned since.",
  },
)

export type OffboardingShown = Static<typeof OffboardingSchema>
