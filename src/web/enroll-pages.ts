/** The pages of a one-time link: each a pure function of the step that its owner has reached. */
import { html } from 'ghtml'
import type { EnrollStep, WrongCodes } from '../credentials/enroll-step.ts'
import type { EnrollmentCase } from '../credentials/enrollment.ts'
import { keyPage } from './key-page.ts'
import { layout } from './layout.ts'

/** The page of a step, with its HTTP status. `action` is the link's own path: `/enroll/<token>`. */
export function enrollPage(
  step: EnrollStep,
  action: string,
): { readonly status: number; readonly page: string } {
  const { status, title, body } = pages[step.kind](step as never, action)
  return { status, page: layout({ title, body }) }
}

interface Rendered {
  readonly status: number
  readonly title: string
  readonly body: string
}

type StepOf<Kind extends EnrollStep['kind']> = Extract<EnrollStep, { kind: Kind }>
type Pages = { readonly [Kind in EnrollStep['kind']]: (step: StepOf<Kind>, action: string) => Rendered }

const pages: Pages = {
  over: () => ({
    status: 404,
    title: 'This link is not valid',
    body: html`
      <h1>This link is not valid</h1>
      <p>It was used already, has expired, was replaced by a newer one, or is not complete.</p>
      <p>Ask your administrator for a new link. If you copied it, make sure that you copied all of it.</p>`,
  }),
  busy: () => ({
    status: 409,
    title: 'Already at it',
    body: html`
      <h1>Already at it</h1>
      <p>Another request with this link is being worked on, perhaps in another tab. Look there for what comes of it.</p>
      <p class="soft">If that tab is gone, open the link again in a minute.</p>`,
  }),
  wait: ({ why }, action) => ({
    status: 409,
    title: waitWords[why].title,
    body: html`
      <h1>${waitWords[why].title}</h1>
      <p>${waitWords[why].text}</p>
      <p><a href="${action}">Look again</a></p>`,
  }),
  welcome: ({ link }, action) =>
    link.purpose === 'sign-in' ? welcomeToSignIn(link, action) : welcomeToKey(link, action),
  scan: ({ device }, action) => ({
    status: 200,
    title: 'Scan the code',
    body: html`
      !${way(2)}
      <h1>Scan this with your authenticator app</h1>
      <p>In the app, add an account and point the camera at the picture.</p>
      <figure><img src="data:image/png;base64,${Buffer.from(device.qrCodePng).toString('base64')}" width="240" height="240" alt="QR code that adds this account to an authenticator app"></figure>
      <details>
        <summary>I cannot scan it</summary>
        <p class="soft">Add an account by hand in the app: time-based, six digits, with this key.</p>
        <span class="secret">${inGroups(device.seed)}</span>
      </details>
      <h2>Then enter two codes, one after the other</h2>
      !${codesForm({ action: `${action}/codes`, serial: device.serial, button: 'Continue' })}
      <p class="soft">Reloading this page makes a new picture, and the one above stops working.</p>`,
  }),
  codes: ({ link, serial, wrong }, action) => ({
    status: wrong ? 422 : 200,
    title: 'Two codes',
    body: html`
      !${link.purpose === 'sign-in' ? way(2) : ''}
      <h1>${serial === null ? 'Show that you have your device' : 'Enter two codes, one after the other'}</h1>
      !${wrong ? faultOf(wrong) : ''}
      !${serial === null ? html`<p>Your MFA device is set up already. Enter two codes that it shows one after the other.</p>` : ''}
      !${codesForm({ action: `${action}/codes`, serial: serial ?? '', button: 'Continue' })}
      !${serial === null ? '' : startAgain(action)}`,
  }),
  stale: (_step, action) => ({
    status: 409,
    title: 'An older page',
    body: html`
      <h1>This page is an older one</h1>
      <p>The link was opened again since, and a new picture was made. Delete the entry of this one from your app, and go on with the newer page, or start again here.</p>
      !${startAgain(action)}`,
  }),
  done: (step, action) => donePage(step, action),
  key: keyPage,
  'two-keys': ({ link }, action) => ({
    status: 409,
    title: 'Two keys already',
    body: html`
      <h1>You have two active keys already</h1>
      <p>AWS allows two. Switch off the one you no longer use, then open this link again.</p>
      <p class="soft">With a profile that opens an MFA session, or in the console under Security credentials.</p>
      <pre>aws iam list-access-keys --profile work --user-name ${link.userName}
aws iam update-access-key --profile work --user-name ${link.userName} --access-key-id THE_OLD_ONE --status Inactive</pre>
      <p><a href="${action}">Look again</a></p>`,
  }),
  'no-device': () => ({
    status: 409,
    title: 'MFA first',
    body: html`
      <h1>Your MFA device comes first</h1>
      <p>An access key is of no use without an authenticator app: every request needs a session that was opened with a code. Use the link for your MFA device first; your administrator can send a new one.</p>`,
  }),
  trouble: ({ detail }, action) => ({
    status: 503,
    title: 'That did not work',
    body: html`
      <h1>That did not work</h1>
      <p>${detail}</p>
      <p><a href="${action}">Back to the beginning</a></p>`,
  }),
}

