/** The page that shows an access key's secret, once, and how to use it where every request needs MFA. */
import { html } from 'ghtml'
import type { EnrollStep } from '../credentials/enroll-step.ts'

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
      <pre>aws configure --profile ${link.userName}
aws sts get-session-token --profile ${link.userName} \
  --serial-number ${serial} \
  --token-code 123456</pre>
      <p>Or let the <code>aws</code> command open one when it needs one, by an entry in <code>~/.aws/config</code>. It wants the script's full path, <code>~</code> does not work; the script is in docs/access-keys.md of Muster.</p>
      <pre>[profile work]
credential_process = /home/YOU/bin/mfa-session ${link.userName} ${serial}</pre>
      <p class="soft">A key is switched off when it grows old, and when it is not used. You get a link for a new one in time.</p>`
  return { status: 200, title: 'Your access key', body }
}
