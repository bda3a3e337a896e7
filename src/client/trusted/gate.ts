/**
 * The one place that every call of a tool passes. A tool is what it was when it was seen first: one whose definition is another now (rug
 * pull) is neither listed nor called until `accept()`. What a detector finds in a definition is reported, or refused. Whoever is to be
 * asked before a call sees all of it.
 *
 * Fails closed: what cannot be compared is not called, and an answer of `onToolCall` that is not `true` is a no.
 *
 * @module
 */

import type { JsonObject, Log } from '../../core/index.ts'
import {
  beginList,
  compareDefinitions,
  type DefinitionChange,
  type Finding,
  findInTool,
  type Pin,
  toNeighbours,
  toVisible,
} from '../../trust/index.ts'
import { MCPRequestError, TrustError } from '../errors.ts'
import { untilAborted } from '../until-aborted.ts'
import { hintsOf, type ToolHints } from './hints.ts'
import type { PinKeeper } from './pin-keeper.ts'
import { createReports, type TrustOptions } from './reports.ts'
import { copyCall, type ToolCallHook, toView } from './tool-call.ts'

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

export interface Gate {
  /** Is told what the server lists: all of it, or one page. Pins what is new, reports, and answers those that may be shown. */
  see<T extends object>(tools: readonly T[], isWhole: boolean): Promise<readonly T[]>
  /** The server may list something else now: it is asked before the next call. */
  forget(): void
  /** Says yes to one call by answering what to send. @throws {TrustError}, or what the hook throws */
  admit<T extends object>(params: T, signal?: AbortSignal): Promise<T>
  inspect(signal?: AbortSignal): Promise<readonly InspectedTool[]>
  /** From now on, these are what `inspect` showed last, or else what was listed last; all tools where none is named. */
  accept(names?: readonly string[], signal?: AbortSignal): Promise<void>
}

/** `refresh`: what was kept is not enough. */
export type ListTools = (options: {
  readonly cache: 'use' | 'refresh'
  readonly signal: AbortSignal | undefined
}) => Promise<readonly object[]>

export interface GateOptions {
  readonly trust: TrustOptions
  readonly onToolCall: ToolCallHook | undefined
  readonly pins: PinKeeper
  /** What the server is called in sentences. */
  readonly server: string
  /** All pages, as they came; what it lists is not told to `see` by itself. */
  readonly list: ListTools
  /** Is told what the user accepts. */
  readonly accepted?: ((tools: ReadonlyMap<string, JsonObject>) => Promise<void>) | undefined
  readonly log: Log
}

interface Known extends InspectedTool {
  readonly name: string
}

