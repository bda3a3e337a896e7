/**
 * What a program asks of its server, each in the words of the protocol. Nothing here trusts an answer further than its shape; what a tool
 * promised about its results is checked.
 *
 * @module
 */

import type {
  CallToolResult,
  Client,
  CompleteResult,
  GetPromptResult,
  LoggingLevel,
  ReadResourceResult,
} from '@modelcontextprotocol/client'
import type { JsonObject } from '../../core/index.ts'
import { MCPRequestError } from '../errors.ts'
import type { SealedCall } from '../sealing/sealed-call.ts'
import type { Sealing } from '../sealing/sealing.ts'
import type { ResultCache } from './cache.ts'
import type { KnownTools } from './known-tools.ts'
import type { CallParams, Lists, ToolGate } from './lists.ts'
import { lookFirst } from './look-first.ts'
import type { ServerLog } from './server-log.ts'
import type { CachedRequestOptions, RequestOptions, Session } from './session.ts'

/** What completes: an argument of a prompt, or a variable of a resource template. */
export interface CompletionRequest {
  readonly ref: { readonly type: 'ref/prompt'; readonly name: string } | { readonly type: 'ref/resource'; readonly uri: string }
  readonly argument: { readonly name: string; readonly value: string }
  /** The other arguments, as far as they are known. */
  readonly context?: { readonly arguments: Record<string, string> } | undefined
}

/** A server in its own words, which prove nothing: `instructions` are for a model only where somebody trusts this server with it. */
export interface ServerInfo {
  readonly name: string | undefined
  readonly version: string | undefined
  readonly title: string | undefined
  readonly instructions: string | undefined
  readonly capabilities: JsonObject
  readonly protocolVersion: string
}

export interface Requests {
  request(method: string, params: JsonObject | undefined, options?: RequestOptions): Promise<JsonObject>
  callTool(params: CallParams, options?: RequestOptions): Promise<CallToolResult>
  getPrompt(name: string, args: Readonly<Record<string, string>>, options?: RequestOptions): Promise<GetPromptResult>
  readResource(uri: string, options?: CachedRequestOptions): Promise<ReadResourceResult>
  complete(request: CompletionRequest, options?: RequestOptions): Promise<CompleteResult['completion']>
  ping(options?: RequestOptions): Promise<void>
  serverInfo(options?: RequestOptions): Promise<ServerInfo>
  setLogLevel(level: LoggingLevel, options?: RequestOptions): Promise<void>
}

export interface RequestsOptions {
  readonly session: Session
  readonly lists: Lists
  readonly cache: ResultCache
  readonly known: KnownTools
  readonly sealing: Sealing
  readonly serverLog: ServerLog
  readonly gate: () => ToolGate | undefined
  /** Is told of every call of a tool before it is made. */
  readonly notice: (call: CallParams) => void
}

/** One call, however often it is sent. */
interface Attempt {
  sealed?: SealedCall | undefined
}

/** 2026-07-28 streamable-http: the headers do not say what the arguments say. */
const HEADER_MISMATCH = -32020

