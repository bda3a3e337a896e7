/**
 * The arguments of a prompt: whether they are what its parameters allow, and what is left of them without hidden characters.
 *
 * Fails closed: what was not declared, or is no text, is refused.
 *
 * @module
 */

import type { Entry, JsonObject } from '../core/index.ts'
import { isObject } from '../protocol/index.ts'
import type { ArgumentValue, Parameters } from './parameters.ts'
import { ROLE_SIGNS } from './pattern.ts'
import type { RemovedFrom } from './prompt-output.ts'
import { cleanText } from './unicode.ts'

/** All arguments of one request together. */
const MAX_ARGUMENTS_CHARACTERS = 262_144
const roleSigns = new RegExp(`[\\n\\t\\u2028\\u2029${ROLE_SIGNS.replace(/[\]\\^-]/g, '\\$&')}]`)
const noNames: ReadonlySet<string> = new Set()

/** Patterns are judged by what they name; a value is judged by what it has. */
export const fitsRoleLine = (value: string): boolean => !roleSigns.test(value) && cleanText(value).removed.length === 0

/** `inRoleLines`: the parameters whose values stand in a role line of a template. */
export function createArgumentsCheck(
  { byName, additional }: Parameters,
  inRoleLines: ReadonlySet<string> = noNames,
): NonNullable<Entry['check']> {
  const all = [...byName.values()]
  return function check(args = {}) {
    if (!isObject(args)) return { path: 'arguments', rule: 'must be object' }
    for (const { name, required } of all)
      if (required && !Object.hasOwn(args, name)) return { path: 'arguments', rule: `must have required property '${name}'` }
    let total = 0
    for (const [name, argument] of Object.entries(args)) {
      const parameter = byName.get(name)
      if (!parameter && !additional) return { path: 'arguments', rule: 'must NOT have additional properties' }
      const path = parameter ? `arguments/${name}` : 'arguments'
      if (typeof argument !== 'string') return { path, rule: 'must be string' }
      if (!parameter) continue
      total += argument.length
      if (total > MAX_ARGUMENTS_CHARACTERS)
        return { path: 'arguments', rule: `must NOT have more than ${MAX_ARGUMENTS_CHARACTERS} characters in all` }
      const read = parameter.read(argument)
      if ('rule' in read) return { path, rule: read.rule }
      if (inRoleLines.has(name) && !parameter.listed && !fitsRoleLine(read.value))
        return { path, rule: 'must NOT have hidden characters, or signs with which a line or a role begins' }
    }
    return undefined
  }
}

/** What a list shows of them (2026-07-28 schema §PromptArgument). */
export const declareArguments = ({ byName }: Parameters): readonly JsonObject[] =>
  [...byName.values()].map(({ name, description, required }) => ({ name, ...(description === undefined ? {} : { description }), required }))

/** In the types that the parameters say, without hidden characters. What has neither argument nor default is not there. */
export type ArgumentValues = Readonly<Record<string, ArgumentValue>>

/** Of arguments that were checked. */
export function readArguments(
  args: JsonObject,
  { byName }: Parameters,
): { readonly values: ArgumentValues; readonly removed: readonly RemovedFrom[] } {
  const values: [string, ArgumentValue][] = []
  const removed: RemovedFrom[] = []
  for (const [name, parameter] of byName) {
    const read = Object.hasOwn(args, name) ? parameter.read(args[name] as string) : { value: parameter.fallback }
    if (!('value' in read) || read.value === undefined) continue
    const clean = cleanText(read.value)
    values.push([name, parameter.toValue(clean.text)])
    for (const one of clean.removed) removed.push({ in: `arguments/${name}`, ...one })
  }
  return { values: Object.fromEntries(values), removed }
}
