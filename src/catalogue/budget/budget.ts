/**
 * What a list of tools shows where it may not show all: descriptions cut, and beyond a number of tokens a search in place of the tools. Who
 * may use what is decided elsewhere; here it is only said in fewer words.
 *
 * Compiled when the catalogue changes: definitions as they are listed at the first list, the ranking at the first search, in slices.
 *
 * @module
 */

import {
  allow,
  type Call,
  type Decision,
  type Entry,
  estimateTokens,
  type Final,
  inSlices,
  type JsonObject,
  type Message,
  matchesGlob,
  OWN_ORIGIN,
  type Principal,
  type Redactor,
} from '../../core/index.ts'
import { ENCRYPTION, WIRE_MARK } from '../../payload/index.ts'
import type { Permits } from '../permits.ts'
import type { CatalogueRules } from './options.ts'
import { type Marks, type Ranking, rankingSteps } from './ranking.ts'
import { createSearchTools, type Question, type SearchTools, USUALLY_FOUND } from './search-tools.ts'
import { shortenTool } from './shorten.ts'

export interface CatalogueBudget {
  /** The catalogue has changed. Answers what is callable beside `tools`. */
  reset(tools: ReadonlyMap<string, Entry>): readonly Entry[]
  /** Definitions for the list of somebody who may use these tools. */
  listed(permitted: readonly Entry[]): readonly JsonObject[]
  toCalledTool(message: Message): Message
  /** What somebody is told who may use everything. */
  weigh(): Weight
}

/** How much there is, and how much of it is listed: `118 → 9 tools, 40k → 3k tokens`. */
export interface Weight {
  readonly tools: number
  readonly tokens: number
  readonly listedTools: number
  readonly listedTokens: number
}

export interface BudgetOptions {
  readonly rules: CatalogueRules
  readonly permits: Permits
  readonly redactor: Pick<Redactor, 'json'>
  /** Settles when the entries that were announced are there. */
  readonly filling: () => Promise<void> | undefined
}

/** As it is listed. */
interface Shown {
  readonly definition: JsonObject
  readonly tokens: number
  readonly isEncrypted: boolean
}

/** The tools at one time, and what is known of them. */
interface Searched {
  readonly tools: readonly Entry[]
  readonly marks: WeakMap<Principal, Marks>
  ranking: Promise<Ranking> | undefined
}
const toSearched = (tools: readonly Entry[]): Searched => ({ tools, marks: new WeakMap(), ranking: undefined })

/** More than one definition is answered only within these. */
const MAX_FOUND_BYTES = 64 * 1024

export function createCatalogueBudget({ rules, permits, redactor, filling }: BudgetOptions): CatalogueBudget {
  let tools: readonly Entry[] = []
  let searched = toSearched(tools)
  let shown = new Map<Entry, Shown>()
  let own: SearchTools = createSearchTools(new Map(), search)

  function show(entry: Entry): Shown {
    let known = shown.get(entry)
    if (!known) {
      const definition = shortenTool(entry.definition, rules.descriptionCharacters)
      const text = JSON.stringify(definition)
      shown.set(entry, (known = { definition, tokens: estimateTokens(text), isEncrypted: SIGNS.some((sign) => text.includes(sign)) }))
    }
    return known
  }

  function marksOf(principal: Principal, { tools: all, marks }: Searched): Marks {
    let known = marks.get(principal)
    if (!known) marks.set(principal, (known = Uint8Array.from(all, (entry) => (permits(principal, entry).permitted ? 1 : 0))))
    return known
  }

  async function search({ principal }: Call, { query, limit = USUALLY_FOUND }: Question): Promise<Decision<Final>> {
    await filling()
    // What the catalogue becomes meanwhile is the next one's.
    const current = searched
    const ranking = await (current.ranking ??= inSlices(rankingSteps(current.tools)))
    const places = ranking.search(query, marksOf(principal, current))
    const texts: string[] = []
    let left = MAX_FOUND_BYTES
    for (const place of places.slice(0, limit)) {
      // Redacted as in a list, before it is text in a text.
      const text = redactor.json(whole((current.tools[place] as Entry).definition))
      left -= Buffer.byteLength(text)
      if (left < 0 && texts.length > 0) break
      texts.push(text)
    }
    const more = places.length - texts.length
    const text = `{"tools":[${texts.join(',')}],"more":${more}}`
    return allow({ kind: 'result', result: { content: [{ type: 'text', text }] } })
  }

  const isPinned = (entry: Entry): boolean =>
    isOurs(entry) || show(entry).isEncrypted || rules.always.some((glob) => matchesGlob(glob, entry.name))

  function listed(permitted: readonly Entry[]): readonly JsonObject[] {
    const all = permitted.map(show)
    const isCut = all.some(({ definition }, at) => definition !== permitted[at]?.definition)
    const tokens = all.reduce((sum, each) => sum + each.tokens, 0)
    const definitions = all.map(({ definition }) => definition)
    if (permitted.every(isOurs)) return definitions
    if (rules.search === 'never' || (rules.search === 'auto' && tokens <= rules.maxTokens))
      return isCut ? [own.find.definition, ...definitions] : definitions
    const pinned = definitions.filter((_, at) => isPinned(permitted[at] as Entry))
    return [own.find.definition, own.call.definition, ...pinned]
  }

  return {
    reset(current) {
      tools = [...current.values()]
      shown = new Map()
      searched = toSearched(tools)
      own = createSearchTools(current, search)
      return rules.search === 'never' ? [own.find] : [own.find, own.call]
    },
    listed,
    toCalledTool: (message) => (rules.search === 'never' ? message : own.toCalledTool(message)),
    weigh() {
      const usable = tools.filter(({ permission }) => permission.access !== 'denied')
      const shownNow = listed(usable)
      return {
        tools: usable.length,
        tokens: weightOf(usable.map(({ definition }) => definition)),
        listedTools: shownNow.length,
        listedTokens: weightOf(shownNow),
      }
    },
  }
}

/**
 * A client that has not been shown which fields are encrypted would send them in clear: also where somebody before us has kept the marks of
 * a schema and left out what belongs to them. In a text these would have other quotes.
 */
const SIGNS = [`"${ENCRYPTION}":`, `"${WIRE_MARK}":`]

/** What every tool may lead to, like reading on in a result: it is of no use to whoever has to search for it. */
const isOurs = ({ origin }: Entry): boolean => origin.server === OWN_ORIGIN

/** What a model needs to choose a tool and to call it. */
function whole({ name, title, description, inputSchema, annotations }: JsonObject): JsonObject {
  return { name, title, description, inputSchema, annotations }
}

const weightOf = (definitions: readonly JsonObject[]): number =>
  definitions.reduce((sum, definition) => sum + estimateTokens(JSON.stringify(definition)), 0)
