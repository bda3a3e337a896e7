/**
 * What was understood of an upstream's input schemas, kept by what they say: a list that is read again compiles nothing that
 * it had before, and what it no longer has is let go.
 *
 * @module
 */

import type { JsonObject, Mirror } from '../core/index.ts'
import { canonicalHash } from '../protocol/index.ts'
import { type ArgumentCheck, compileCheck } from './argument-check.ts'
import type { Formats } from './formats.ts'
import { mirrorsOf } from './mirrors.ts'

export type UnderstoodSchema = { readonly check: ArgumentCheck; readonly mirrors: readonly Mirror[] } | { readonly problem: string }

export interface Checks {
  /** `inputSchema` is bounded in depth. */
  understand(inputSchema: JsonObject): UnderstoodSchema
  /** Forgets what nobody asked for since the last time. */
  sweep(): void
}

/** Of upstreams, unless told. */
export function createChecks(formats: Formats = 'noted'): Checks {
  let current = new Map<string, UnderstoodSchema>()
  let previous: ReadonlyMap<string, UnderstoodSchema> = new Map()
  return {
    understand(inputSchema) {
      const key = canonicalHash(inputSchema)
      const understood = current.get(key) ?? previous.get(key) ?? understand(inputSchema, formats)
      current.set(key, understood)
      return understood
    },
    sweep() {
      previous = current
      current = new Map()
    },
  }
}

function understand(inputSchema: JsonObject, formats: Formats): UnderstoodSchema {
  const mirrored = mirrorsOf(inputSchema)
  if ('problem' in mirrored) return mirrored
  const compiled = compileCheck(inputSchema, formats)
  return 'problem' in compiled ? compiled : { check: compiled.check, mirrors: mirrored.mirrors }
}
