/**
 * What is known about the tools that a server lists: how each differs from what it was when it was seen first, and what a detector finds in
 * it. Decides which are refused, and with which error; what becomes of that is the gate's.
 *
 * Fails closed: of two tools of one name the second is another than the first.
 *
 * @module
 */

import type { JsonObject } from '../../core/index.ts'
import {
  beginList,
  compareDefinitions,
  type DefinitionChange,
  type Drift,
  type Finding,
  findInTool,
  type Pin,
  toNeighbours,
} from '../../trust/index.ts'
import { TrustError } from '../errors.ts'
import { quoted } from '../quoted.ts'
import { hintsOf, type ToolHints } from './hints.ts'
import type { PinKeeper } from './pin-keeper.ts'
import type { TrustOptions } from './reports.ts'

/** A tool as the server lists it, with what is known about it. */
export interface InspectedTool {
  /** As the server wrote it; encrypted fields as what they hold, with a mark. */
  readonly tool: JsonObject
  /** What a detector found: it finds some, not all. */
  readonly findings: readonly Finding[]
  /** How it differs from the definition that was accepted; undefined where it does not. */
  readonly drift: DefinitionChange | undefined
  /** The server's own word. */
  readonly hints: ToolHints
}

export interface NamedTool extends InspectedTool {
  readonly name: string
}

export interface Inspection {
  /** Pins what is new, and answers for each tool what is known about it: undefined for one without a name. */
  inspect(
    tools: readonly JsonObject[],
    isWhole: boolean,
  ): Promise<{ readonly each: readonly (NamedTool | undefined)[]; readonly drift: Drift }>
  isRefused(tool: NamedTool | undefined): boolean
  /** Of one that is refused. */
  toRefusal(tool: NamedTool): TrustError
}

export interface InspectionOptions {
  readonly trust: TrustOptions
  readonly pins: PinKeeper
  /** What the server is called in sentences. */
  readonly server: string
}

export function createInspection({ trust, pins, server }: InspectionOptions): Inspection {
  const { drift: onChange = 'refuse', findings: onFound = 'warn' } = trust

  /** Pins what has no pin yet: of two of one name the first, so that the second is another. `added` is empty at first sight of a server. */
  async function pin(tools: readonly JsonObject[]): Promise<{ pinned: ReadonlyMap<string, Pin>; added: readonly string[] }> {
    if (onChange === 'off') return { pinned: new Map(), added: [] }
    const before = await pins.read()
    const fresh = new Map<string, JsonObject>()
    for (const tool of tools) {
      const { name } = tool
      if (typeof name === 'string' && !before.has(name) && !fresh.has(name)) fresh.set(name, tool)
    }
    return { pinned: fresh.size > 0 ? await pins.add(fresh) : before, added: before.size > 0 ? [...fresh.keys()] : [] }
  }

  return {
    async inspect(tools, isWhole) {
      const { pinned, added } = await pin(tools)
      const { changed, removed } = compareDefinitions('tool', pinned, tools)
      const drifted = new Map<string, DefinitionChange>(onChange === 'off' ? [] : changed.map((change) => [change.name, change]))
      const neighbours = isWhole ? toNeighbours(tools) : undefined
      const budget = beginList()
      const each = tools.map((tool) => {
        const name = tool['name']
        if (typeof name !== 'string') return undefined
        const findings = onFound === 'off' ? [] : findInTool(tool, neighbours, budget)
        return { name, tool, findings, drift: drifted.get(name), hints: hintsOf(tool) }
      })
      return { each, drift: { added, removed: isWhole ? removed : [], changed } }
    },
    isRefused: (tool) =>
      tool !== undefined && ((onChange === 'refuse' && tool.drift !== undefined) || (onFound === 'refuse' && tool.findings.length > 0)),
    toRefusal({ name, drift, findings }) {
      if (onChange === 'refuse' && drift) {
        const where = drift.members.map(({ at }) => at).slice(0, 5)
        const what = where.length > 0 ? ` (${where.join(', ')})` : ''
        return new TrustError('definition_changed', name, `${server} says something else of ${quoted(name)} than it did first${what}.`)
      }
      const codes = [...new Set(findings.map(({ code }) => code))].join(', ')
      return new TrustError('definition_suspicious', name, `The definition of ${quoted(name)} at ${server} looks poisoned (${codes}).`)
    },
  }
}
