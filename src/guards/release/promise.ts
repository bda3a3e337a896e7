/**
 * Whether structured content that was shortened is still what its tool promises: by its author's check, or by the `outputSchema` that
 * lists show. Compiled at the first result that is cut. Fails closed: what is promised in a way that is not understood is not kept.
 *
 * @module
 */

import type { Entry } from '../../core/index.ts'
import { isObject } from '../../protocol/index.ts'
import { compileResultCheck } from '../../schema/index.ts'

type Promised = (value: unknown) => boolean

const checks = new WeakMap<Entry, Promised>()

/** Of an upstream's tool nobody has checked results so far: a client of it will. */
export function promiseOf(entry: Entry): Promised {
  let check = checks.get(entry)
  if (check) return check
  const { outputSchema } = entry.definition
  // What is promised of what a rule has left is what lists say of it.
  const given = entry.release?.only ? undefined : entry.checkResult
  const compiled = !given && isObject(outputSchema) ? compileResultCheck(outputSchema, 'noted') : undefined
  const own = given ?? (compiled && 'check' in compiled ? compiled.check : undefined)
  check = own ? (structuredContent) => own({ structuredContent }) === undefined : () => !isObject(outputSchema)
  checks.set(entry, check)
  return check
}
