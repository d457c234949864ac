/** A sandbox and its SDK clients for one test; closed when the test ends. */
import type { TestContext } from 'node:test'
import { CloudTrailClient } from '@aws-sdk/client-cloudtrail'
import { IAMClient } from '@aws-sdk/client-iam'
import { S3Client } from '@aws-sdk/client-s3'
import { STSClient } from '@aws-sdk/client-sts'
import { type Credentials, openSandbox, type SandboxOptions } from '../../src/sandbox/index.ts'

export async function openTestSandbox(t: TestContext, options: SandboxOptions = {}) {
  const sandbox = await openSandbox({ seed: 1, ...options })
  const clientsWith = (credentials: Credentials, region = 'us-east-1') => {
    const config = { endpoint: sandbox.url, region, credentials, maxAttempts: 1 }
    const clients = {
      iam: new IAMClient(config),
      sts: new STSClient(config),
      cloudtrail: new CloudTrailClient(config),
      s3: new S3Client({ ...config, forcePathStyle: true }),
    }
    t.after(() => {
      for (const client of Object.values(clients)) client.destroy()
    })
    return clients
  }
  t.after(() => sandbox.close())
  return { sandbox, ...clientsWith(sandbox.credentials), clientsWith }
}

/** What a call was refused with: AWS's code, or the code of the broken connection. */
export async function codeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call
    return 'accepted'
  } catch (error) {
    const { Code, code, name } = error as { Code?: string; code?: string; name: string }
    return Code ?? code ?? name
  }
}
