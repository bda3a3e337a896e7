/**
 * What a server says of what a tool does. Its own word, and nothing more: a tool that deletes may say that it only reads (T27). Nothing in
 * this client is decided by a hint.
 *
 * @module
 */

import type { JsonObject } from '../../core/index.ts'
import { isObject } from '../../protocol/index.ts'

export interface ToolHints {
  /** Whose word it is. */
  readonly saidBy: 'server'
  /** Undefined where the server says nothing; the same for the others. */
  readonly readOnly?: boolean
  readonly destructive?: boolean
  readonly idempotent?: boolean
  readonly openWorld?: boolean
}

export function hintsOf(definition: JsonObject | undefined): ToolHints {
  const said = definition?.['annotations']
  const hint = <K extends string>(name: K, value: unknown): { readonly [key in K]?: boolean } =>
    (typeof value === 'boolean' ? { [name]: value } : {}) as { readonly [key in K]?: boolean }
  if (!isObject(said)) return { saidBy: 'server' }
  return {
    saidBy: 'server',
    ...hint('readOnly', said['readOnlyHint']),
    ...hint('destructive', said['destructiveHint']),
    ...hint('idempotent', said['idempotentHint']),
    ...hint('openWorld', said['openWorldHint']),
  }
}
