/** What a newcomer sees after `npm start`: where everything is, and four commands to try. */
import type { Config } from './config.ts'
import type { Sandbox } from './sandbox/index.ts'

export interface Welcome {
  readonly config: Config
  readonly address: string
  readonly sandbox: Pick<Sandbox, 'url' | 'administrator'>
}

export function welcome({ config, address, sandbox }: Welcome): string {
  const { accessKeyId, secretAccessKey } = sandbox.administrator
  // Named in the command itself: it may have been set here alone, and is in no data folder then.
  const hrSecret = config.hrSecrets[0] ?? ''
  const person = {
    employeeId: 'E1001',
    givenName: 'Ada',
    familyName: 'Lovelace',
    email: 'ada@example.com',
    role: 'backend-engineer',
  }
  const event = {
    type: 'employee.hired',
    data: {
      employeeId: 'E1002',
      givenName: 'Grace',
      familyName: 'Hopper',
      email: 'grace@example.com',
      role: 'data-analyst',
    },
  }
  return `
Muster is ready, in the sandbox: no call leaves this machine.

  console (for now, the API) ${address}/
  admin token                ${config.adminToken}
  HR webhook secret          ${hrSecret}
  sandbox AWS endpoint       ${sandbox.url}

Hire someone, as an administrator:

  curl -sS ${address}/v1/employees \\
    -H 'authorization: Bearer ${config.adminToken}' \\
    -H 'content-type: application/json' \\
    -d '${JSON.stringify(person)}'

Hire someone else, as the HR system would, with a signed webhook:

  MUSTER_HR_SECRETS='${hrSecret}' MUSTER_PUBLIC_URL=${address} npm run -s webhook -- '${JSON.stringify(event)}'

See in AWS what came of it:

  AWS_ACCESS_KEY_ID=${accessKeyId} AWS_SECRET_ACCESS_KEY=${secretAccessKey} AWS_DEFAULT_REGION=us-east-1 \\
    aws --endpoint-url ${sandbox.url} iam list-groups-for-user --user-name ada.lovelace

Let her set up MFA and get a password: open the link that this answers in a browser:

  curl -sS -X POST ${address}/v1/employees/E1001/enrollments -H 'authorization: Bearer ${config.adminToken}'

Stop with Ctrl-C; the next start finds everything as it was.

`
}
