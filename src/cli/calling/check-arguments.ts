/**
 * Whether arguments fit a tool, by its own schema, before anything is sent: a slip is told at once and in the words of the schema. A
 * schema that cannot be understood checks nothing; the server does.
 *
 * @module
 */

import type { JsonObject } from '../../core/index.ts'
import { compileCheck } from '../../schema/index.ts'
import { CliError } from '../errors.ts'
import { shown } from '../shown.ts'

/** Why they could not be checked, to go into a sentence; undefined where they were. @throws {CliError} E-USAGE where they do not fit. */
export function checkArguments(args: JsonObject, schema: JsonObject, see: string): string | undefined {
  const compiled = compileCheck(schema)
  if ('problem' in compiled) return compiled.problem
  const violation = compiled.check(args)
  if (violation !== undefined) throw new CliError('E-USAGE', `${shown(violation.path)} ${shown(violation.rule)}`, `see ${see}`)
  return undefined
}
