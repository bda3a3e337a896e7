/**
 * A connection to the server by the official SDK's client, made when the first request needs it: 2026-07-28 first, `initialize` where the
 * server knows only that (2026-07-28 versioning §backward compatibility). A connection that ended is made anew by the next request.
 *
 * The SDK is loaded here and not before: who only signs in does not pay for it.
 *
 * @module
 */

import type * as Sdk from '@modelcontextprotocol/client'
import type { Redactor } from '../../core/index.ts'
import type { EndpointFinder } from '../endpoint.ts'
import { TransportError } from '../errors.ts'
import type { Network } from '../network.ts'
import type { Credential } from '../sign-in/credential.ts'
import { createHttpTransport, type HttpTransport } from './http-transport.ts'
import { type InputHooks, installHooks, toCapabilities } from './input-hooks.ts'
import { toClientError } from './to-error.ts'
import { createWebSocketTransport, type WebSocketTransport } from './websocket-transport.ts'

export interface SessionOptions {
  readonly kind: 'http' | 'websocket'
  readonly network: Network
  readonly finder: EndpointFinder
  /** What the server is called in sentences. */
  readonly host: string
  readonly credential: Credential
  readonly clientInfo: { readonly name: string; readonly version: string }
  readonly hooks: InputHooks
  readonly redactor: Redactor
  readonly maxMessageBytes: number
  readonly requestTimeoutMs: number
}

export interface Progress {
  readonly progress: number
  readonly total?: number | undefined
  readonly message?: string | undefined
}

export interface RequestOptions {
  /** Ends the request, at the server too; the promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: Progress) => void) | undefined
}

export interface Session {
  /** Runs one request of the SDK's client. @throws {AuthorizationError | TransportError | MCPRequestError} */
  run<T>(request: (client: Sdk.Client, options: Sdk.RequestOptions) => Promise<T>, options?: RequestOptions): Promise<T>
  /** Ends the connection, if there is one; the next request makes another. */
  drop(): Promise<void>
  /** For good. */
  close(): Promise<void>
}

interface Connection {
  readonly client: Sdk.Client
  readonly transport: Sdk.Transport & Partial<HttpTransport> & Partial<WebSocketTransport>
}

/** However much progress there is, a request ends. */
const MAX_EXTENSIONS = 10
const GOODBYE_MS = 2000

export function createSession(options: SessionOptions): Session {
  const { kind, network, finder, host, credential, clientInfo, hooks, redactor, maxMessageBytes, requestTimeoutMs } = options
  let current: Promise<Connection> | undefined
  let closed = false

  async function open(): Promise<Connection> {
    const sdk = await load()
    const common = { network, endpoint: await finder.url(), credential, maxMessageBytes }
    const transport =
      kind === 'http'
        ? createHttpTransport({ Transport: sdk.StreamableHTTPClientTransport, ...common })
        : createWebSocketTransport({ WebSocket: (await import('ws')).WebSocket, ...common })
    const client = new sdk.Client(clientInfo, {
      capabilities: toCapabilities(hooks),
      versionNegotiation: { mode: 'auto' },
      jsonSchemaValidator: unchecked,
    })
    installHooks(client, hooks)
    await client.connect(transport, { timeout: requestTimeoutMs })
    return { client, transport }
  }

  function connect(): Promise<Connection> {
    if (closed) return Promise.reject(new TransportError('closed', 'This client was closed.'))
    if (current) return current
    const opening = open()
    const forget = (): void => {
      if (current === opening) current = undefined
    }
    current = opening
    opening.then(({ client }) => {
      client.onclose = forget
    }, forget)
    return opening
  }

  async function run<T>(
    request: (client: Sdk.Client, options: Sdk.RequestOptions) => Promise<T>,
    { signal, onProgress }: RequestOptions = {},
  ): Promise<T> {
    for (let first = true; ; first = false) {
      signal?.throwIfAborted()
      let connection: Connection | undefined
      try {
        connection = await abortable(connect(), signal)
        return await request(connection.client, {
          timeout: requestTimeoutMs,
          maxTotalTimeout: requestTimeoutMs * MAX_EXTENSIONS,
          ...(signal && { signal }),
          ...(onProgress && { onprogress: onProgress, resetTimeoutOnProgress: true }),
        })
      } catch (error) {
        signal?.throwIfAborted()
        const sdk = await load()
        // The server forgot the session, so it ran nothing: a new one is begun, once (2025-11-25 transports §session management).
        if (first && connection && hasLostSession(error, connection, sdk)) {
          await drop()
          continue
        }
        throw connection?.transport.failure?.() ?? toClientError(error, { sdk, redactor, host })
      }
    }
  }

  async function drop(): Promise<void> {
    const ending = current
    current = undefined
    const connection = await ending?.catch(() => undefined)
    if (!connection) return
    // A legacy server keeps a session until it is told (2025-11-25 transports §session management).
    const { client, transport } = connection
    if (transport.sessionId !== undefined && transport.terminateSession)
      await within(
        GOODBYE_MS,
        transport.terminateSession().catch(() => {}),
      )
    await client.close().catch(() => {})
  }

  return {
    run,
    drop,
    async close() {
      closed = true
      await drop()
    },
  }
}

/** Node keeps it once it was loaded. */
const load = (): Promise<typeof Sdk> => import('@modelcontextprotocol/client')

/**
 * A tool's output schema is the server's text: to check by it needs an engine that no schema can stall, which is not here yet. The
 * SDK's own compiles whatever it is given.
 */
const unchecked = {
  getValidator: () => (data: unknown) => ({ valid: true, data, errorMessage: undefined }),
} as unknown as NonNullable<Sdk.ClientOptions['jsonSchemaValidator']>

const hasLostSession = (error: unknown, { client, transport }: Connection, { SdkHttpError }: typeof Sdk): boolean =>
  error instanceof SdkHttpError && error.status === 404 && client.getProtocolEra() === 'legacy' && transport.sessionId !== undefined

/** What comes first, the end of `promise` or the signal's. */
async function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise
  let stop = (): void => {}
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason as Error)
    signal.addEventListener('abort', stop, { once: true })
  })
  return Promise.race([promise, aborted]).finally(() => signal.removeEventListener('abort', stop))
}

async function within(ms: number, promise: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  await Promise.race([promise, new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)))])
  clearTimeout(timer)
}
