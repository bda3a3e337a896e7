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

export function prune(value: unknown, bytes: number, isPromised: (value: unknown) => boolean): unknown {
  for (const level of levels) {
    const pruned = shorten(value, level)
    if (Buffer.byteLength(JSON.stringify(pruned) ?? '') <= bytes && isPromised(pruned)) return pruned
  }
  return undefined
}

function shorten(value: unknown, level: (typeof levels)[number]): unknown {
  if (typeof value === 'string') return value.length > level.characters ? `${value.slice(0, level.characters)}…` : value
  if (Array.isArray(value)) return value.slice(0, level.items).map((item) => shorten(item, level))
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, shorten(member, level)]))
}
