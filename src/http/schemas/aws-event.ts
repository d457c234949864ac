/** What EventBridge sends and is answered. For the description only: the trail room judges the bytes. */
import Type from 'typebox'
import { anyObject, oneOf } from './common.ts'

export const AwsEventSchema = Type.Object(
  {
    account: Type.String({ pattern: '^[0-9]{12}$', description: 'The AWS account.' }),
    'detail-type': Type.Optional(Type.String({ description: '`AWS API Call via CloudTrail`.' })),
    detail: Type.Object(
      {
        eventID: Type.String({
          pattern: '^[A-Za-z0-9_-]{1,128}$',
          description: 'What makes a repeat a repeat.',
        }),
        eventSource: Type.String(),
        eventName: Type.String(),
        eventTime: Type.Optional(Type.String()),
        userIdentity: Type.Optional(anyObject()),
        requestParameters: Type.Optional(anyObject()),
      },
      { additionalProperties: true, description: 'The CloudTrail record.' },
    ),
  },
  {
    additionalProperties: true,
    examples: [
      {
        version: '0',
        id: '36eb8523-97d0-4518-b33d-ee3579ff19f0',
        'detail-type': 'AWS API Call via CloudTrail',
        source: 'aws.iam',
        account: '123456789012',
        time: '2026-12-01T09:00:00Z',
        region: 'us-east-1',
        resources: [],
        detail: {
          eventID: '654ccbc0-ba0d-486a-9076-dbf7274677a7',
          eventSource: 'iam.amazonaws.com',
          eventName: 'AddUserToGroup',
          eventTime: '2026-12-01T09:00:00Z',
          awsRegion: 'us-east-1',
          userIdentity: { type: 'IAMUser', arn: 'arn:aws:iam::123456789012:user/mallory' },
          requestParameters: { userName: 'ada.lovelace', groupName: 'administrators' },
        },
      },
    ],
  },
)

export const AwsEventHeaders = Type.Object({
  'x-api-key': Type.String({ description: "The key that the API destination's connection has." }),
})

export const AwsEventReceiptSchema = Type.Object({
  eventId: Type.String(),
  status: oneOf(
    ['accepted', 'duplicate', 'ignored'],
    '`ignored`: of an account that Muster does not look after; it is not kept.',
  ),
})
