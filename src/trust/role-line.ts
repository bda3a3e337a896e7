/**
 * Whether the values of a parameter may stand in a role line of a template: those that its author wrote, or text that is short and of a
 * pattern that names what may be in it.
 *
 * Fails closed: what is not bounded may not.
 *
 * @module
 */

import type { JsonObject } from '../core/index.ts'
import { characters } from './argument-form.ts'
import type { Pattern } from './pattern.ts'
import { cleanText } from './unicode.ts'

/** The longest text that may be put into a role line. */
const MAX_ROLE_LINE_CHARACTERS = 256

/** The author wrote each value, so that only what would begin another line is refused. */
export function listProblem(values: ReadonlySet<string> | undefined): string | undefined {
  for (const value of values ?? []) {
    if (/[\n\t\u2028\u2029]/.test(value) || cleanText(value).removed.length > 0)
      return 'an allowed value has a line break or hidden characters'
    if (characters(value) > MAX_ROLE_LINE_CHARACTERS) return `an allowed value has more than ${MAX_ROLE_LINE_CHARACTERS} characters`
  }
  return undefined
}

export function textProblem({ maxLength }: JsonObject, pattern: Pattern | undefined): string | undefined {
  if (typeof maxLength !== 'number' || !pattern) return 'it needs an enum, or a maxLength and an anchored pattern'
  if (maxLength > MAX_ROLE_LINE_CHARACTERS) return `its maxLength is more than ${MAX_ROLE_LINE_CHARACTERS}`
  return pattern.roleLineProblem
}
