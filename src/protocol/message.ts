/**
 * From parsed JSON to one message: which revision, which method, and that what every message must have is there. On HTTP
 * the mirrored headers must agree with the body (2026-07-28 streamable-http §server validation); `x-mcp-header`
 * parameters need the tool's schema and are compared in `guards/validate`.
 *
 * @module
 */

import {
  allow,
  type Decision,
  deny,
  type JsonObject,
  LOG_LEVELS,
  type LogLevel,
  type Message,
  NOTHING,
  type RequestId,
} from '../core/index.ts'
import { META_PREFIX } from './meta.ts'
import { namedBy } from './methods.ts'
import { decodeSentinel } from './sentinel.ts'
import { eraOf, negotiateLegacy } from './versions.ts'

/** The mirrored headers as they came, undefined where absent; undefined as a whole off HTTP. */
export interface MirroredHeaders {
  readonly version: string | undefined
  readonly method: string | undefined
  readonly name: string | undefined
}

/** What a legacy session agreed on in `initialize`. */
export interface LegacySession {
  readonly version: string
  readonly capabilities: JsonObject
  readonly client: Message['client']
  /** What `logging/setLevel` has said. */
  readonly logLevel: LogLevel
}

/** What a legacy client hears that has not said what it wants: the server may decide (2025-11-25 logging §Setting Log Level). */
export const DEFAULT_LOG_LEVEL: LogLevel = 'info'

export const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)
export const isLogLevel = (value: unknown): value is LogLevel => LOG_LEVELS.includes(value as LogLevel)
const isId = (value: unknown): value is RequestId => typeof value === 'string' || Number.isSafeInteger(value)
const malformed = (problem: string): Decision<never> => deny({ reason: 'malformed_message', problem })
const mismatch = (problem: string): Decision<never> => deny({ reason: 'header_mismatch', problem })
const invalid = (problem: string): Decision<never> => deny({ reason: 'invalid_params', problem })

/** The id as far as it can be told, so that a refusal of a malformed message can be addressed. A response's is an id of ours. */
export function idOf(value: unknown): RequestId | undefined {
  if (!isObject(value) || !isId(value['id'])) return undefined
  return value['method'] === undefined && ('result' in value || 'error' in value) ? undefined : value['id']
}

/** `bytes`: how long it was. */
export function parseMessage(
  value: unknown,
  headers: MirroredHeaders | undefined,
  session: LegacySession | undefined,
  bytes?: number,
): Decision<Message> {
  if (Array.isArray(value)) return malformed('Batches are not accepted: send one message at a time.')
  if (!isObject(value) || value['jsonrpc'] !== '2.0') return malformed('This is not a JSON-RPC 2.0 message.')
  const { method, id, params = NOTHING } = value
  if (method === undefined && session) return answer(value, session)
  if (typeof method !== 'string') return malformed('A message needs a method; responses are not accepted here.')
  if ('id' in value && !isId(id)) return malformed('The id of a request must be a string or an integer.')
  if (!isObject(params)) return malformed('params must be an object.')
  // What has no id is a notification, whatever it calls itself: nothing is done that nobody can be told of.
  if (id === undefined && !method.startsWith('notifications/')) return malformed('A request needs an id.')
  const meta = params['_meta'] ?? NOTHING
  if (!isObject(meta)) return invalid('params._meta must be an object.')

  const stated = meta[`${META_PREFIX}protocolVersion`]
  const isModern =
    stated !== undefined || (headers?.version !== undefined && eraOf(headers.version) === 'modern' && method !== 'initialize')
  const parsed = isModern ? modern(method, params, meta, headers) : legacy(method, params, meta, headers, session)
  if (!parsed.allowed) return parsed
  const { era, version, client, capabilities, logLevel } = parsed.value
  return allow({ era, version, id: id as RequestId | undefined, method, params, bytes, meta, client, capabilities, logLevel })
}

type Spoken = Pick<Message, 'era' | 'version' | 'client' | 'capabilities' | 'logLevel'>

