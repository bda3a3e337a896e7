/**
 * Compiles a tool's output schema into the check that its results pass in `release`: structured content must be there and must
 * conform (2026-07-28 tools §Output Schema). A result that says it is an error is exempt: it tells why there is none.
 *
 * Fails closed: a result that breaks its promise is withheld.
 *
 * @module
 */

import type { Entry, JsonObject } from '../core/index.ts'
import { compileSchema, type SchemaProblem } from './argument-check.ts'
import type { Formats } from './formats.ts'

export type CompiledResultCheck = { readonly check: NonNullable<Entry['checkResult']> } | SchemaProblem

const missing = { path: 'structuredContent', rule: 'must be there, since the tool has an outputSchema' }

export function compileResultCheck(outputSchema: JsonObject, formats: Formats = 'checked'): CompiledResultCheck {
  const compiled = compileSchema(outputSchema, 'structuredContent', formats)
  if ('problem' in compiled) return compiled
  if (!compiled.prepare()) return { problem: 'an output schema that cannot be compiled' }
  return {
    check(result) {
      if (result['isError'] === true) return undefined
      return Object.hasOwn(result, 'structuredContent') ? compiled.check(result['structuredContent']) : missing
    },
  }
}
