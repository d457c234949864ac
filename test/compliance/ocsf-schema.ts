/**
 * What OCSF 1.8.0 demands of a Compliance Finding with the profile `cloud`, as JSON Schema: every attribute that is
 * required, the values of its enumerations, and no attribute that the class or the object does not have.
 *
 * https://schema.ocsf.io/1.8.0/classes/compliance_finding?profiles=cloud
 */
const text = { type: 'string' } as const
const texts = { type: 'array', items: text } as const
/** Milliseconds since the epoch. */
const timestamp = { type: 'integer', minimum: 0 } as const
const oneOf = (...values: readonly (number | string)[]) => ({ enum: values })
const severityIds = oneOf(0, 1, 2, 3, 4, 5, 6, 99)

/** `required` are those of the schema; `at_least_one` of its constraints is `anyOf` here. */
const object = (
  properties: Readonly<Record<string, object>>,
  required: readonly string[],
  anyOf?: readonly { readonly required: readonly string[] }[],
) => ({ type: 'object', properties, required, additionalProperties: false, ...(anyOf ? { anyOf } : {}) })

const nameOrUid = [{ required: ['name'] }, { required: ['uid'] }]

export const complianceFindingSchema = object(
  {
    activity_id: oneOf(0, 1, 2, 3, 99),
    activity_name: text,
    category_name: text,
    category_uid: oneOf(2),
    class_name: text,
    class_uid: oneOf(2003),
    cloud: object(
      {
        account: object(
          { name: text, type: text, type_id: { type: 'integer', minimum: 0, maximum: 99 }, uid: text },
          [],
          nameOrUid,
        ),
        provider: text,
        region: text,
      },
      ['provider'],
    ),
    compliance: object(
      {
        control: text,
        requirements: texts,
        standards: texts,
        status: text,
        status_details: texts,
        status_id: oneOf(0, 1, 2, 3, 99),
      },
      [],
    ),
    finding_info: object(
      {
        created_time: timestamp,
        desc: text,
        first_seen_time: timestamp,
        last_seen_time: timestamp,
        title: text,
        types: texts,
        uid: text,
      },
      ['uid'],
    ),
    message: text,
    metadata: object(
      {
        product: object({ name: text, uid: text, vendor_name: text, version: text }, [], nameOrUid),
        profiles: texts,
        version: oneOf('1.8.0'),
      },
      ['product', 'version'],
    ),
    remediation: object({ desc: text, references: texts }, ['desc']),
    resources: {
      type: 'array',
      items: object({ cloud_partition: text, name: text, type: text, uid: text }, [], nameOrUid),
    },
    severity: text,
    severity_id: severityIds,
    status: text,
    status_id: oneOf(0, 1, 2, 3, 4, 5, 6, 99),
    time: timestamp,
    type_name: text,
    // Whatever the schema has no attribute for: https://schema.ocsf.io/1.8.0/objects/object
    unmapped: { type: 'object' },
    type_uid: oneOf(200300, 200301, 200302, 200303, 200399),
  },
  [
    'activity_id',
    'category_uid',
    'class_uid',
    'cloud',
    'compliance',
    'finding_info',
    'metadata',
    'severity_id',
    'time',
    'type_uid',
  ],
)
