/**
 * The tools that a snippet of some caller may call, and what a model needs to write the calls: declarations in TypeScript, of what this
 * caller may use and nothing else. Whether a call goes through is decided when it is made.
 *
 * @module
 */

import type { Catalogue, Ranking } from '../../catalogue/index.ts'
import { rankingSteps } from '../../catalogue/index.ts'
import { type Entry, inSlices, type JsonObject, matchesGlob, OWN_ORIGIN, type Principal, type Redactor } from '../../core/index.ts'
import { isObject } from '../../protocol/index.ts'
import { toComment, toKey, typeOf } from './type-of.ts'

export interface Functions {
  /** Whether snippets may call a tool of that name at all, whoever sends them. */
  allows(tool: string): boolean
  /** What a snippet is told of by name. */
  namesFor(principal: Principal): readonly string[]
  declare(principal: Principal, query: string | undefined): Promise<string>
}

export interface FunctionsOptions {
  readonly globs: readonly string[]
  readonly catalogue: Pick<Catalogue, 'tools' | 'find' | 'permits' | 'filling'>
  readonly redactor: Pick<Redactor, 'json'>
}

const MAX_NAMES = 1_000
const MAX_FOUND = 10
const MAX_CHARACTERS = 48 * 1024
const MAX_DESCRIPTION = 400

/** Of one state of the catalogue. */
interface Known {
  readonly tools: readonly Entry[]
  readonly ranking: Promise<Ranking>
}

export function createFunctions({ globs, catalogue, redactor }: FunctionsOptions): Functions {
  const written = new WeakMap<Entry, string>()
  let known: Known | undefined

  const allows = (tool: string): boolean => isNamed(globs, tool, catalogue.find('tool', tool))
  const isCallable = callableBy(globs)

  const usedBy = (principal: Principal, tools: readonly Entry[]): Entry[] =>
    tools.filter((entry) => isCallable(entry) && catalogue.permits(principal, entry).permitted)

  /** The order tells nothing of tools that the caller may not use. */
  async function found(principal: Principal, query: string): Promise<Entry[]> {
    const tools = catalogue.tools()
    if (known?.tools !== tools) known = { tools, ranking: inSlices(rankingSteps(tools)) }
    const ranking = await known.ranking
    const mine = new Set(usedBy(principal, tools))
    const places = ranking.search(
      query,
      Uint8Array.from(tools, (entry) => (mine.has(entry) ? 1 : 0)),
    )
    return places.slice(0, MAX_FOUND).map((place) => tools[place] as Entry)
  }

  function write(entry: Entry): string {
    let text = written.get(entry)
    if (text === undefined) written.set(entry, (text = declarationOf(JSON.parse(redactor.json(entry.definition)) as JsonObject)))
    return text
  }

  return {
    allows,
    namesFor: (principal) =>
      usedBy(principal, catalogue.tools())
        .slice(0, MAX_NAMES)
        .map(({ name }) => name),
    async declare(principal, query) {
      await catalogue.filling
      const tools = query === undefined ? usedBy(principal, catalogue.tools()) : await found(principal, query)
      const lines: string[] = []
      let left = MAX_CHARACTERS
      for (const entry of tools) {
        const line = write(entry)
        left -= line.length
        if (left < 0) break
        lines.push(line)
      }
      const more = tools.length - lines.length
      const rest = more > 0 ? [`  // ${more} more: ask for some of them by a query.`] : []
      return ['declare const tools: {', ...lines, ...rest, '}', HELP].join('\n')
    },
  }
}

/** What Sallyport itself adds is for callers: to search, and to read on. */
const isNamed = (globs: readonly string[], tool: string, entry: Entry | undefined): boolean =>
  globs.some((glob) => matchesGlob(glob, tool)) && entry?.origin.server !== OWN_ORIGIN

/** What nobody could call from a snippet is not told of: there is nobody to ask, no task, and no key to encrypt with. */
export const callableBy =
  (globs: readonly string[]): ((entry: Entry) => boolean) =>
  (entry) =>
    !entry.ask && entry.sealed === undefined && entry.executor.task?.support !== 'required' && isNamed(globs, entry.name, entry)

const HELP = `// Each answers the structured content of its tool where it has some, else its text.
declare class ToolCallError extends Error { readonly tool: string }`

function declarationOf({ name, description, inputSchema, outputSchema }: JsonObject): string {
  const comment = toComment(description, MAX_DESCRIPTION)
  const args = typeOf(inputSchema)
  const needsNone = !isObject(inputSchema) || !Array.isArray(inputSchema['required']) || inputSchema['required'].length === 0
  const answer = outputSchema === undefined ? 'unknown' : typeOf(outputSchema)
  return `${comment === '' ? '' : `  /** ${comment} */\n`}  ${toKey(String(name))}(args${needsNone ? '?' : ''}: ${args === 'unknown' ? 'object' : args}): Promise<${answer}>`
}
