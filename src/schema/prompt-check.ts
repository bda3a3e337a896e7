/** The check of a prompt's arguments: all strings, and those that are required present (2026-07-28 prompts). @module */

import type { Entry } from '../core/index.ts'
import { isObject } from '../protocol/index.ts'

/** `declared`: a prompt's `arguments`. Undefined: it cannot be understood. */
export function promptCheck(declared: unknown): NonNullable<Entry['check']> | undefined {
  if (declared !== undefined && !Array.isArray(declared)) return undefined
  const required: string[] = []
  for (const argument of (declared ?? []) as unknown[]) {
    if (!isObject(argument) || typeof argument.name !== 'string') return undefined
    if (argument.required === true) required.push(argument.name)
  }
  return function check(args = {}) {
    if (!isObject(args)) return { path: 'arguments', rule: 'must be object' }
    for (const name of required)
      if (!Object.hasOwn(args, name)) return { path: 'arguments', rule: `must have required property '${name.slice(0, 80)}'` }
    for (const name of Object.keys(args))
      if (typeof args[name] !== 'string') return { path: `arguments/${name.slice(0, 80)}`, rule: 'must be string' }
    return undefined
  }
}
