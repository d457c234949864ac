/**
 * Signs an HR event as an HR system would, and sends it:
 *
 *     npm run -s webhook -- '{"type":"employee.role_changed","data":{"employeeId":"E1001","role":"finance"}}'
 *
 * Without a `timestamp`, it happens now. Secret and address come from the settings, or from the
 * sandbox's data folder.
 */
import { randomUUID } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import { findSandboxSecrets } from './sandbox-secrets.ts'

const [json] = process.argv.slice(2)
if (!json) {
  console.error(
    `usage: npm run -s webhook -- '{"type":"employee.updated","data":{"employeeId":"E1001", ...}}'`,
  )
  process.exit(2)
}

try {
  process.exitCode = await send(json)
} catch (error) {
  console.error(`the webhook was not sent: ${(error as Error).message}`)
  process.exitCode = 1
}

/** Returns the exit code: 0 when the delivery was taken. */
async function send(text: string): Promise<number> {
  const secret = secretNow()
  const base =
    setting('MUSTER_PUBLIC_URL') ?? `http://${setting('HOST') ?? '127.0.0.1'}:${setting('PORT') ?? 8080}`
  const id = `msg_${randomUUID()}`
  const now = new Date()
  const body = JSON.stringify({ timestamp: now.toISOString(), ...(JSON.parse(text) as object) })
  const response = await fetch(`${base}/webhooks/hr`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
      'webhook-signature': new Webhook(secret).sign(id, now, body),
    },
    body,
  }).catch((error: Error) => {
    // `fetch` itself says no more than that it failed.
    const { code = error.message } = (error.cause ?? {}) as { readonly code?: string }
    throw new Error(
      `nothing answers at ${base} (${code}): start Muster, or set MUSTER_PUBLIC_URL to where it is`,
    )
  })
  console.log(`${response.status} ${await response.text()}`)
  return response.ok ? 0 : 1
}

/** The one that signs, of those that are set or of the sandbox's own. */
function secretNow(): string {
  const dataDir = setting('MUSTER_DATA_DIR') ?? '.muster'
  const secrets = setting('MUSTER_HR_SECRETS') ?? findSandboxSecrets(dataDir)?.MUSTER_HR_SECRETS
  if (secrets) return secrets.split(',')[0]?.trim() ?? ''
  throw new Error(
    `there are no secrets in ${dataDir}: start Muster there first, or set MUSTER_DATA_DIR or MUSTER_HR_SECRETS`,
  )
}

/** Set to nothing counts as unset, here as everywhere. */
function setting(name: string): string | undefined {
  return process.env[name]?.trim() || undefined
}
