/**
 * The `catalogue` block of a server or a gateway, and its strict schema: how much of the tools a caller is told at once. Without it
 * every tool that a caller may use is listed, whole.
 *
 * @module
 */

import { z } from 'zod'

export interface CatalogueSettings {
  /** At most so many characters of each description are listed, of tools and of their parameters; all of them unless told. */
  readonly descriptionCharacters?: number | undefined
  /** How many tokens, by our estimate, the list of one caller may have before it becomes a search; 20,000 unless told. */
  readonly maxTokens?: number | undefined
  /**
   * Whether callers search for tools in place of reading them all. `auto`: those whose list is over `maxTokens`. `never` unless `maxTokens` or
   * `always` is told; `auto` then. A host that asks a person about each tool by its name sees only the name `call_tool` then.
   */
  readonly search?: 'auto' | 'always' | 'never' | undefined
  /** Tools that are listed beside the search, by name or glob. */
  readonly always?: readonly string[] | undefined
}

const MAX_TOKENS = 20_000
/** With less nothing of a description is left. */
const MIN_CHARACTERS = 40

export const catalogueSchema: z.ZodType<CatalogueSettings> = z
  .strictObject({
    descriptionCharacters: z
      .int()
      .min(MIN_CHARACTERS)
      .max(65_536)
      .optional()
      .describe(
        'At most so many characters of each description are listed, of tools and of their parameters. find_tools has the whole. Default: all.',
      ),
    maxTokens: z
      .int()
      .min(1)
      .max(10_000_000)
      .optional()
      .describe(
        `How many tokens, by estimate, the list of one caller may have before it becomes a search (find_tools, call_tool). Default ${MAX_TOKENS}.`,
      ),
    search: z
      .enum(['auto', 'always', 'never'])
      .optional()
      .describe(
        'Whether callers search for tools in place of reading them all. auto: those whose list is over maxTokens. Default never, and auto where maxTokens or always is set.',
      ),
    always: z.array(z.string().min(1).max(256)).max(100).optional().describe('Tools that are listed beside the search, by name or glob.'),
  })
  .superRefine(({ search, maxTokens, always }, context) => {
    if (search === 'always' && maxTokens !== undefined)
      context.addIssue({ code: 'custom', path: ['maxTokens'], message: 'has no effect where search is always' })
    if (search !== 'never') return
    for (const [name, value] of Object.entries({ maxTokens, always }))
      if (value !== undefined) context.addIssue({ code: 'custom', path: [name], message: 'has no effect where search is never' })
  })

/** With every default in place. */
export interface CatalogueRules {
  readonly descriptionCharacters: number
  readonly maxTokens: number
  readonly search: 'auto' | 'always' | 'never'
  readonly always: readonly string[]
}

/** Undefined: everything is listed as it is. */
export function toCatalogueRules({ descriptionCharacters, maxTokens, search, always }: CatalogueSettings = {}): CatalogueRules | undefined {
  const mode = search ?? (maxTokens === undefined && always === undefined ? 'never' : 'auto')
  if (mode === 'never' && descriptionCharacters === undefined) return undefined
  return {
    descriptionCharacters: descriptionCharacters ?? Number.POSITIVE_INFINITY,
    maxTokens: maxTokens ?? MAX_TOKENS,
    search: mode,
    always: always ?? [],
  }
}
