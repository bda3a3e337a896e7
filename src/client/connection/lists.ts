/** The four lists of a server, each as a {@link Listing}: asked page by page, kept as long as the server allows. @module */

import type { Client, Prompt, Resource, ResourceTemplateType, Tool } from '@modelcontextprotocol/client'
import type { Sealing } from '../sealing/sealing.ts'
import type { ResultCache } from './cache.ts'
import type { KnownTools } from './known-tools.ts'
import { createListing, type Listing, type Page } from './listing.ts'
import type { ServerLog } from './server-log.ts'
import type { CachedRequestOptions, Session } from './session.ts'

/** Judges tools before they are shown or called. */
export interface ToolGate {
  see<T extends Tool>(tools: readonly T[], isWhole: boolean): Promise<readonly T[]>
  admit(params: CallParams, signal?: AbortSignal): Promise<CallParams>
  /** The server may list something else now. */
  forget(): void
}
export interface CallParams {
  readonly name: string
  readonly arguments?: Record<string, unknown> | undefined
  readonly [member: string]: unknown
}

export interface Lists {
  tools(options?: CachedRequestOptions): Listing<Tool>
  /** All of them, as they came, shown to no gate. */
  rawTools(options?: CachedRequestOptions): Listing<Tool>
  prompts(options?: CachedRequestOptions): Listing<Prompt>
  resources(options?: CachedRequestOptions): Listing<Resource>
  resourceTemplates(options?: CachedRequestOptions): Listing<ResourceTemplateType>
}

export interface ListsOptions {
  readonly session: Session
  readonly cache: ResultCache
  readonly known: KnownTools
  readonly sealing: Pick<Sealing, 'learn'>
  readonly serverLog: ServerLog
  readonly gate: () => ToolGate | undefined
  readonly host: string
  readonly maxBytes: number
}

interface Kind<T> {
  readonly method: 'tools/list' | 'prompts/list' | 'resources/list' | 'resources/templates/list'
  readonly capability: 'tools' | 'prompts' | 'resources'
  readonly member: string
  readonly see?: (items: readonly T[], isWhole: boolean) => Promise<readonly T[]> | readonly T[]
}

export function createLists({ session, cache, known, sealing, serverLog, gate, host, maxBytes }: ListsOptions): Lists {
  let hasHeaders = false
  const learn = <T extends Tool>(items: readonly T[], isWhole: boolean) => known.learn(sealing.learn(items, isWhole), hasHeaders, isWhole)

  function list<T>({ method, capability, member, see = (items) => items }: Kind<T>, options: CachedRequestOptions = {}): Listing<T> {
    const { cache: mode = 'use', ...rest } = options
    const key = `list ${method}`
    const ticket = cache.begin()
    const fetchPage = (cursor: string | undefined): Promise<Page<T>> =>
      session.run(async (client, given) => {
        // What a server does not say that it has is not asked for.
        if (!client.getServerCapabilities()?.[capability]) return { items: [] }
        hasHeaders = mirrors(client, session)
        const params = serverLog.withLevel(client, cursor === undefined ? {} : { cursor })
        const result = (await client.request({ method, params } as { method: 'tools/list' }, given)) as Record<string, unknown>
        const { nextCursor, ttlMs } = result as { nextCursor?: string; ttlMs?: number }
        return { items: result[member] as readonly T[], nextCursor, ttlMs }
      }, rest)
    return createListing({
      fetchPage,
      kept: () => (mode === 'use' ? (cache.get(key) as readonly T[] | undefined) : undefined),
      keep: ({ items, ttlMs }) => {
        if (mode !== 'bypass') cache.put(key, ticket, items, ttlMs)
      },
      see,
      host,
      maxBytes,
    })
  }

  const tools = { method: 'tools/list', capability: 'tools', member: 'tools' } as const
  return {
    tools: (options) =>
      list<Tool>(
        {
          ...tools,
          async see(items, isWhole) {
            const shown = learn(items, isWhole)
            return (await gate()?.see(shown, isWhole)) ?? shown
          },
        },
        options,
      ),
    rawTools: (options) => list<Tool>({ ...tools, see: learn }, options),
    prompts: (options) => list<Prompt>({ method: 'prompts/list', capability: 'prompts', member: 'prompts' }, options),
    resources: (options) => list<Resource>({ method: 'resources/list', capability: 'resources', member: 'resources' }, options),
    resourceTemplates: (options) =>
      list<ResourceTemplateType>({ method: 'resources/templates/list', capability: 'resources', member: 'resourceTemplates' }, options),
  }
}

/** Arguments go into headers over HTTP, in 2026-07-28. */
const mirrors = (client: Client, { kind }: Session): boolean => kind !== 'stdio' && client.getProtocolEra() === 'modern'
