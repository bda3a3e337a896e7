/**
 * A call, as it is shown before it is sent. What is shown is what is sent: the arguments are copied first, once, and both the view and the
 * message are made from that copy, so that nobody changes them in between.
 *
 * @module
 */

import type { JsonObject } from '../../core/index.ts'
import { canonicalJson } from '../../protocol/index.ts'
import { type DefinitionChange, type Finding, toVisible, toVisibleLine } from '../../trust/index.ts'
import { hintsOf, type ToolHints } from './hints.ts'

/** One call, for whoever decides about it. Texts have their hidden characters written out. */
export interface ToolCallView {
  /** The host, or the command that is run. */
  readonly server: string
  readonly tool: string
  /** What the server calls it for people. */
  readonly title: string | undefined
  /** All arguments, whole: JSON in one spelling (RFC 8785), to be read or parsed. */
  readonly arguments: string
  /** The server's own word. */
  readonly hints: ToolHints
  /** What a detector found in its definition: it finds some, not all. */
  readonly findings: readonly Finding[]
  /** How it differs from the definition that was accepted. */
  readonly drift: DefinitionChange | undefined
}

/** False: the call is not made. What it throws, the caller of the tool gets. */
export type ToolCallHook = (view: ToolCallView) => boolean | Promise<boolean>

/** Parameters of `tools/call` that nobody changes any more. @throws {TypeError} where they are no JSON. */
export const copyCall = (params: object): JsonObject => freeze(JSON.parse(JSON.stringify(params))) as JsonObject

export function toView(
  call: JsonObject,
  known: { readonly server: string; readonly definition: JsonObject | undefined } & Pick<ToolCallView, 'findings' | 'drift'>,
): ToolCallView {
  const { server, definition, findings, drift } = known
  const title = titleOf(definition)
  return Object.freeze({
    server,
    tool: toVisibleLine(String(call['name'])),
    title: title === undefined ? undefined : toVisibleLine(title),
    arguments: toVisible(canonicalJson(call['arguments'] ?? {})),
    hints: hintsOf(definition),
    findings,
    drift,
  })
}

function titleOf(definition: JsonObject | undefined): string | undefined {
  const annotations = definition?.['annotations'] as JsonObject | undefined
  return [definition?.['title'], annotations?.['title']].find((title) => typeof title === 'string') as string | undefined
}

function freeze(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  for (const member of Object.values(value)) freeze(member)
  return Object.freeze(value)
}
