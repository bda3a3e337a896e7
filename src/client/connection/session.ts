/**
 * A connection to the server by the official SDK's client, made when the first request needs it. One that ended is made anew by the next
 * request.
 *
 * The SDK is loaded here and not before: who only signs in does not pay for it.
 *
 * @module
 */

import type * as Sdk from '@modelcontextprotocol/client'
import { TransportError } from '../errors.ts'
import { untilAborted } from '../until-aborted.ts'
import type { CacheMode } from './cache.ts'
import { type Connection, type ConnectOptions, createConnector, loadSdk } from './connect.ts'
import { createDeadlines, type Deadline } from './deadline.ts'
import { toClientError } from './to-error.ts'

export interface SessionOptions extends Omit<ConnectOptions, 'pause'> {
  /** The connection was given up on purpose: somebody else may be signed in at the next. */
  readonly onDrop: () => void
  /** A connection is over, whoever ended it: what the next one leads to may be another program. */
  readonly onEnd: () => void
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

export interface CachedRequestOptions extends RequestOptions {
  /** What a server allowed to be kept: `use` it, unless told. */
  readonly cache?: CacheMode | undefined
}

export interface Session {
  readonly kind: 'http' | 'websocket' | 'stdio'
  /** Runs one request of the SDK's client. @throws {AuthorizationError | TransportError | MCPRequestError} */
  run<T>(request: Work<T>, options?: RequestOptions): Promise<T>
  /** Ends the connection, if there is one; the next request makes another. */
  drop(): Promise<void>
  isClosed(): boolean
  /** For good. */
  close(): Promise<void>
}

/** One request of the SDK's client, or more; `connection` is what it is sent on. */
export type Work<T> = (client: Sdk.Client, options: Sdk.RequestOptions, connection: Connection) => Promise<T>

/** However much progress there is, a request ends. */
const MAX_EXTENSIONS = 10
const GOODBYE_MS = 2000

export function createSession(options: SessionOptions): Session {
  const { host, redactor, requestTimeoutMs } = options
  let current: Promise<Connection> | undefined
  let closed = false
  const deadlines = createDeadlines()
  const { open, abandon } = createConnector({ ...options, pause: deadlines.pause })

  function connect(): Promise<Connection> {
    if (closed) return Promise.reject(new TransportError('closed', 'This client was closed.'))
    if (current) return current
    const opening = open()
    const forget = (): void => {
      if (current === opening) current = undefined
      options.onEnd()
    }
    current = opening
    opening.then(({ ended }) => ended.then(forget), forget)
    return opening
  }

  async function run<T>(request: Work<T>, { signal, onProgress }: RequestOptions = {}): Promise<T> {
    for (let first = true; ; first = false) {
      signal?.throwIfAborted()
      let connection: Connection | undefined
      let deadline: Deadline | undefined
      try {
        connection = await untilAborted(connect(), signal)
        deadline = deadlines.begin(requestTimeoutMs, signal)
        const { signal: both, again } = deadline
        const given: Sdk.RequestOptions = {
          timeout: requestTimeoutMs * MAX_EXTENSIONS,
          maxTotalTimeout: requestTimeoutMs * MAX_EXTENSIONS,
          signal: both,
          ...(onProgress && {
            onprogress(progress) {
              again()
              onProgress(progress)
            },
          }),
        }
        return await request(connection.client, given, connection)
      } catch (error) {
        signal?.throwIfAborted()
        if (deadline?.isPast()) throw new TransportError('timeout', `${host} did not answer in time.`)
        const sdk = await loadSdk()
        // The server forgot the session, so it ran nothing: a new one is begun, once (2025-11-25 transports §session management).
        if (first && connection && hasLostSession(error, connection, sdk)) {
          await drop()
          continue
        }
        throw connection?.transport.failure?.() ?? toClientError(error, { sdk, redactor, host })
      } finally {
        deadline?.end()
      }
    }
  }

  async function drop(): Promise<void> {
    const ending = current
    current = undefined
    options.onDrop()
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
    kind: options.target.kind,
    isClosed: () => closed,
    run,
    drop,
    async close() {
      closed = true
      await abandon()
      await drop()
    },
  }
}

const hasLostSession = (error: unknown, { client, transport }: Connection, { SdkHttpError }: typeof Sdk): boolean =>
  error instanceof SdkHttpError && error.status === 404 && client.getProtocolEra() === 'legacy' && transport.sessionId !== undefined

async function within(ms: number, promise: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  await Promise.race([promise, new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)))])
  clearTimeout(timer)
}
