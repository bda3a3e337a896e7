/**
 * A service over HTTP and WebSocket: on sockets of its own, or inside an app. Where it is reached decides who issues tokens and
 * what they are for; an app may tell that with its first request only, so that what depends on it is made then.
 *
 * @module
 */

import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { ConfigError, type TokenVerifier } from '../core/index.ts'
import { addressGroup, createTlsKeeper, isLoopbackName } from '../net/index.ts'
import {
  type AuthorizationServer,
  createApiKeys,
  createApiKeyUse,
  createAuthorizationServer,
  createExternalAuthorization,
  createNonces,
  createProofVerifier,
} from '../oauth/index.ts'
import { createAccounts } from '../people/index.ts'
import {
  createAddressOf,
  createCertificateSource,
  createCors,
  createDoor,
  createEndpoint,
  createLimitAnswer,
  createListener,
  createMounted,
  createRouter,
  createSessions,
  createUnreached,
  createUnsent,
  createWebSockets,
  type Listener,
  peerAddress,
  type Router,
  type WebSockets,
} from '../transports/index.ts'
import { createEngine, type Engine } from './engine.ts'
import { createFoundation } from './foundation.ts'
import { checkReach, type Listen, type MountedIn, originsOf, type Site, siteOf } from './listen.ts'
import type { HttpService, ServiceOptions } from './service.ts'

/** @throws {ConfigError} where an option is wrong, or the port is taken. */
export async function createHttpService(options: ServiceOptions, serveOn: Listen | MountedIn): Promise<HttpService> {
  const { data, bounds, log } = options
  checkReach(serveOn, options.cors)
  await using opening = new AsyncDisposableStack()
  const router = createRouter({ log })
  opening.defer(router.close)
  const socket = 'mounted' in serveOn ? undefined : await open(serveOn, options, router)
  if (socket) opening.defer(socket.close)
  const base = createFoundation(options)
  opening.defer(base.close)
  const { store, bus, counters, proofs, clock } = base
  const addressOf = createAddressOf(serveOn.proxy)
  const tls = 'tls' in serveOn && serveOn.tls !== 'local' ? serveOn.tls : undefined
  const certificates = createCertificateSource(serveOn.proxy, tls)
  const cors = createCors(options.cors)
  const apiKeys = createApiKeys({
    store,
    keyRing: data.keyRing,
    clock,
    accounts: createAccounts({ store, clock, signIn: options.auth?.signIn ?? [] }),
  })
  const keyUse = createApiKeyUse({ store, log })

  // Set once: at the start, or at the first request that an app hands over.
  let reached: { readonly site: Site; readonly authorizationServer: AuthorizationServer } | undefined
  const { promise: isReached, resolve: tellReached } = Promise.withResolvers<AuthorizationServer | undefined>()
  let isServing = false
  let sockets: WebSockets | undefined

  const tokens: TokenVerifier = {
    claims: (credential) => reached?.authorizationServer.verifier.claims(credential) ?? false,
    verify: (credential, resource) => (reached as NonNullable<typeof reached>).authorizationServer.verifier.verify(credential, resource),
  }
  const { requireDpopNonce = false } = options.auth ?? {}
  const nonces = createNonces({ keyRing: data.keyRing, clock })
  const possession = createProofVerifier({ counters: proofs, nonces, wantsNonce: requireDpopNonce, clock })
  const engine: Engine = createEngine({
    ...options,
    ...base,
    keyRing: data.keyRing,
    vault: data.vault,
    verifiers: [apiKeys.verifier, tokens],
    possession,
    resourceMetadataUrl: (resource) => reached?.authorizationServer.resourceMetadataUrl(resource),
    noteUse(record) {
      keyUse.note(record)
      reached?.authorizationServer.noteUse?.(record)
    },
  })
  opening.defer(engine.close)

  function createAuthorization(site: Site): AuthorizationServer {
    const { issuer, ...rest } = options.auth ?? {}
    if (issuer !== undefined) {
      const { shownScopes } = engine.catalogue
      return createExternalAuthorization({ options: { ...rest, issuer }, resources: site.resources, shownScopes, clock, log })
    }
    return createAuthorizationServer({
      ...site,
      scopes: engine.catalogue.scopes,
      shownScopes: engine.catalogue.shownScopes,
      hierarchy: options.hierarchy,
      offers: ({ user, ...to }) =>
        engine.catalogue.offers({ ...to, issuer: site.issuer, subject: user, user, credential: 'token', credentialId: '' }),
      requireDpopNonce,
      trustedIssuers: options.auth?.trustedIssuers,
      signIn: options.auth?.signIn,
      localAccounts: options.auth?.localAccounts,
      signingKeyDays: options.auth?.signingKeyDays,
      connections: options.connections,
      cimd: options.cimd,
      store,
      keyRing: data.keyRing,
      vault: data.vault,
      bus,
      counters,
      clock,
      log,
      audit: engine.record,
      addressOf,
      certificates,
    })
  }
  function reach({ issuer, resources }: Site): void {
    const site = { issuer: options.auth?.issuer ?? issuer, resources }
    const authorizationServer = createAuthorization({ issuer, resources })
    reached = { site, authorizationServer }
    tellReached(authorizationServer)
    if (isServing) begin(reached)
  }

  function begin({ site, authorizationServer }: NonNullable<typeof reached>): void {
    const door = createDoor({
      resources: site.resources,
      cors,
      addressOf,
      certificates,
      isForDirectCallers: options.anonymous !== undefined,
    })
    const sessions = createSessions({ keyRing: data.keyRing, store, bus, clock })
    const reading = { bodyBytes: bounds.bodyBytes, json: { maxDepth: bounds.depth, maxItems: bounds.listItems }, sessions }
    const { limitHandler: handler } = options
    const limitAnswer = handler && createLimitAnswer({ handler, log })
    const unsent = createUnsent({ clock })
    const endpoint = createEndpoint({ pipeline: engine.pipeline, door, reading, unsent, clock, limitAnswer })
    const { checkAddress } = engine.limiter
    const { recheck, forgetSession: forget } = engine
    sockets = createWebSockets({ ...reading, pipeline: engine.pipeline, door, checkAddress, recheck, forget, clock, log })
    bus.subscribe('credentials', sockets.recheck)
    router.serve({ door, checkAddress, endpoint, mounts: [authorizationServer], sockets, unsent })
  }

  /** Without a public URL an app is for this machine, whatever interfaces it listens on. Who calls must be known to be of it. */
  function problemWith(request: IncomingMessage): string | undefined {
    if (serveOn.publicUrl === undefined && !isOfThisMachine(peerAddress(request), addressOf(request))) return ELSEWHERE
    const site = reached ? undefined : siteOfRequest(request, serveOn)
    if (site) reach(site)
    return reached ? undefined : NOWHERE
  }
  const told = new Set<string>()
  function isReachedBy(request: IncomingMessage): boolean {
    const problem = problemWith(request)
    if (problem !== undefined && !told.has(problem)) log('error', problem)
    if (problem !== undefined) told.add(problem)
    return problem === undefined
  }

  const mounted = createMounted({ router, isReachedBy, refuse: createUnreached({ pipeline: engine.pipeline, addressOf, clock }) })
  const known = knownSite(serveOn, socket?.port)
  if (known) reach(known)
  opening.move()

  return {
    engine,
    get url() {
      return reached?.site.resources[0] ?? ''
    },
    get issuer() {
      return reached?.site.issuer ?? ''
    },
    port: socket?.port,
    setupLink: async () => (await isReached)?.createSetupLink(),
    serve() {
      isServing = true
      if (reached) begin(reached)
    },
    node: mounted.node,
    fetch: mounted.fetch,
    upgrade: mounted.upgrade,
    done: new Promise(() => {}),
    async close() {
      tellReached(undefined)
      engine.endSubscriptions()
      await sockets?.close()
      await socket?.close()
      mounted.close()
      await router.close()
      await reached?.authorizationServer.close()
      await engine.close()
      await keyUse.close()
      await base.close()
    },
  }
}

