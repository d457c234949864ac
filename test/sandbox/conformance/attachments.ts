/** Policies of users and groups, asked of both. */
import { listBuckets } from '../samples.ts'
import { ada, denyAll, engineers, nobody, reader, unknownPolicy } from './cast.ts'
import { type Step, step, untyped } from './step.ts'

export const attachments: readonly Step[] = [
  ...(['User', 'Group'] as const).flatMap((kind) => {
    const who = kind === 'User' ? ada : engineers
    const whoNot = kind === 'User' ? nobody : { GroupName: 'unknown' }
    const inline = { PolicyName: 'inline' }
    // The two kinds have the same fields but for the name, which the types cannot say.
    const on = (command: string, name: string, owner: object, fields: object) =>
      untyped(`${kind}: ${name}`, command.replace('X', kind), { ...owner, ...fields })
    return [
      on('AttachXPolicyCommand', 'attach', who, reader),
      on('AttachXPolicyCommand', 'attach again', who, reader),
      on('AttachXPolicyCommand', 'attach a policy of AWS', who, { PolicyArn: denyAll }),
      on('AttachXPolicyCommand', 'attach an unknown policy', who, unknownPolicy),
      on('AttachXPolicyCommand', 'attach to nobody', whoNot, reader),
      on('ListAttachedXPoliciesCommand', 'list attached', who, {}),
      on('ListAttachedXPoliciesCommand', 'list attached of a path', who, { PathPrefix: '/muster/' }),
      on('ListAttachedXPoliciesCommand', 'list attached of nobody', whoNot, {}),
      on('DetachXPolicyCommand', 'detach', who, { PolicyArn: denyAll }),
      on('DetachXPolicyCommand', 'detach again', who, { PolicyArn: denyAll }),
      on('DetachXPolicyCommand', 'detach from nobody', whoNot, reader),
      on('PutXPolicyCommand', 'put inline', who, { ...inline, PolicyDocument: listBuckets }),
      on('PutXPolicyCommand', 'put malformed inline', who, { ...inline, PolicyDocument: '{}' }),
      on('PutXPolicyCommand', 'put inline on nobody', whoNot, { ...inline, PolicyDocument: listBuckets }),
      on('GetXPolicyCommand', 'get inline', who, inline),
      on('GetXPolicyCommand', 'get unknown inline', who, { PolicyName: 'unknown' }),
      on('ListXPoliciesCommand', 'list inline', who, {}),
      on('ListXPoliciesCommand', 'list inline of nobody', whoNot, {}),
      on('DeleteXPolicyCommand', 'delete inline', who, inline),
      on('DeleteXPolicyCommand', 'delete inline again', who, inline),
    ]
  }),
  step('list entities of a policy', 'ListEntitiesForPolicyCommand', reader),
  step('list users of a policy', 'ListEntitiesForPolicyCommand', { ...reader, EntityFilter: 'User' }),
  step('list entities of an unknown policy', 'ListEntitiesForPolicyCommand', unknownPolicy),
  step('get the attached policy', 'GetPolicyCommand', reader),
  step('list own attached policies now', 'ListPoliciesCommand', { Scope: 'Local', OnlyAttached: true }),
  step('details of users and groups', 'GetAccountAuthorizationDetailsCommand', { Filter: ['User', 'Group'] }),
  step('details of own policies', 'GetAccountAuthorizationDetailsCommand', {
    Filter: ['LocalManagedPolicy'],
  }),
]
