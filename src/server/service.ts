/**
 * One running Sallyport: data, keys, sign-in, the engine and the transport in front of it. What fills the catalogue (a
 * gateway's upstreams, a server's functions) is given by whoever builds it.
 *
 * @module
 */

import type { Clock, Log, Redactor } from '../core/index.ts'
import type { LimitHandler } from '../guards/index.ts'
import type { CimdMode } from '../oauth/index.ts'
import type { Connections } from '../people/index.ts'
import type { Retention } from '../retention/index.ts'
import type { CorsOptions, Mounted } from '../transports/index.ts'
import type { Data } from '../vault/index.ts'
import type { Bounds } from './bounds.ts'
import type { Engine, EngineOptions } from './engine.ts'
import type { Listen, MountedIn } from './listen.ts'
import type { AuthOptions } from './server-options.ts'

export interface ServiceOptions {
  readonly data: Data
  /** HTTP and WebSocket on sockets of our own or inside an app, or the process's own stdin and stdout. */
  readonly serveOn: Listen | MountedIn | 'stdio'
  /** Web pages of other origins that may use the endpoint. Nobody's unless told. */
  readonly cors?: CorsOptions | undefined
  readonly rates: EngineOptions['rates']
  readonly bounds: Bounds
  /** What is sent of large results, and where the rest is kept; without it they are withheld. */
  readonly results?: EngineOptions['results']
  /** What becomes of personal data, and who may read what stands for it; it stays unless told. */
  readonly personal?: EngineOptions['personal']
  /** How much of the tools is told at once; all unless told. */
  readonly catalogueRules?: EngineOptions['catalogueRules']
  /** What of callers' code runs, and what it may call; none unless told. */
  readonly code?: EngineOptions['code']
  /** Which header fields tell of a budget; the standard ones unless told. */
  readonly limitHeaders?: EngineOptions['limitHeaders']
  /** How HTTP writes the refusal of a spent budget. */
  readonly limitHandler?: LimitHandler | undefined
  /** What the local user over stdio may do. */
  readonly localScopes: readonly string[]
  /** How long is kept what an operator may say that of; as documented unless told. */
  readonly retention?: Retention | undefined
  /** Whether arguments are kept beside the audit, sealed; not unless told. */
  readonly keepArguments?: boolean | undefined
  /** Who issues tokens, where it is not our own authorization server, and what that one does. */
  readonly auth?: AuthOptions | undefined
  /** What people's accounts are connected with at the guarded servers; nothing unless told. */
  readonly connections?: Connections | undefined
  /** Whether clients may be described at URLs; off unless told. */
  readonly cimd?: CimdMode | undefined
  /** Which scopes imply others; none unless told. */
  readonly hierarchy?: EngineOptions['hierarchy']
  readonly serverInfo: EngineOptions['serverInfo']
  readonly instructions: EngineOptions['instructions']
  readonly features: EngineOptions['features']
  /** Who a caller without a credential is, where there may be such callers. */
  readonly anonymous?: EngineOptions['anonymous']
  readonly redactor: Redactor
  readonly log: Log
  readonly clock?: Clock
  readonly onRecord?: EngineOptions['onRecord']
  readonly env?: Readonly<Record<string, string | undefined>>
}

export interface Service {
  readonly engine: Engine
  /** `http://localhost:PORT/mcp`, the public URL, or `stdio:`. Empty while an app has not said where it is. */
  readonly url: string
  readonly issuer: string
  /** Of our own sockets, where there are some. */
  readonly port: number | undefined
  /** A one-time link to make the owner's account, where there is none yet. Waits until the address is known. */
  setupLink(): Promise<string | undefined>
  /** Begins to answer: called once the catalogue is filled. */
  serve(): void
  /** Resolves when the other side of stdio has gone; never on HTTP. */
  readonly done: Promise<void>
  close(): Promise<void>
}

/** What is reached over HTTP, whether on sockets of its own or inside an app. */
export interface HttpService extends Service, Pick<Mounted, 'node' | 'fetch' | 'upgrade'> {}
