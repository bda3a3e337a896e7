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
import { MCPRequestError, TrustError } from '../errors.ts'
import { quoted } from '../quoted.ts'
import { untilAborted } from '../until-aborted.ts'
import { createInspection, type InspectedTool, type NamedTool } from './inspection.ts'
import type { PinKeeper } from './pin-keeper.ts'
import { createReports, type TrustOptions } from './reports.ts'
import { copyCall, type ToolCallHook, toView } from './tool-call.ts'

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

export function createGate({ trust, onToolCall, pins, server, list, accepted, log }: GateOptions): Gate {
  const { drift: onChange = 'refuse', findings: onFound = 'warn' } = trust
  const isOff = onChange === 'off' && onFound === 'off' && onToolCall === undefined
  const reports = createReports(trust, server, log)
  const inspection = createInspection({ trust, pins, server })
  /** What was listed last, by name; a name that was listed twice has the one that is not as it was accepted. */
  let known = new Map<string, NamedTool>()
  let isFresh = false
  /** Counts how often the server may have come to list something else: what was asked for before that is not fresh. */
  let changes = 0
  let looking: Promise<void> | undefined
  /** What `inspect` answered last, until it is accepted. */
  let looked: ReadonlyMap<string, NamedTool> | undefined

  async function see<T extends object>(shown: readonly T[], isWhole: boolean): Promise<readonly T[]> {
    if (isOff) return shown
    const { each: seen, drift } = await inspection.inspect(shown as readonly unknown[] as readonly JsonObject[], isWhole)
    const next = isWhole ? new Map<string, NamedTool>() : new Map(known)
    const here = new Set<string>()
    for (const each of seen) {
      if (each && !(here.has(each.name) && next.get(each.name)?.drift)) next.set(each.name, each)
      if (each) here.add(each.name)
    }
    if (onChange !== 'off') reports.drift(drift)
    for (const each of seen) if (each) reports.findings(each.name, each.findings)
    known = next
    isFresh ||= isWhole
    return shown.filter((_, index) => !inspection.isRefused(seen[index]))
  }

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
      if (it && inspection.isRefused(it)) throw inspection.toRefusal(it)
      if (!onToolCall) return call
      const view = toView(call, { server, definition: it?.tool, findings: it?.findings ?? [], drift: it?.drift })
      if ((await onToolCall(view)) !== true) throw new TrustError('call_declined', name, `The call of ${quoted(name)} was declined.`)
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