export function createGate({ trust, onToolCall, pins, server, list, accepted, log }: GateOptions): Gate {
  const { drift: onChange = 'refuse', findings: onFound = 'warn' } = trust
  const isOff = onChange === 'off' && onFound === 'off' && onToolCall === undefined
  const reports = createReports(trust, server, log)
  /** What was listed last, by name; a name that was listed twice has the one that is not as it was accepted. */
  let known = new Map<string, Known>()
  let isFresh = false
  /** Counts how often the server may have come to list something else: what was asked for before that is not fresh. */
  let changes = 0
  let looking: Promise<void> | undefined
  /** What `inspect` answered last, until it is accepted. */
  let looked: ReadonlyMap<string, Known> | undefined

  async function see<T extends object>(shown: readonly T[], isWhole: boolean): Promise<readonly T[]> {
    if (isOff) return shown
    const tools = shown as readonly unknown[] as readonly JsonObject[]
    const { pinned, added } = await pin(tools)
    const { changed, removed } = compareDefinitions('tool', pinned, tools)
    const drifted = new Map(onChange === 'off' ? [] : changed.map((change) => [change.name, change]))
    const next = isWhole ? new Map<string, Known>() : new Map(known)
    const neighbours = isWhole ? toNeighbours(tools) : undefined
    const budget = beginList()
    const judged = tools.map((tool) => judge(tool, neighbours, budget, drifted))
    const here = new Set<string>()
    for (const each of judged) {
      if (each && !(here.has(each.name) && next.get(each.name)?.drift)) next.set(each.name, each)
      if (each) here.add(each.name)
    }
    if (onChange !== 'off') reports.drift({ added, removed: isWhole ? removed : [], changed })
    for (const each of judged) if (each) reports.findings(each.name, each.findings)
    known = next
    isFresh ||= isWhole
    return shown.filter((_, index) => !isRefused(judged[index]))
  }

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

  function judge(
    tool: JsonObject,
    neighbours: ReturnType<typeof toNeighbours> | undefined,
    budget: ReturnType<typeof beginList>,
    drifted: ReadonlyMap<string, DefinitionChange>,
  ) {
    const name = tool['name']
    if (typeof name !== 'string') return undefined
    const findings = onFound === 'off' ? [] : findInTool(tool, neighbours, budget)
    return { name, tool, findings, drift: drifted.get(name), hints: hintsOf(tool) }
  }

  const isRefused = (each: Known | undefined): boolean =>
    each !== undefined && ((onChange === 'refuse' && each.drift !== undefined) || (onFound === 'refuse' && each.findings.length > 0))

  async function look(signal: AbortSignal | undefined, cache: 'use' | 'refresh'): Promise<void> {
    const before = changes
    try {
      await see(await list({ cache, signal }), true)
    } catch (error) {
      // Who lists nothing has no definition that could have changed: the call itself is the server's to answer.
      if (!(error instanceof MCPRequestError)) throw error
      known = new Map()
      isFresh = true
    }
    if (changes !== before) isFresh = false
  }

  /** Calls that come together wait for one list: it belongs to none of them, so that no signal ends it. */
  async function lookOnce(signal: AbortSignal | undefined): Promise<void> {
    if (!looking) {
      const mine = look(undefined, 'use').finally(() => {
        if (looking === mine) looking = undefined
      })
      looking = mine
    }
    await untilAborted(looking, signal)
  }

  /** Whether a call of it has to wait for what is listed now. What was never listed to anybody has told no model anything. */
  const isLookedAt = async (name: string): Promise<boolean> =>
    !isFresh &&
    (onToolCall !== undefined || onFound === 'refuse' || known.has(name) || (onChange !== 'off' && (await pins.read()).has(name)))

  return {
    see,
    forget() {
      changes++
      isFresh = false
      looking = undefined
    },
    async admit<T extends object>(params: T, signal?: AbortSignal) {
      const call = copyCall(params) as T & JsonObject
      if (isOff) return call
      pins.use()
      const name = String(call['name'])
      if (await isLookedAt(name)) await lookOnce(signal)
      const it = known.get(name)
      if (isRefused(it)) throw toRefusal(server, it as Known, onChange === 'refuse')
      if (!onToolCall) return call
      const view = toView(call, { server, definition: it?.tool, findings: it?.findings ?? [], drift: it?.drift })
      if ((await onToolCall(view)) !== true) throw new TrustError('call_declined', name, `The call of ${quote(name)} was declined.`)
      return call
    },
    async inspect(signal) {
      await look(signal, 'refresh')
      looked = known
      return [...known.values()].map(({ tool, findings, drift, hints }) => ({ tool, findings, drift, hints }))
    },
    async accept(names, signal) {
      // What came after it was looked at, is not accepted with it.
      if (!looked && known.size === 0) await lookOnce(signal)
      const wanted = names ? new Set(names) : undefined
      const tools = new Map(
        [...(looked ?? known)].flatMap(([name, { tool }]) => (!wanted || wanted.has(name) ? [[name, tool] as const] : [])),
      )
      if (tools.size > 0) await pins.replace(tools)
      if (tools.size > 0) await accepted?.(tools)
      looked = undefined
      isFresh = false
    },
  }
}

const quote = (name: string): string => JSON.stringify(toVisible(name.slice(0, 80)))

function toRefusal(server: string, { name, drift, findings }: Known, isStrict: boolean): TrustError {
  if (isStrict && drift) {
    const where = drift.members.map(({ at }) => at).slice(0, 5)
    const what = where.length > 0 ? ` (${where.join(', ')})` : ''
    return new TrustError('definition_changed', name, `${server} says something else of ${quote(name)} than it did first${what}.`)
  }
  const codes = [...new Set(findings.map(({ code }) => code))].join(', ')
  return new TrustError('definition_suspicious', name, `The definition of ${quote(name)} at ${server} looks poisoned (${codes}).`)
}
