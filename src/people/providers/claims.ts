/** What a claim says, and whether that is what an operator wants of it. Pure; what is not there, or of another kind, fits nothing. @module */

import type { JsonObject } from '../../core/index.ts'
import { isObject } from '../../protocol/index.ts'
import type { RoleRule, Wanted } from './options.ts'

/** How many elements of a list are looked at. */
const MAX_VALUES = 1_000
const MAX_LENGTH = 512

/** By its whole name first: names that are URLs have dots in them. */
export function claimAt(claims: JsonObject, place: string): unknown {
  if (Object.hasOwn(claims, place)) return claims[place]
  return place
    .split('.')
    .reduce<unknown>((value, part) => (isObject(value) && Object.hasOwn(value, part) ? value[part] : undefined), claims)
}

/** Compared with their types: a text "true" is not true. */
export function isWanted(claims: JsonObject, place: string, wanted: Wanted): boolean {
  const accepted = new Set([wanted].flat())
  return valuesAt(claims, place).some((value) => accepted.has(value as string))
}

export function fits({ claim, value, pattern }: RoleRule, claims: JsonObject): boolean {
  if (claim === undefined) return true
  if (value !== undefined) return isWanted(claims, claim, value)
  return pattern !== undefined && valuesAt(claims, claim).some((each) => typeof each === 'string' && matches(pattern, each))
}

function valuesAt(claims: JsonObject, place: string): unknown[] {
  const value = claimAt(claims, place)
  return (Array.isArray(value) ? value.slice(0, MAX_VALUES) : [value]).filter(
    (each) => typeof each !== 'string' || each.length <= MAX_LENGTH,
  )
}

/** Goes back no further than to the last `*`: the time is bounded by the product of both lengths. */
function matches(pattern: string, text: string): boolean {
  const parts = pattern.split('*')
  const [first = '', last = ''] = [parts[0], parts.at(-1)]
  if (parts.length === 1) return pattern === text
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false
  const end = text.length - last.length
  let at = first.length
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at)
    if (found < 0 || found + part.length > end) return false
    at = found + part.length
  }
  return true
}
