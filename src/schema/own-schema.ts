/**
 * Understands the parameters of a tool that is written in code: bounded, tightened, compiled at once. Unlike an upstream's, which
 * is taken as it is or left out, an author's schema is made stricter, and every problem is named with its place.
 *
 *   JSON Schema ─ understandOwn ─▶ what the list shows, the check, the mirrored headers, what is not bounded
 *
 * Pure; fails closed: what is not understood is a problem.
 *
 * @module
 */

import type { JsonObject, Mirror } from '../core/index.ts'
import { isWithinDepth } from '../protocol/index.ts'
import { type ArgumentCheck, compileSchema, describeProblem } from './argument-check.ts'
import { boundsProblems } from './bounds.ts'
import type { Formats } from './formats.ts'
import { mirrorsOf } from './mirrors.ts'
import { patternProblems } from './pattern-problems.ts'
import { tightenSchema } from './tighten-schema.ts'

export type OwnSchema =
  | {
      readonly schema: JsonObject
      readonly check: ArgumentCheck
      readonly mirrors: readonly Mirror[]
      /** Each with its place: `/properties/name: has no maxLength`. */
      readonly unbounded: readonly string[]
    }
  | { readonly problems: readonly string[] }

/** As deep as an upstream's may be, so that everything that walks a schema can be recursive. */
const MAX_DEPTH = 64

export function understandOwn(given: JsonObject, formats: Formats = 'checked'): OwnSchema {
  if (!isWithinDepth(given, MAX_DEPTH)) return { problems: [`nested deeper than ${MAX_DEPTH} levels`] }
  const { type = 'object' } = given
  if (type !== 'object') return { problems: ['must be of type "object": arguments have names'] }
  const patterns = patternProblems(given)
  if (patterns.length > 0)
    return {
      problems: patterns.map((at) => `${at}: is not understood by the linear-time engine (RE2: no look-around, no back-references)`),
    }
  const schema = tightenSchema({ type, ...given })
  const compiled = compileSchema(schema, 'arguments', formats)
  const mirrored = mirrorsOf(schema)
  const problems = [compiled, mirrored].flatMap((each) => ('problem' in each ? [describeProblem(each).replace(/^: /, '')] : []))
  if ('problem' in compiled || 'problem' in mirrored) return { problems }
  if (!compiled.prepare()) return { problems: ['it cannot be compiled'] }
  return {
    schema,
    check: (args) => compiled.check(args ?? {}),
    mirrors: mirrored.mirrors,
    unbounded: boundsProblems(schema),
  }
}