function welcomeToSignIn(link: EnrollmentCase, action: string): Rendered {
  return {
    status: 200,
    title: 'Set up your AWS access',
    body: html`
      !${way(1)}
      <h1>Welcome, ${link.givenName}</h1>
      <p>This sets up your access to AWS: first your MFA device, then your password. It takes three minutes.</p>
      !${whoAndUntil(link)}
      <p>Have an authenticator app at hand, on a phone that you keep with you.</p>
      <form method="post" action="${action}/start"><button>Start</button></form>`,
  }
}

function welcomeToKey(link: EnrollmentCase, action: string): Rendered {
  return {
    status: 200,
    title: 'Get an access key',
    body: html`
      <h1>Your access key, ${link.givenName}</h1>
      <p>This makes an access key for the command line and programs. Its secret is shown once, on the next page but one. You need two codes of your MFA device.</p>
      !${whoAndUntil(link)}
      <form method="post" action="${action}/start"><button>Start</button></form>`,
  }
}

function donePage({ link, password, partition, ticket }: StepOf<'done'>, action: string): Rendered {
  return {
    status: 200,
    title: 'You are set up',
    body: html`
      !${way(3)}
      <h1 class="good">Your MFA device is active</h1>
      !${
        password === null
          ? html`<p>Your role has no console password. You are done here.</p><dl><dt>User name</dt><dd>${link.userName}</dd><dt>Account</dt><dd>${link.accountId}</dd></dl>`
          : html`
      <p class="note">This password is shown once. Sign in with it now: AWS asks you for one of your own right away.</p>
      <dl>
        <dt>Sign in at</dt><dd><a href="${signInUrl(partition, link.accountId)}" rel="noreferrer">${signInUrl(partition, link.accountId)}</a></dd>
        <dt>User name</dt><dd><code>${link.userName}</code></dd>
        <dt>Password</dt><dd><span class="secret">${password}</span></dd>
      </dl>
      <p>When AWS asks for an MFA code, <strong>wait for a new one</strong>: each code works once, and you have just used two.</p>`
      }
      !${ticket === null ? '' : resyncForm(action, ticket)}`,
  }
}

/** After a resync of a device: whether it worked. */
export function resyncPage(
  outcome: 'done' | 'wrong',
  action: string,
  ticket: string,
): { status: number; page: string } {
  const body =
    outcome === 'done'
      ? html`<h1 class="good">Your device is in step again</h1><p>Wait for a new code, and sign in with it.</p>`
      : html`
      <h1>Set your device right</h1>
      <p class="fault" role="alert">Those two codes are not your device's. Wait for a new code, then enter it and the one after it at once.</p>
      !${codesForm({ action: `${action}/resync`, ticket, button: 'Set right' })}`
  return { status: outcome === 'done' ? 200 : 422, page: layout({ title: 'Your device', body }) }
}

