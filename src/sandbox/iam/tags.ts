/** Tags of users, policies and MFA devices. Keys are unique regardless of case, and keep their case. */
import type { Tag } from '../fields.ts'
import { Refusal } from '../refusal.ts'

const maxTags = 50

/** @throws Refusal `InvalidInput` for keys that come twice or belong to AWS */
export function newTags(tags: readonly Tag[] = []): readonly Tag[] {
  const keys = new Set<string>()
  for (const { Key: key } of tags) {
    const lowerKey = key.toLowerCase()
    if (keys.has(lowerKey)) {
      throw new Refusal(
        'InvalidInput',
        'Duplicate tag keys found. Please note that Tag keys are case insensitive.',
      )
    }
    if (lowerKey.startsWith('aws:')) {
      throw new Refusal('InvalidInput', 'aws: prefixed tag key names are not allowed for external use.')
    }
    keys.add(lowerKey)
  }
  return tags
}

/** @throws Refusal `LimitExceeded` beyond 50 tags */
export function withTags(present: readonly Tag[], added: readonly Tag[]): readonly Tag[] {
  const tags = new Map(present.map((tag) => [tag.Key.toLowerCase(), tag]))
  for (const tag of newTags(added)) tags.set(tag.Key.toLowerCase(), tag)
  if (tags.size > maxTags) {
    throw new Refusal('LimitExceeded', 'The number of tags has reached the maximum limit.')
  }
  return [...tags.values()]
}

export function withoutTags(present: readonly Tag[], keys: readonly string[]): readonly Tag[] {
  const gone = new Set(keys.map((key) => key.toLowerCase()))
  return present.filter(({ Key: key }) => !gone.has(key.toLowerCase()))
}
