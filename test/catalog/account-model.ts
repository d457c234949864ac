/** A small pure IAM for the tests of `planAccount`: the rules that a plan could break, and nothing else. */
import assert from 'node:assert/strict'
import {
  type AccountPlace,
  type DesiredAccount,
  groupArn,
  type ObservedAccount,
  type ObservedGroup,
  type ObservedPolicy,
  policyArn,
} from '../../src/catalog/account.ts'
import type { AccountStep } from '../../src/catalog/account-plan.ts'
import { SOUND_POLICY, statement } from './samples.ts'

export const PLACE: AccountPlace = { accountId: '123456789012', partition: 'aws', path: '/muster/' }
export const EMPTY: ObservedAccount = { groups: [], policies: [] }
export const READ_ONLY = 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess'
export const DENY_ALL = 'arn:aws:iam::aws:policy/AWSDenyAll'
export const OTHER_POLICY = statement({
  Effect: 'Allow',
  Action: 's3:ListBucket',
  Resource: 'arn:aws:s3:::b',
})

export function applyAll(
  account: ObservedAccount,
  steps: readonly AccountStep[],
  desired: DesiredAccount,
): ObservedAccount {
  return steps.reduce((state, step) => applyStep(state, step, desired), account)
}

export function applyStep(
  account: ObservedAccount,
  step: AccountStep,
  { partition, accountId }: DesiredAccount,
): ObservedAccount {
  const { groups, policies } = account
  const arn = (kind: string, path: string, name: string) =>
    `arn:${partition}:iam::${accountId}:${kind}${path}${name}`
  const group = (name: string) => found(groups, (g) => g.groupName === name, `group ${name}`)
  const policy = (policyArn: string) => found(policies, (p) => p.arn === policyArn, `policy ${policyArn}`)
  const withGroup = (changed: ObservedGroup) => ({
    policies,
    groups: groups.map((g) => (g.arn === changed.arn ? changed : g)),
  })
  const withPolicy = (changed: ObservedPolicy, theirGroups = groups) => ({
    groups: theirGroups,
    policies: policies.map((p) => (p.arn === changed.arn ? changed : p)),
  })

  switch (step.do) {
    case 'CreatePolicy':
      assert(!policies.some((p) => same(p.policyName, step.policyName)), 'EntityAlreadyExists')
      return {
        groups,
        policies: [
          ...policies,
          {
            policyName: step.policyName,
            path: step.path,
            arn: arn('policy', step.path, step.policyName),
            attachmentCount: 0,
            boundaryCount: 0,
            versions: [
              { versionId: 'v1', isDefault: true, createdAt: new Date(9e12), document: step.document },
            ],
          },
        ],
      }
    case 'CreatePolicyVersion': {
      const old = policy(step.policyArn)
      assert(old.versions.length < 5, 'LimitExceeded: five versions')
      const next = Math.max(...old.versions.map((v) => Number(v.versionId.slice(1)))) + 1
      const versions = [
        ...old.versions.map((v) => ({ ...v, isDefault: false })),
        { versionId: `v${next}`, isDefault: true, createdAt: new Date(9e12), document: step.document },
      ]
      return withPolicy({ ...old, versions })
    }
    case 'DeletePolicyVersion': {
      const old = policy(step.policyArn)
      const version = found(old.versions, (v) => v.versionId === step.versionId, step.versionId)
      assert(!version.isDefault, 'DeleteConflict: the version in force')
      return withPolicy({ ...old, versions: old.versions.filter((v) => v !== version) })
    }
    case 'DeletePolicy': {
      const old = policy(step.policyArn)
      assert.equal(old.versions.length, 1, 'DeleteConflict: more versions')
      assert.equal(old.attachmentCount + old.boundaryCount, 0, 'DeleteConflict: in use')
      return { groups, policies: policies.filter((p) => p !== old) }
    }
    case 'CreateGroup':
      assert(!groups.some((g) => same(g.groupName, step.groupName)), 'EntityAlreadyExists')
      return {
        policies,
        groups: [
          ...groups,
          {
            groupName: step.groupName,
            path: step.path,
            arn: arn('group', step.path, step.groupName),
            attachedPolicyArns: [],
            inlinePolicyNames: [],
            members: 0,
          },
        ],
      }
    case 'DeleteGroup': {
      const old = group(step.groupName)
      assert.deepEqual(
        [old.attachedPolicyArns, old.inlinePolicyNames, old.members],
        [[], [], 0],
        'DeleteConflict',
      )
      return { policies, groups: groups.filter((g) => g !== old) }
    }
    case 'AttachGroupPolicy': {
      const old = group(step.groupName)
      assert(old.attachedPolicyArns.length < 10, 'LimitExceeded: ten policies')
      const changed = { ...old, attachedPolicyArns: [...old.attachedPolicyArns, step.policyArn] }
      return count(withGroup(changed), step.policyArn, 1)
    }
    case 'DetachGroupPolicy': {
      const old = group(step.groupName)
      assert(old.attachedPolicyArns.includes(step.policyArn), 'NoSuchEntity')
      const changed = {
        ...old,
        attachedPolicyArns: old.attachedPolicyArns.filter((a) => a !== step.policyArn),
      }
      return count(withGroup(changed), step.policyArn, -1)
    }
    case 'DeleteGroupPolicy': {
      const old = group(step.groupName)
      assert(old.inlinePolicyNames.includes(step.policyName), 'NoSuchEntity')
      return withGroup({
        ...old,
        inlinePolicyNames: old.inlinePolicyNames.filter((n) => n !== step.policyName),
      })
    }
  }
}

function count({ groups, policies }: ObservedAccount, policyArn: string, change: number): ObservedAccount {
  const isOurs = policies.some((p) => p.arn === policyArn)
  assert(isOurs || policyArn.includes(':iam::aws:'), `NoSuchEntity: ${policyArn}`)
  return {
    groups,
    policies: policies.map((p) =>
      p.arn === policyArn ? { ...p, attachmentCount: p.attachmentCount + change } : p,
    ),
  }
}

function found<T>(all: readonly T[], is: (one: T) => boolean, what: string): T {
  const one = all.find(is)
  assert(one !== undefined, `NoSuchEntity: ${what}`)
  return one
}

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}

export function group(groupName: string, more: Partial<ObservedGroup> = {}): ObservedGroup {
  const path = more.path ?? '/muster/'
  return {
    groupName,
    path,
    arn: groupArn({ ...PLACE, path }, groupName),
    attachedPolicyArns: [],
    inlinePolicyNames: [],
    members: 0,
    ...more,
  }
}

export function customPolicy(policyName: string, more: Partial<ObservedPolicy> = {}): ObservedPolicy {
  const path = more.path ?? '/muster/'
  return {
    policyName,
    path,
    arn: policyArn({ ...PLACE, path }, policyName),
    attachmentCount: 0,
    boundaryCount: 0,
    versions: [{ versionId: 'v1', isDefault: true, createdAt: new Date(1), document: SOUND_POLICY }],
    ...more,
  }
}