function resyncForm(action: string, ticket: string): string {
  return html`
      <details>
        <summary>AWS does not take my codes</summary>
        <p>Then the codes above came late, and your device is out of step. Enter two new codes, one after the other, as soon as you see them.</p>
        !${codesForm({ action: `${action}/resync`, ticket, button: 'Set my device right' })}
      </details>`
}

interface CodesForm {
  readonly action: string
  readonly button: string
  readonly serial?: string
  readonly ticket?: string
}

function codesForm({ action, button, serial, ticket }: CodesForm): string {
  const input = (name: string, label: string) => html`
          <div>
            <label for="${name}">${label}</label>
            <input id="${name}" name="${name}" inputmode="numeric" autocomplete="one-time-code" pattern="[0-9 \-]{6,8}" title="Six digits" maxlength="8" required>
          </div>`
  return html`
      <form method="post" action="${action}">
        !${serial === undefined ? '' : html`<input type="hidden" name="device" value="${serial}">`}
        !${ticket === undefined ? '' : html`<input type="hidden" name="ticket" value="${ticket}">`}
        <p class="soft">Enter the code that the app shows now. Wait until it changes, enter the new one, and send both at once.</p>
        <div class="codes">
          !${input('code1', 'First code')}
          !${input('code2', 'Next code')}
        </div>
        <button>${button}</button>
      </form>`
}

function faultOf({ malformed, left }: WrongCodes): string {
  return malformed
    ? html`<p class="fault" role="alert">A code is six digits, and the two differ. Wait for the next one between them.</p>`
    : html`<p class="fault" role="alert">Those are not two codes in a row of this device. Wait for a new one and try again: ${left} ${left === 1 ? 'try is' : 'tries are'} left.</p>`
}

function startAgain(action: string): string {
  return html`
      <h2>Lost the picture?</h2>
      <form method="post" action="${action}/start"><button class="quiet">Start again with a new one</button></form>`
}

function whoAndUntil({ userName, accountId, expiresAt }: EnrollmentCase): string {
  return html`
      <dl>
        <dt>User name</dt><dd><code>${userName}</code></dd>
        <dt>AWS account</dt><dd>${accountId}</dd>
        <dt>Link valid until</dt><dd>${expiresAt.toISOString().slice(0, 16).replace('T', ' ')} UTC</dd>
      </dl>`
}

const stations = ['Welcome', 'MFA device', 'Password']

function way(station: number): string {
  const items = stations.map((name, i) => {
    const current = i + 1 === station ? ' aria-current="step"' : ''
    return html`<li!${current}>${i + 1}. ${name}</li>`
  })
  return html`<ol class="way" aria-label="Where you are">!${items.join('')}</ol>`
}

const inGroups = (seed: string) => seed.match(/.{1,4}/g)?.join(' ') ?? seed

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/console.html, "Sign-in URL" */
const signInHosts: Readonly<Record<string, string>> = {
  'aws-cn': 'signin.amazonaws.cn',
  'aws-us-gov': 'signin.amazonaws-us-gov.com',
}

function signInUrl(partition: string, accountId: string): string {
  return `https://${accountId}.${signInHosts[partition] ?? 'signin.aws.amazon.com'}/console`
}

const waitWords = {
  settling: {
    title: 'Not just yet',
    text: 'Your access is being prepared right now. This takes a few seconds.',
  },
  'not-now': {
    title: 'Not possible right now',
    text: 'Your access cannot be set up at the moment. Your administrator can see why.',
  },
  'no-trail': {
    title: 'Access is on hold',
    text:
      'The log of what happens in this AWS account (CloudTrail) is not running, and until it does nobody gets ' +
      'new access. Your administrator knows. This link stays good until it expires.',
  },
} as const
