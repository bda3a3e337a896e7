/**
 * A service over HTTP and WebSocket: on sockets of its own, or inside an app. Where it is reached decides who issues tokens and
 * what they are for; an app may tell that with its first request only, so that what depends on it is made then.
 *
 * @module
 */

import type { IncomingMessage } from 'node:http'
import type { TokenVerifier } from '../core/index.ts'
import { type AuthorizationServer, createApiKeys, createApiKeyUse, createNonces, createProofVerifier } from '../oauth/index.ts'
import { createAccounts } from '../people/index.ts'
import {
  createAddressOf,
  createCertificateSource,
  createCors,
  createDoor,
  createEndpoint,
  createLimitAnswer,
  createMounted,
  createRouter,
  createSessions,
  createUnreached,
  createUnsent,
  createWebSockets,
  peerAddress,
  type WebSockets,
} from '../transports/index.ts'
import { createAuthorization } from './authorization.ts'
import { createEngine, type Engine } from './engine.ts'
import { createFoundation } from './foundation.ts'
import { checkReach, type Listen, type MountedIn, type Site } from './listen.ts'
import { ELSEWHERE, isOfThisMachine, knownSite, NOWHERE, siteOfRequest } from './request-site.ts'
import type { HttpService, ServiceOptions } from './service.ts'
import { openSockets } from './sockets.ts'

/** @throws {ConfigError} where an option is wrong, or the port is taken. */
export async function createHttpService(options: ServiceOptions, serveOn: Listen | MountedIn): Promise<HttpService> {
  const { data, bounds, log } = options
  checkReach(serveOn, options.cors)
  await using opening = new AsyncDisposableStack()
  const router = createRouter({ log })
  opening.defer(router.close)
  const socket = 'mounted' in serveOn ? undefined : await openSockets(serveOn, options, router)
  if (socket) opening.defer(socket.close)
  const base = createFoundation(options)
  opening.defer(base.close)
  const { store, bus, proofs, clock } = base
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

  function reach({ issuer, resources }: Site): void {
    const site = { issuer: options.auth?.issuer ?? issuer, resources }
    const parts = { options, engine, base, addressOf, certificates, requireDpopNonce }
    const authorizationServer = createAuthorization({ issuer, resources }, parts)
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
