/**
 * Structured content that is too large, made smaller so that it is still what its tool promises: long strings cut, long lists shortened, a
 * little more each time until it has room. Pure. Fails closed: undefined where none of it keeps the promise.
 *
 * @module
 */

import { isObject } from '../../protocol/index.ts'

const levels = [
  { characters: 4_096, items: 200 },
  { characters: 1_024, items: 100 },
  { characters: 256, items: 50 },
  { characters: 128, items: 20 },
  { characters: 64, items: 10 },
  { characters: 32, items: 3 },
  { characters: 16, items: 1 },
]

type Level = (typeof levels)[number]
const LAST = levels.at(-1) as Level

export function prune(value: unknown, bytes: number, isPromised: (value: unknown) => boolean): unknown {
  // What has too many members is not made smaller seven times to find that out.
  if (leastOf(value, LAST, bytes) > bytes) return undefined
  for (const level of levels) {
    if (leastOf(value, level, bytes) > bytes) continue
    const pruned = shorten(value, level)
    if (Buffer.byteLength(JSON.stringify(pruned) ?? '') <= bytes && isPromised(pruned)) return pruned
  }
  return undefined
}

/** How many bytes its JSON has at least once it is shortened. Looks at no more of it than `most` takes. */
function leastOf(value: unknown, level: Level, most: number): number {
  if (typeof value === 'string') return Math.min(value.length, level.characters) + 2
  if (typeof value !== 'object' || value === null) return 1
  let count = 2
  if (Array.isArray(value)) {
    const items = Math.min(value.length, level.items)
    for (let at = 0; at < items && count <= most; at++) count += leastOf(value[at], level, most - count)
    return count
  }
  const members = value as Readonly<Record<string, unknown>>
  for (const key in members) {
    if (count > most) return count
    count += key.length + 3 + leastOf(members[key], level, most - count)
  }
  return count
}

function shorten(value: unknown, level: Level): unknown {
  if (typeof value === 'string') return value.length > level.characters ? `${value.slice(0, level.characters)}…` : value
  if (Array.isArray(value)) return value.slice(0, level.items).map((item) => shorten(item, level))
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, shorten(member, level)]))
}