function modern(method: string, params: JsonObject, meta: JsonObject, headers: MirroredHeaders | undefined): Decision<Spoken> {
  const version = meta[`${META_PREFIX}protocolVersion`]
  if (typeof version !== 'string') return invalid(`params._meta must have ${META_PREFIX}protocolVersion.`)
  if (headers) {
    const checked = checkMirrored(method, params, version, headers)
    if (!checked.allowed) return checked
  }
  if (eraOf(version) !== 'modern') return deny({ reason: 'unsupported_version', requested: version.slice(0, 64) })
  const capabilities = meta[`${META_PREFIX}clientCapabilities`]
  if (!isObject(capabilities)) return invalid(`params._meta must have ${META_PREFIX}clientCapabilities.`)
  const logLevel = meta[`${META_PREFIX}logLevel`]
  if (logLevel !== undefined && !isLogLevel(logLevel)) return invalid(`params._meta has a ${META_PREFIX}logLevel that is none.`)
  return allow({ era: 'modern', version, capabilities, client: clientOf(meta[`${META_PREFIX}clientInfo`]), logLevel })
}

/** In a legacy session the caller answers requests of ours with messages of their own (2025-11-25 basic §Responses). */
function answer(value: JsonObject, { version, client, capabilities, logLevel }: LegacySession): Decision<Message> {
  const { id, result, error } = value
  if (typeof id !== 'string' || !(isObject(result) || isObject(error)))
    return malformed('A message needs a method, or the id of a request of ours and its result or error.')
  const params = isObject(result) ? { id, result } : { id, error }
  return allow({ era: 'legacy', version, id: undefined, method: 'request/answer', params, meta: NOTHING, client, capabilities, logLevel })
}

function checkMirrored(method: string, params: JsonObject, version: string, headers: MirroredHeaders): Decision<undefined> {
  if (headers.version === undefined) return mismatch('The MCP-Protocol-Version header is missing.')
  if (headers.version !== version) return mismatch('The MCP-Protocol-Version header and the version in params._meta differ.')
  if (headers.method === undefined) return mismatch('The Mcp-Method header is missing.')
  if (headers.name === undefined && namedBy(method) !== undefined) return mismatch('The Mcp-Name header is missing.')
  return checkStated(method, params, headers)
}

/** Whoever routes by these headers must not be told another thing than the body says, in whichever revision it speaks. */
function checkStated(method: string, params: JsonObject, headers: MirroredHeaders): Decision<undefined> {
  if (headers.method !== undefined && headers.method !== method) return mismatch('The Mcp-Method header and the method in the body differ.')
  const by = headers.name === undefined ? undefined : namedBy(method)
  if (by && headers.name !== undefined && decodeSentinel(headers.name) !== params[by])
    return mismatch(`The Mcp-Name header and params.${by} differ.`)
  return allow(undefined)
}

function legacy(
  method: string,
  params: JsonObject,
  meta: JsonObject,
  headers: MirroredHeaders | undefined,
  session: LegacySession | undefined,
): Decision<Spoken> {
  const stated = headers ? checkStated(method, params, headers) : undefined
  if (stated?.allowed === false) return stated
  if (method === 'initialize') {
    const { protocolVersion, capabilities, clientInfo } = params
    if (typeof protocolVersion !== 'string') return invalid('params.protocolVersion must be a string.')
    const spoken = negotiateLegacy(protocolVersion)
    return allow({
      era: 'legacy',
      version: spoken,
      capabilities: isObject(capabilities) ? capabilities : NOTHING,
      client: clientOf(clientInfo),
      logLevel: DEFAULT_LOG_LEVEL,
    })
  }
  // The header is absent before 2025-06-18: then it is what the session agreed on, else 2025-03-26 (2025-11-25 transports §protocol version header).
  const version = headers?.version ?? session?.version ?? '2025-03-26'
  if (eraOf(version) !== 'legacy') return deny({ reason: 'unsupported_version', requested: version.slice(0, 64) })
  return allow({
    era: 'legacy',
    version,
    capabilities: session?.capabilities ?? NOTHING,
    client: session?.client ?? clientOf(meta[`${META_PREFIX}clientInfo`]),
    logLevel: session?.logLevel ?? DEFAULT_LOG_LEVEL,
  })
}

function clientOf(info: unknown): Message['client'] {
  if (!isObject(info) || typeof info['name'] !== 'string') return undefined
  const { name, version } = info
  return { name: name.slice(0, 128), version: typeof version === 'string' ? version.slice(0, 64) : '' }
}
