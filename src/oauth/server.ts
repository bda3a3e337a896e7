/**
 * The embedded authorization server: its own front (routes, bounds, CORS, metadata, pages), and oidc-provider behind it
 * for the protocol. What is not listed in `routes.ts` is not answered here.
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TokenVerifier } from '../core/index.ts'
import { createPeople } from '../people/index.ts'
import { createAccount } from './account/index.ts'
import { allowAnyOrigin, end, preflight, sendError, sendJson, sendMetadata } from './answers.ts'
import { createArtifacts } from './artifacts.ts'
import { createCimd } from './cimd.ts'
import { createAllClients } from './cimd-clients.ts'
import { createClientCopies } from './cimd-copies.ts'
import { createClients } from './clients.ts'
import type { Engine } from './engine.ts'
import { createTrust } from './grant-types/trusted-issuers.ts'
import { createGrantUse, type Noted } from './grant-use.ts'
import { createGrants } from './grants.ts'
import { offeredBy, resourceMetadata, serverMetadata } from './metadata.ts'
import { type AuthorizationServerOptions, checkSettings } from './options.ts'
import { pageHeaders, problemPage, sendPage } from './pages/index.ts'
import { createPersonAtBrowser } from './person-at-browser.ts'
import { causeOf, createRecorder } from './recorder.ts'
import { createResources } from './resources.ts'
import { createRoutes } from './routes.ts'
import { createSetup } from './setup.ts'
import { createSignInFront } from './sign-in/front.ts'
import { createSignInProviders } from './sign-in/providers.ts'
import { createSignInSteps } from './sign-in/steps.ts'
import { createWelcome } from './sign-in/welcome.ts'
import { createSigningKeys } from './signing-keys.ts'
import { createTokenVerifier } from './token-verifier.ts'

export interface AuthorizationServer {
  /** Whether the path is ours. `cors`: any origin may ask, without credentials; otherwise it is a page, for its own origin. */
  route(pathname: string): { readonly cors: boolean } | undefined
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>
  /** For the access tokens of this issuer. */
  readonly verifier: TokenVerifier
  /** The `resource_metadata` of a challenge (RFC 9728 §5.1) for a request that addressed `resource`. */
  resourceMetadataUrl(resource: string): string
  /** A link to make the owner's account, good once and for ten minutes; undefined where there is an owner. */
  createSetupLink(): Promise<string | undefined>
  /** Is told of every decision: when a grant was last used. */
  noteUse?(record: Noted): void
  close(): Promise<void>
}