export function createRequests({ session, lists, cache, known, sealing, serverLog, gate, notice }: RequestsOptions): Requests {
  const admit = async (asked: CallParams, { signal }: RequestOptions): Promise<CallParams> => (await gate()?.admit(asked, signal)) ?? asked

  /** `attempt.sealed`: sent once more as it is, since the server takes it once, whatever is said of the first time. */
  async function send(asked: CallParams, options: RequestOptions, attempt: Attempt): Promise<CallToolResult> {
    let params = await admit(asked, options)
    if (mayBeSealed(params)) await lookFirst(lists, options)
    let isAgain = false
    const result = await session.run(async (client, given) => {
      // The server forgot the session: whoever answers now may list something else.
      if (isAgain) params = await admit(asked, options)
      isAgain = true
      const call = async (sent: CallParams) =>
        client.callTool(serverLog.withLevel(client, sent), { ...given, toolDefinition: known.definition(sent.name) })
      if (!sealing.concerns(params.name)) return call(params)
      if (!attempt.sealed) {
        const sealed = await sealing.seal(params, (sent) => call(sent as CallParams) as Promise<JsonObject>)
        if (sealed && 'answer' in sealed) return sealed.answer as CallToolResult
        attempt.sealed = sealed
      }
      return call((attempt.sealed?.params as CallParams | undefined) ?? params)
    }, options)
    const { sealed } = attempt
    const opened = sealed ? await sealing.open(params.name, sealed, result as JsonObject) : (result as JsonObject)
    known.check(params.name, opened)
    return opened as CallToolResult
  }

  /** What nobody has listed could have encrypted fields: plain text of one is not sent to find that out. */
  const mayBeSealed = ({ name, arguments: args }: CallParams): boolean =>
    sealing.isUnseen(name) && args !== undefined && Object.keys(args).length > 0

  async function callTool(given: CallParams, options: RequestOptions = {}): Promise<CallToolResult> {
    const direct = sealing.direct(given, () => lookFirst(lists, options))
    const asked = direct instanceof Promise ? await direct : direct
    notice(asked)
    const attempt: Attempt = {}
    const result = await sendOnce(asked, options, attempt)
    if (result.isError !== true || !(await sealing.isOutdated(asked.name, attempt.sealed, result as JsonObject))) return result
    gate()?.forget()
    return send(asked, options, {})
  }

  async function sendOnce(asked: CallParams, options: RequestOptions, attempt: Attempt): Promise<CallToolResult> {
    try {
      return await send(asked, options, attempt)
    } catch (error) {
      const isMismatch = error instanceof MCPRequestError && error.code === HEADER_MISMATCH
      if (!isMismatch || session.kind === 'stdio') throw error
      // The tool is another than was listed, or was never listed: nothing ran, and it is asked once more by what is listed now.
      const before = known.definition(asked.name).inputSchema
      const listed = await lists.rawTools({ cache: 'refresh', signal: options.signal }).then(
        () => true,
        () => false,
      )
      if (!listed || JSON.stringify(before) === JSON.stringify(known.definition(asked.name).inputSchema)) throw error
      gate()?.forget()
      return send(asked, options, attempt)
    }
  }

  return {
    callTool,
    async request(method, params, options) {
      if (method === 'tools/call') {
        if (typeof params?.['name'] === 'string') return (await callTool(params as CallParams, options)) as JsonObject
        // No tool has such a name; what a server makes of it is its own affair, but nothing goes out past the gate.
        params = (await gate()?.admit({ ...params } as CallParams, options?.signal)) ?? params
      }
      return session.run((client, given) => {
        const sent = params || serverLog.withLevel(client, {} as JsonObject)
        const request = { method, ...(Object.keys(sent).length > 0 && { params: serverLog.withLevel(client, sent) }) }
        return client.request(request, anyResult, given) as Promise<JsonObject>
      }, options)
    },
    getPrompt: (name, args, options) =>
      session.run((client, given) => client.getPrompt(serverLog.withLevel(client, { name, arguments: { ...args } }), given), options),
    async readResource(uri, { cache: mode = 'use', ...options } = {}) {
      const key = `read ${uri}`
      const kept = mode === 'use' ? (cache.get(key) as ReadResourceResult | undefined) : undefined
      if (kept) return kept
      const ticket = cache.begin()
      const result = await session.run(
        (client, given) => client.request({ method: 'resources/read', params: serverLog.withLevel(client, { uri }) }, given),
        options,
      )
      if (mode !== 'bypass') cache.put(key, ticket, result, Number((result as { ttlMs?: unknown }).ttlMs ?? 0))
      return result
    },
    async complete({ ref, argument, context }, options) {
      const params = { ref, argument, ...(context && { context }) }
      return (await session.run((client, given) => client.complete(serverLog.withLevel(client, params), given), options)).completion
    },
    async ping(options) {
      // 2026-07-28 has no ping: what every server answers is `server/discover`.
      await session.run((client, given): Promise<unknown> => (isModern(client) ? client.discover(given) : client.ping(given)), options)
    },
    serverInfo: (options) => session.run(async (client) => infoOf(client), options),
    async setLogLevel(level, options) {
      serverLog.setLevel(level)
      await session.run((client) => serverLog.opened(client), options)
    },
  }
}

/** Methods that the SDK does not know are sent too: the server decides. */
const anyResult = { '~standard': { version: 1, vendor: 'sallyport', validate: (value: unknown) => ({ value }) } } as const

const isModern = (client: Client): boolean => client.getProtocolEra() === 'modern'

function infoOf(client: Client): ServerInfo {
  const version = client.getServerVersion()
  return {
    name: version?.name,
    version: version?.version,
    title: version?.title,
    instructions: client.getInstructions(),
    capabilities: { ...client.getServerCapabilities() },
    protocolVersion: client.getNegotiatedProtocolVersion() ?? '',
  }
}
