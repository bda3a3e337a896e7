/**
 * Makes a connection: the transport, and the SDK's client on it. 2026-07-28 is asked for first, `initialize` follows where the server
 * knows only that (2026-07-28 versioning §backward compatibility; stdio §server/discover).
 *
 * Fails by throwing what the transport or the SDK threw; nothing is left open.
 *
 * @module
 */

import type * as Sdk from '@modelcontextprotocol/client'
import type { Log, Redactor } from '../../core/index.ts'
import type { Command } from '../../process/index.ts'
import type { EndpointFinder } from '../endpoint.ts'
import { TransportError } from '../errors.ts'
import type { Network } from '../network.ts'
import type { Credential } from '../sign-in/credential.ts'
import { createHttpTransport, type HttpTransport } from './http-transport.ts'
import { createInbound } from './inbound.ts'
import { type InputHooks, installHooks, toCapabilities } from './input-hooks.ts'
import { createStdioTransport, type StdioTransport } from './stdio-transport.ts'
import { createWebSocketTransport, type WebSocketTransport } from './websocket-transport.ts'

/** Where the server is, and what it is shown. */
export type Target =
  | { readonly kind: 'stdio'; readonly command: Command }
  | {
      readonly kind: 'http' | 'websocket'
      readonly network: Network
      readonly finder: EndpointFinder
      readonly credential: Credential
      readonly headers: Readonly<Record<string, string>>
    }

export interface ConnectOptions {
  readonly target: Target
  /** What the server is called in sentences. */
  readonly host: string
  readonly clientInfo: { readonly name: string; readonly version: string }
  readonly hooks: InputHooks
  readonly log: Log
  readonly redactor: Redactor
  readonly maxMessageBytes: number
  readonly requestTimeoutMs: number
  /** A result said that input is needed first. */
  readonly onRound: () => void
  /** Somebody is asked; what it answers is called when they have answered. */
  readonly pause: () => () => void
  /** Gives the SDK's client who is told what, before it connects. */
  readonly prepare: (client: Sdk.Client) => void
  /** It has connected. */
  readonly opened: (client: Sdk.Client) => Promise<void>
}

export interface Connection {
  readonly client: Sdk.Client
  readonly transport: Sdk.Transport & Partial<HttpTransport> & Partial<WebSocketTransport> & Partial<StdioTransport>
  /** Resolves when it is gone, whoever ended it. */
  readonly ended: Promise<void>
}

/** How long a process may be silent on `server/discover` before it is taken for one of an earlier revision. */
const DISCOVER_MS = 10_000
const MAX_ROUNDS = 10

export interface Connector {
  open(): Promise<Connection>
  /** Lets go of one that is being opened: its promise rejects soon. */
  abandon(): Promise<void>
}

export function createConnector(options: ConnectOptions): Connector {
  const { target, host, clientInfo, hooks, log, redactor, maxMessageBytes, requestTimeoutMs, onRound, prepare, opened, pause } = options

  async function transportOf(sdk: typeof Sdk): Promise<Connection['transport']> {
    const common = { inbound: createInbound({ host, log, onRound }), maxMessageBytes }
    if (target.kind === 'stdio') return createStdioTransport({ command: target.command, host, log, redactor, ...common })
    const { network, finder, credential, headers } = target
    const remote = { network, endpoint: await finder.url(), credential, headers, ...common }
    return target.kind === 'http'
      ? createHttpTransport({ Transport: sdk.StreamableHTTPClientTransport, ...remote })
      : createWebSocketTransport({ WebSocket: (await import('ws')).WebSocket, ...remote })
  }

  let opening: Connection['transport'] | undefined
  async function attempt(
    sdk: typeof Sdk,
    transport: Connection['transport'],
    discoverMs: number,
    prior?: Sdk.PriorDiscovery,
  ): Promise<Connection> {
    const client = new sdk.Client(clientInfo, {
      capabilities: toCapabilities(hooks),
      versionNegotiation: {
        mode: 'auto',
        ...(target.kind === 'stdio' && { probe: { timeoutMs: discoverMs } }),
      },
      inputRequired: { maxRounds: MAX_ROUNDS },
      jsonSchemaValidator: unchecked,
    })
    installHooks(client, hooks, { host, log, pause })
    prepare(client)
    const ended = new Promise<void>((resolve) => {
      client.onclose = resolve
    })
    opening = transport
    try {
      await client.connect(transport, { timeout: requestTimeoutMs, ...(prior && { prior }) })
      await opened(client)
    } catch (error) {
      await client.close().catch(() => {})
      await transport.close().catch(() => {})
      throw transport.failure?.() ?? error
    } finally {
      opening = undefined
    }
    return { client, transport, ended }
  }

  async function open(): Promise<Connection> {
    const sdk = await loadSdk()
    const transport = await transportOf(sdk)
    try {
      return await attempt(sdk, transport, Math.min(DISCOVER_MS, requestTimeoutMs / 3))
    } catch (error) {
      if (transport.ran !== true) throw error
      // Servers of earlier revisions may leave at a request before `initialize`. Started again, it is asked only that.
      if (error instanceof TransportError && error.code === 'closed')
        return attempt(sdk, await transportOf(sdk), requestTimeoutMs, { kind: 'legacy' })
      // Too slow for one of today's, yet it refuses `initialize`: it was starting, and gets all the time that there is.
      if (error instanceof sdk.ProtocolError) return attempt(sdk, await transportOf(sdk), requestTimeoutMs)
      throw error
    }
  }

  return {
    open,
    async abandon() {
      await opening?.close().catch(() => {})
    },
  }
}

/** Node keeps it once it was loaded. */
export const loadSdk = (): Promise<typeof Sdk> => import('@modelcontextprotocol/client')

/** The SDK's own engine compiles whatever a server gives it; results are checked in `known-tools.ts`. */
const unchecked = {
  getValidator: () => (data: unknown) => ({ valid: true, data, errorMessage: undefined }),
} as unknown as NonNullable<Sdk.ClientOptions['jsonSchemaValidator']>
