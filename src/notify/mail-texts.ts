/** What the mails say. */
import { html } from 'ghtml'
import type { EnrollmentPurpose } from '../store/schema.ts'
import type { NoticeType } from './announce.ts'

export interface MailText {
  readonly subject: string
  readonly text: string
  readonly html: string
}

export interface LinkMail {
  readonly type: NoticeType
  readonly purpose: EnrollmentPurpose
  readonly givenName: string
  readonly link: string
  readonly expiresAt: Date
}

/** Brings a one-time link to its owner. */
export function linkMail({ type, purpose, givenName, link, expiresAt }: LinkMail): MailText {
  const { subject, what } = type === 'access_key.expiring' ? replacementWords : linkWords[purpose]
  const name = oneLine(givenName)
  const greeting = name ? `Hello ${name},` : 'Hello,'
  const until = `The link works once, until ${utc(expiresAt)}. It is for you alone: do not pass it on.`
  const after = [
    'Muster never asks for your password by mail.',
    'If you did not expect this mail, ignore it and tell your administrator.',
  ]
  return {
    subject,
    text: [greeting, what, link, until, after.join('\n'), ''].join('\n\n'),
    html: framed(
      subject,
      html`<p>${greeting}</p>
<p>${what}</p>
<p><a href="${link}">${link}</a></p>
<p>${until}</p>
<p>!${after.map((line) => html`${line}`).join('<br>')}</p>`,
    ),
  }
}

const linkWords: Readonly<Record<EnrollmentPurpose, { subject: string; what: string }>> = {
  'sign-in': {
    subject: 'Set up your AWS sign-in',
    what:
      'your company gives you access to AWS. This link takes you to a page where you set up your ' +
      'authenticator app and then get what you need to sign in. Have your phone at hand.',
  },
  'access-key': {
    subject: 'Get your AWS access key',
    what:
      'you may have an access key for AWS. This link takes you to a page where you get it, with two codes ' +
      'of your authenticator app. The key is shown there once.',
  },
}

const replacementWords = {
  subject: 'Replace your AWS access key',
  what:
    'your AWS access key is about to become too old, and will be switched off. This link takes you to a page ' +
    'where you get a new one, with two codes of your authenticator app. The key is shown there once.',
}

export interface AdminMail {
  readonly type: string
  readonly at: Date
  readonly employeeId: string | null
  readonly data: Readonly<Record<string, unknown>>
}

/** Tells an administrator what has to be looked at. */
export function adminMail({ type, at, employeeId, data }: AdminMail): MailText {
  const about = employeeId === null ? '' : ` (${oneLine(employeeId)})`
  const subject = `Muster: ${type}${about}`
  const lead = `${meaningOf[type] ?? 'Something needs a look.'}`
  const facts = [
    ['what', type],
    ['when', utc(at)],
    ...(employeeId === null ? [] : [['employee', oneLine(employeeId)]]),
    ...Object.entries(data).map(([key, value]) => [oneLine(key), oneLine(wordsOf(value))]),
  ] as [string, string][]
  return {
    subject,
    text: [lead, facts.map(([key, value]) => `${key}: ${value}`).join('\n'), ''].join('\n\n'),
    html: framed(
      subject,
      html`<p>${lead}</p>
<table>
!${facts.map(([key, value]) => html`<tr><th align="left">${key}</th><td>${value}</td></tr>`).join('\n')}
</table>`,
    ),
  }
}

const meaningOf: Readonly<Record<string, string>> = {
  'enrollment.revoked': 'A one-time link was ended before it was used. Its reason says what to do.',
  'enrollment.locked':
    'A one-time link was locked after too many wrong codes. Ask its owner, then make a new one.',
  'identity.blocked': 'Muster cannot go on with somebody. Its reason says what has to be done first.',
  'identity.conflict':
    'A user name is taken by a user that is not of Muster. Adopt that user, or choose another name.',
  'mfa.missing': 'Somebody has a password and no MFA device.',
  'access_key.disabled': 'An access key was made inactive.',
  'drift.detected': 'Something was changed by hand. What Muster owns, it sets right.',
  'drift.attributed': 'It is known now who changed something by hand.',
  'password.removed': 'A console password was taken away.',
  'trail_gate.closed': 'CloudTrail is not verifiably on. Nobody gets new access until it is.',
  'compliance.failed': 'Something that the account has to keep to does not hold any more.',
  'trail.canary_missing':
    'Calls that Muster made do not turn up in the log files of CloudTrail. Look whether the trail logs and delivers.',
  'trail.log_files_tampered': 'Log files of CloudTrail were altered or deleted. Find out by whom.',
}

/** What others wrote stays on its line, without characters that do not show. */
export const oneLine = (text: string) =>
  text
    .replace(/[\s\p{C}]+/gu, ' ')
    .trim()
    .slice(0, 300)

const wordsOf = (value: unknown) => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''))

const utc = (at: Date) => `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`

const framed = (title: string, body: string) => html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>${title}</title></head>
<body>
!${body}
</body>
</html>
`
