/**
 * Reads the text of an argument as what its parameter takes, into one canonical form. On the wire an argument of a prompt is always a string
 * (2026-07-28 schema §GetPromptRequest); a number or boolean is read from it and written in one way only.
 *
 * @module
 */

import type { JsonObject } from '../core/index.ts'
import type { Pattern } from './pattern.ts'

/** The canonical form of an argument, or which rule it breaks. */
export type ReadArgument = (argument: string) => { readonly value: string } | { readonly rule: string }

/** Is told of every problem, with the path that it has. */
export type Report = (problem: string) => void

/** The longest argument, whatever its parameter says. */
const MAX_ARGUMENT_CHARACTERS = 65_536

export function readText(
  { minLength, maxLength, pattern: source }: JsonObject,
  pattern: Pattern | undefined,
  report: Report,
): ReadArgument {
  const least = bound(minLength, 0, '.minLength', report)
  const most = Math.min(bound(maxLength, MAX_ARGUMENT_CHARACTERS, '.maxLength', report), MAX_ARGUMENT_CHARACTERS)
  if (least > most) report('.minLength: is more than maxLength')
  const tooLong = { rule: `must NOT have more than ${most} characters` }
  return function read(argument) {
    // A character is at most two code units: what is longer than that is not counted.
    if (argument.length > 2 * most) return tooLong
    const length = characters(argument)
    if (length > most) return tooLong
    if (length < least) return { rule: `must NOT have fewer than ${least} characters` }
    return pattern && !pattern.matches(argument) ? { rule: `must match pattern "${String(source)}"` } : { value: argument }
  }
}

function bound(value: unknown, otherwise: number, at: string, report: Report): number {
  if (value === undefined) return otherwise
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number
  report(`${at}: must be a whole number of 0 or more`)
  return otherwise
}

export const readBoolean: ReadArgument = (argument) =>
  argument === 'true' || argument === 'false' ? { value: argument } : { rule: 'must be true or false' }

const jsonNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/
const MAX_NUMBER_CHARACTERS = 32
const limits = [
  ['minimum', '>=', (value: number, limit: number) => value >= limit],
  ['maximum', '<=', (value: number, limit: number) => value <= limit],
  ['exclusiveMinimum', '>', (value: number, limit: number) => value > limit],
  ['exclusiveMaximum', '<', (value: number, limit: number) => value < limit],
] as const

export function readNumber(schema: JsonObject, whole: boolean, report: Report): ReadArgument {
  const rules = limits.flatMap(([keyword, sign, holds]) => {
    const limit = schema[keyword]
    if (typeof limit === 'number' && Number.isFinite(limit)) return [{ sign, limit, holds }]
    if (limit !== undefined) report(`.${keyword}: must be a number`)
    return []
  })
  return function read(argument) {
    const value = argument.length <= MAX_NUMBER_CHARACTERS && jsonNumber.test(argument) ? Number(argument) : Number.NaN
    if (whole ? !Number.isSafeInteger(value) : !Number.isFinite(value)) return { rule: whole ? 'must be integer' : 'must be number' }
    for (const { sign, limit, holds } of rules) if (!holds(value, limit)) return { rule: `must be ${sign} ${limit}` }
    // `-0` is written `0`.
    return { value: String(value + 0) }
  }
}

/** As JSON Schema counts them. */
export function characters(text: string): number {
  let count = 0
  for (const _ of text) count++
  return count
}
