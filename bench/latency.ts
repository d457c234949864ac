/** How long requests take, one by one. */
import { type Agent, get } from 'node:http'
import { adminToken } from './processes/settings.ts'

export async function repeat(times: number, ask: () => Promise<number>): Promise<number[]> {
  const taken: number[] = []
  for (let i = 0; i < times; i++) taken.push(await ask())
  return taken
}

/** From the request until the last byte. */
export function millisecondsOf(agent: Agent, url: string): Promise<number> {
  const started = performance.now()
  return new Promise((resolve, reject) => {
    const request = get(url, { agent, headers: { authorization: `Bearer ${adminToken}` } }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`${url} answered ${response.statusCode}`))
      response.resume()
      response.on('error', reject)
      response.on('end', () => resolve(performance.now() - started))
    })
    request.on('error', reject)
  })
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

export const summary = (values: readonly number[]) =>
  [0.5, 0.9, 0.99].map((share) => `p${share * 100} ${percentile(values, share).toFixed(1)}`).join(', ')
