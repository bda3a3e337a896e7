/**
 * Reads what an upstream offers: all pages of all its lists, bounded. An item that is no item is skipped with a warning;
 * a list that cannot be read leaves what was known of it.
 *
 * @module
 */

import type { JsonObject, Log } from '../../core/index.ts'
import { isObject, METHOD_NOT_FOUND } from '../../protocol/index.ts'
import type { ListKind, Upstream } from '../upstream/index.ts'

/** An upstream's own definitions, as it gave them. */
export interface Lists {
  readonly tools: readonly JsonObject[]
  readonly prompts: readonly JsonObject[]
  readonly resources: readonly JsonObject[]
  readonly templates: readonly JsonObject[]
}

export const noLists: Lists = { tools: [], prompts: [], resources: [], templates: [] }

const MAX_ITEMS = 10_000
const MAX_PAGES = 100
const PAGE_MS = 30_000

/** Reads the lists of `kinds` anew; the others stay as they were in `known`. */
export async function readLists(upstream: Upstream, kinds: ReadonlySet<ListKind>, known: Lists, log: Log): Promise<Lists> {
  const capabilities = upstream.session?.capabilities ?? {}
  const next = { ...known }
  const read = async (kind: ListKind, method: string, member: keyof Lists, wire: string): Promise<void> => {
    if (!kinds.has(kind)) return
    next[member] = capabilities[kind] === undefined ? [] : ((await readPages(upstream, method, wire, log)) ?? known[member])
  }
  await Promise.all([
    read('tools', 'tools/list', 'tools', 'tools'),
    read('prompts', 'prompts/list', 'prompts', 'prompts'),
    read('resources', 'resources/list', 'resources', 'resources'),
    read('resources', 'resources/templates/list', 'templates', 'resourceTemplates'),
  ])
  return next
}

/** Undefined: it did not answer, or not with a list. */
async function readPages(upstream: Upstream, method: string, member: string, log: Log): Promise<readonly JsonObject[] | undefined> {
  const { server } = upstream
  const items: JsonObject[] = []
  let cursor: string | undefined
  let skipped = 0
  for (let page = 0; ; page++) {
    const answer = await upstream.ask(method, cursor === undefined ? {} : { cursor }, PAGE_MS)
    if (!answer.allowed) {
      log('warn', `${server}: ${method} was not answered`, { reason: answer.denial.reason })
      return undefined
    }
    if (answer.value.kind === 'error') {
      // A capability promised more than there is, such as templates beside resources.
      if (answer.value.code === METHOD_NOT_FOUND) return items
      log('warn', `${server}: ${method} was answered with an error`, { code: answer.value.code })
      return undefined
    }
    const result = answer.value.kind === 'result' ? answer.value.result : {}
    const list = result[member]
    if (!Array.isArray(list)) {
      log('warn', `${server}: ${method} was answered without a list`)
      return undefined
    }
    for (const item of list) {
      if (items.length >= MAX_ITEMS) break
      if (isObject(item)) items.push(item)
      else skipped++
    }
    const { nextCursor } = result
    if (items.length >= MAX_ITEMS && (list.length > 0 || nextCursor !== undefined))
      log('warn', `${server}: ${method}: only the first ${MAX_ITEMS} items are offered`)
    else if (typeof nextCursor === 'string' && nextCursor !== '' && nextCursor !== cursor) {
      if (page + 1 < MAX_PAGES) {
        cursor = nextCursor
        continue
      }
      log('warn', `${server}: ${method}: only the first ${MAX_PAGES} pages are offered`)
    }
    if (skipped > 0) log('warn', `${server}: ${method}: items that are not objects are left out`, { items: skipped })
    return items
  }
}
