/**
 * List answers as text, kept for each set of permissions that some principal has: two principals who may use the same
 * entries get the same bytes, and a list costs a look-up. Thrown away whenever the catalogue changes.
 *
 * @module
 */

import { createId, type Entry, type EntryKind, type Era, type JsonObject, type Principal, type Redactor } from '../core/index.ts'
import { isObject } from '../protocol/index.ts'
import type { CatalogueBudget } from './budget/index.ts'
import type { Permits } from './permits.ts'

export interface ListAnswers {
  reset(entries: Readonly<Record<EntryKind, readonly Entry[]>>): void
  /** Undefined for a cursor that is not one of ours, or of a catalogue that has changed since. */
  list(kind: EntryKind, era: Era, principal: Principal, cursor: string | undefined): string | undefined
}

const member: Record<EntryKind, string> = { tool: 'tools', prompt: 'prompts', resource: 'resources', template: 'resourceTemplates' }

// A list is private to the authorization context that asked for it, and fresh for half a minute: a change is told on a
// subscription, and a call is checked again whatever a client remembers (2026-07-28 caching, G7).
const hints = { resultType: 'complete', ttlMs: 30_000, cacheScope: 'private' }

/** An output schema of another type than object makes clients of the older revisions refuse the whole list (2025-11-25 schema §Tool). */
function shownIn(era: Era, definition: JsonObject): JsonObject {
  const { outputSchema, ...rest } = definition
  return era === 'legacy' && isObject(outputSchema) && outputSchema['type'] !== 'object' ? rest : definition
}

/** There are as many views as distinct permission sets; a bound, in case a policy has one for each user. */
const MAX_VIEWS = 1_000

/** `budget`: of the tools; without it they are listed as they are. */
export function createListAnswers(redactor: Redactor, pageItems: number, permits: Permits, budget?: CatalogueBudget): ListAnswers {
  let entries: Readonly<Record<EntryKind, readonly Entry[]>> = { tool: [], prompt: [], resource: [], template: [] }
  let texts = new Map<string, string>()
  let views = new WeakMap<Principal, Map<EntryKind, string>>()
  // Names the state of the catalogue that a cursor belongs to: a page of another one could skip an entry.
  let state = createId('', 8)

  /** Which of the entries of one kind a principal may use, as a string of bits. Principals are kept as long as their credential is. */
  function viewOf(kind: EntryKind, principal: Principal): string {
    let ofPrincipal = views.get(principal)
    if (!ofPrincipal) views.set(principal, (ofPrincipal = new Map()))
    let view = ofPrincipal.get(kind)
    if (view === undefined) {
      view = entries[kind].map((entry) => (permits(principal, entry).permitted ? '1' : '0')).join('')
      ofPrincipal.set(kind, view)
    }
    return view
  }

  /** Where a page begins: opaque to clients, and nothing that a made-up one could open (2026-07-28 pagination). */
  function startOf(cursor: string): number | undefined {
    const at = cursor.startsWith(state) ? Number(cursor.slice(state.length)) : Number.NaN
    return Number.isSafeInteger(at) && at > 0 && at % pageItems === 0 ? at : undefined
  }

  return {
    reset(current) {
      entries = current
      texts = new Map()
      views = new WeakMap()
      state = createId('', 8)
    },
    list(kind, era, principal, cursor) {
      const from = cursor === undefined ? 0 : startOf(cursor)
      if (from === undefined) return undefined
      const view = viewOf(kind, principal)
      const key = `${kind} ${era} ${from} ${view}`
      let text = texts.get(key)
      if (text === undefined) {
        const permitted = entries[kind].filter((_, at) => view[at] === '1')
        const listed = kind === 'tool' && budget ? budget.listed(permitted) : permitted.map(({ definition }) => definition)
        if (from > 0 && from >= listed.length) return undefined
        const nextCursor = from + pageItems < listed.length ? { nextCursor: `${state}${from + pageItems}` } : {}
        const page = listed.slice(from, from + pageItems).map((definition) => shownIn(era, definition))
        text = redactor.json({ [member[kind]]: page, ...nextCursor, ...(era === 'modern' ? hints : {}) })
        if (texts.size >= MAX_VIEWS) texts.clear()
        texts.set(key, text)
      }
      return text
    },
  }
}