/** Sockets of our own, with what keeps their TLS. */
async function open(listen: Listen, { data, log, clock = Date.now }: ServiceOptions, router: Router): Promise<Listener> {
  const { host = 'localhost', port } = listen
  const tls = listen.tls && (await createTlsKeeper({ tls: listen.tls, dir: join(data.dir, 'tls'), clock, log }))
  const listener = await createListener({ host: host.replace(/^\[|\]$/g, ''), port, tls, ...router }).catch(
    (error: NodeJS.ErrnoException) => {
      tls?.close()
      throw explained(error, listen)
    },
  )
  return {
    port: listener.port,
    async close() {
      tls?.close()
      await listener.close()
    },
  }
}

function explained(error: NodeJS.ErrnoException, { host, port }: Listen): Error {
  if (error.code === 'EADDRINUSE')
    return new ConfigError([
      `listen: port ${port} cannot be used (EADDRINUSE): end what has it, or set another port; 0 is any that is free`,
    ])
  if (error.code === 'EACCES') return new ConfigError([`listen: port ${port} cannot be used (EACCES): set one above 1023`])
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND')
    return new ConfigError([`host: ${host} is no address of this machine (${error.code})`])
  return error
}

function knownSite(serveOn: Listen | MountedIn, boundPort: number | undefined): Site | undefined {
  const port = boundPort ?? serveOn.port
  if (serveOn.publicUrl === undefined && port === undefined) return undefined
  return siteOf(serveOn, port === undefined ? [] : originsOf('mounted' in serveOn ? {} : serveOn, port))
}

const ELSEWHERE =
  'refused: without publicUrl this server is for this machine alone, and a request came from elsewhere, or the app did not say from where: set publicUrl to its URL, or pass the address of the caller, fetch(request, { address })'
const NOWHERE = 'refused: a request does not tell where this server is: set publicUrl to its URL, or port where it is at localhost'

const isOfThisMachine = (...addresses: readonly string[]): boolean => addresses.every((each) => addressGroup(each) === 'loopback')

/**
 * Only loopback may be taken from a request, and the port from its socket alone: whoever writes a Host would choose who issues tokens.
 */
function siteOfRequest({ headers, socket }: IncomingMessage, reach: MountedIn | Listen): Site | undefined {
  const { localPort } = socket
  const url = URL.parse(`http://${headers.host ?? ''}`)
  if (localPort === undefined || url === null || !isLoopbackName(url.hostname)) return undefined
  const tls = 'encrypted' in socket && socket.encrypted === true ? ('local' as const) : undefined
  return siteOf(reach, originsOf({ tls }, localPort))
}
