/** The page that shows an access key's secret, once, and how to use it where every request needs MFA. */
import { html } from 'ghtml'
import type { EnrollStep } from '../credentials/enroll.ts'

export function keyPage({ link, key, serial, others }: Extract<EnrollStep, { kind: 'key' }>) {
  const body = html`
      <h1 class="good">Your access key</h1>
      <p class="note">The secret is shown once. Put it into your password manager or the profile below now.</p>
      <dl>
        <dt>Access key ID</dt><dd><span class="secret">${key.accessKeyId}</span></dd>
        <dt>Secret access key</dt><dd><span class="secret">${key.secretAccessKey}</span></dd>
        <dt>MFA device</dt><dd><code>${serial}</code></dd>
      </dl>
      !${others > 0 ? html`<p class="note">You have an older active key. Switch it off once everything uses the new one.</p>` : ''}
      <h2>How to use it</h2>
      <p>On its own the key can do nothing: open a session with a code of your MFA device, and use that.</p>
      <pre>aws configure set aws_access_key_id ${key.accessKeyId} --profile ${link.userName}
aws configure set aws_secret_access_key THE_SECRET --profile ${link.userName}

aws sts get-session-token --profile ${link.userName} \\
  --serial-number ${serial} \\
  --duration-seconds 43200 --token-code THE_CODE</pre>
      <p>Or let a program ask you when a session is needed, with a <code>credential_process</code> entry in <code>~/.aws/config</code>:</p>
      <pre>[profile work]
credential_process = muster-session ${link.userName} ${serial}</pre>
      <p class="soft">docs/access-keys.md of Muster has that small script. A key is warned about, replaced and switched off when it grows old, and switched off when it is not used.</p>`
  return { status: 200, title: 'Your access key', body }
}
