/** Reading the pages of one-time links, as their owner does with eyes and an authenticator app. */
import { codeOfStep, fromBase32, stepAt } from '../sandbox/index.ts'
import { clock } from './stage.ts'

/** Two codes in a row, as an authenticator app with this key shows them. */
export function codes(seed: string) {
  const [code1, code2] = [stepAt(clock()), stepAt(clock()) + 1].map((step) =>
    codeOfStep(fromBase32(seed), step),
  )
  return { code1: code1 ?? '', code2: code2 ?? '' }
}

function textOf(markup: string): string {
  return markup.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)))
}

export function titleOf(body: string): string {
  return `"${textOf(/<h1[^>]*>([^<]*)</.exec(body)?.[1] ?? '')}"`
}

export function secretOf(body: string): string {
  return textOf(/<span class="secret">([^<]*)</.exec(body)?.[1] ?? '')
}

export function deviceOf(body: string): string {
  return textOf(/name="device" value="([^"]*)"/.exec(body)?.[1] ?? '')
}
