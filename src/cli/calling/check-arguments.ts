/**
 * Whether arguments fit a tool, by its own schema, before anything is sent: a slip is told at once and in the words of the schema. A
 * schema that cannot be understood checks nothing; the server does.
 *
 * @module
 */

import { type JsonObject, nearest } from '../../core/index.ts'
import { isObject } from '../../protocol/index.ts'
import { compileCheck } from '../../schema/index.ts'
import { CliError } from '../errors.ts'
import { shown, shownShort } from '../shown.ts'

/** Why they could not be checked, to go into a sentence; undefined where they were. @throws {CliError} E-USAGE where they do not fit. */
export function checkArguments(args: JsonObject, schema: JsonObject, see: string): string | undefined {
  const compiled = compileCheck(schema)
  if ('problem' in compiled) return compiled.problem
  const violation = compiled.check(args)
  if (violation === undefined) return undefined
  throw new CliError('E-USAGE', `${shown(violation.path)} ${shown(violation.rule)}${strangeIn(args, schema)}`, `see ${see}`)
}

/** What does not fit may be a slip in a name: the first that the schema does not have. */
function strangeIn(args: JsonObject, { properties }: JsonObject): string {
  const known = isObject(properties) ? Object.keys(properties) : []
  const strange = Object.keys(args).find((name) => !known.includes(name))
  if (strange === undefined || known.length === 0) return ''
  const free = known.filter((name) => !Object.hasOwn(args, name))
  const meant = nearest(strange, free)
  return `, and it has no ${shownShort(strange)}${meant === undefined ? '' : ` (did you mean ${shownShort(meant)}?)`}`
}