/** @throws {ConfigError} if an option is missing, misspelled or out of range. */
export function createAuthorizationServer(options: AuthorizationServerOptions): AuthorizationServer {
  const settings = checkSettings(options)
  const { issuer, store, keyRing, vault, bus, clock, log, shownScopes } = settings
  const { origin, host } = new URL(issuer)
  const certificates = offeredBy(settings.certificates)
  const resources = createResources(settings.resources)
  const routes = createRoutes(settings.basePath, resources)
  const record = createRecorder(settings)
  const people = createPeople(settings)
  const { accounts } = people
  const person = createPersonAtBrowser(settings, people.sessions)
  const artifacts = createArtifacts({ store, keyRing, vault, clock })
  const grants = createGrants({ store, bus, clock, artifacts })
  const copies = createClientCopies({ store, clock })
  const cimd = createCimd({ mode: settings.cimd, copies, counters: settings.counters, clock, log, fetch: settings.guardedFetch })
  const clients = createAllClients({ clients: createClients({ store, vault, bus, clock }), copies, documents: cimd.documents, grants })
  const grantUse = createGrantUse({ grants, log })
  const signingKeys = createSigningKeys({ store, vault, clock, bus, log, maxAgeDays: settings.signingKeyDays })
  if (settings.dangerouslyTakeHastyConsent)
    log('warn', 'dangerouslyTakeHastyConsent: an Allow in the first second counts, which may be a click that was meant for another page')
  const trust = createTrust(settings.trustedIssuers)
  for (const { issuer: reused, dangerouslyAllowReuse } of settings.trustedIssuers) {
    if (dangerouslyAllowReuse)
      log('warn', 'dangerouslyAllowReuse: whoever copies an assertion of this issuer can use it too', { issuer: reused })
  }
  const tokens = createTokenVerifier({
    issuer,
    resources,
    signingKeys,
    grants,
    clients,
    accounts,
    trust,
    clock,
    hierarchy: settings.hierarchy,
    learn: grantUse.learn,
  })
  const setup = createSetup({ settings, accounts, resources, record })
  const welcome = createWelcome({ settings, person, record })
  const providers = createSignInProviders({ settings, accounts, welcome, record })
  const steps = createSignInSteps({ settings, people, providers, welcome, record })
  const signIn = createSignInFront({ settings, resources, people, person, steps, providers, record })

  const account = createAccount({ settings, resources, people, person, grants, clients, record })

  let engine: Promise<Engine> | undefined
  function start(): Promise<Engine> {
    engine ??= import('./engine.ts')
      .then(({ createEngine }) =>
        createEngine({ settings, resources, trust, accounts, person, steps, artifacts, grants, clients, signingKeys, tokens, record }),
      )
      .catch((error: unknown) => {
        engine = undefined
        throw error
      })
    return engine
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = URL.parse(request.url ?? '/', origin)
    if (url === null) return end(response, 400)
    const { pathname, search } = url
    const route = routes(pathname)
    if (route === undefined) return end(response, 404)
    if (route.cors) allowAnyOrigin(response)
    else for (const [name, value] of Object.entries(pageHeaders())) response.setHeader(name, value)
    const method = request.method ?? 'GET'
    if (!route.methods.includes(method)) {
      response.setHeader('allow', route.methods.join(', '))
      if (!route.cors) return end(response, 405)
      return sendError(response, 405, 'invalid_request', `the methods here are ${route.methods.join(', ')}`)
    }
    if (method === 'OPTIONS') return preflight(response, route.methods)
    if (!route.cors && method === 'GET' && isPartOfAnotherPage(request)) {
      record(request, { decision: 'deny', reason: 'not_a_page', action: route.name })
      return sendPage(response, problemPage('not_a_page'))
    }

    switch (route.name) {
      case 'server-metadata':
        return sendMetadata(
          response,
          serverMetadata(issuer, shownScopes(), { cimd: cimd.isOffered(), certificates, trusted: settings.trustedIssuers }),
        )
      case 'resource-metadata':
        return sendMetadata(
          response,
          resourceMetadata(resources.described(request.headers.host, pathname), issuer, shownScopes(), { certificates }),
        )
      case 'jwks':
        return sendMetadata(response, { keys: (await signingKeys.published()).map(({ publicJwk }) => publicJwk) })
      case 'setup':
        return setup.handle(request, response)
      default:
    }
    // Cookies belong to a host name: a page that was opened under another one is opened again under the issuer's.
    if (!route.cors && method === 'GET' && request.headers.host !== host) return redirect(response, origin + pathname + search)
    if (route.name === 'account') return account.handle(request, response)
    if (await signIn.handle(route, request, response)) return
    return (await start()).handle(route, request, response)
  }

  return {
    route: (pathname) => {
      const found = routes(pathname)
      return found && { cors: found.cors }
    },
    async handle(request, response) {
      try {
        await answer(request, response)
      } catch (error) {
        // Whoever hung up in mid-sentence broke nothing of ours.
        if (request.destroyed && !request.complete) return
        record(request, { decision: 'error', reason: 'crashed', action: 'authorization-server', cause: causeOf(error) })
        log('error', 'the authorization server failed', { cause: causeOf(error) })
        if (response.headersSent) response.destroy()
        else if (routes(URL.parse(request.url ?? '/', origin)?.pathname ?? '')?.cors === false)
          sendPage(response, problemPage('server_error'))
        else sendJson(response, 500, { error: 'server_error' })
      }
    },
    verifier: tokens.verifier,
    resourceMetadataUrl: (resource) => resources.metadataUrl(resource),
    noteUse: grantUse.note,
    async createSetupLink() {
      // Who could not sign in with it needs no account.
      return settings.localAccounts ? setup.createLink() : undefined
    },
    async close() {
      cimd.close()
      providers.close()
      await grantUse.close()
      if (options.guardedFetch === undefined) settings.guardedFetch.close()
      await (await engine?.catch(() => undefined))?.close()
    },
  }
}

function redirect(response: ServerResponse, location: string): void {
  response.setHeader('location', location)
  end(response, 302)
}

/** A page of another site that loads one of ours as an image or a frame (Fetch Metadata §2.1): nobody would see it. */
function isPartOfAnotherPage({ headers: { 'sec-fetch-dest': destination } }: IncomingMessage): boolean {
  return destination !== undefined && destination !== 'document'
}
