/**
 * What stands in for the embedded authorization server where somebody else's issues the tokens: the protected resource's metadata
 * (RFC 9728), which names that issuer, and the verifier of its tokens. No other path is answered: no sign-in, no pages, no keys.
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Clock, type Log, STANDARD_SCOPES } from '../../core/index.ts'
import { allowAnyOrigin, end, preflight, sendMetadata } from '../answers.ts'
import { resourceMetadata } from '../metadata.ts'
import { createResources } from '../resources.ts'
import type { AuthorizationServer } from '../server.ts'
import { type AskParts, createAsk } from './ask.ts'
import { createIntrospection } from './introspection.ts'
import { createIssuerMetadata } from './issuer-metadata.ts'
import { createKeys } from './jwks.ts'
import { type ExternalIssuerOptions, toSettings } from './options.ts'
import { createExternalVerifier } from './token-verifier.ts'

export interface ExternalAuthorizationParts extends Pick<AskParts, 'lookup' | 'ca'> {
  /** As `externalShape` and `refineAuth` have found them right. */
  readonly options: ExternalIssuerOptions
  /** Every URL of the MCP endpoint; the first is the canonical one. */
  readonly resources: readonly string[]
  readonly shownScopes: () => readonly string[]
  readonly clock: Clock
  readonly log: Log
}

const METHODS = ['GET', 'HEAD', 'OPTIONS']

export function createExternalAuthorization(parts: ExternalAuthorizationParts): AuthorizationServer {
  const { clock, log, lookup, ca } = parts
  const settings = toSettings(parts.options)
  const { issuer, jwksUri, introspection, algorithms } = settings
  const resources = createResources(parts.resources)
  const paths = new Set(resources.metadataPaths)
  const ask = createAsk({ settings, lookup, ca })
  const metadata = createIssuerMetadata({ settings, ask, clock, log })
  const keys = createKeys({ locate: async () => jwksUri ?? (await metadata())?.jwksUri, ask, algorithms, clock, log })
  const introspect = introspection && createIntrospection({ options: introspection, metadata, ask, clock, log })
  const verifier = createExternalVerifier({ settings, resources, keys, introspect, clock })
  // Whether it can be reached is worth knowing before the first caller comes; it is asked again when it must be.
  void keys.current().catch(() => {})

  function answer(request: IncomingMessage, response: ServerResponse): void {
    const pathname = (request.url ?? '/').split('?', 1)[0] as string
    if (!paths.has(pathname)) return end(response, 404)
    allowAnyOrigin(response)
    if (!METHODS.includes(request.method ?? 'GET')) {
      response.setHeader('allow', METHODS.join(', '))
      return end(response, 405)
    }
    if (request.method === 'OPTIONS') return preflight(response, METHODS)
    const shown = parts.shownScopes()
    const scopes = shown.length === 0 ? STANDARD_SCOPES : shown
    sendMetadata(response, resourceMetadata(resources.described(request.headers.host, pathname), issuer, scopes))
  }
  return {
    route: (pathname) => (paths.has(pathname) ? { cors: true } : undefined),
    async handle(request, response) {
      answer(request, response)
    },
    verifier,
    resourceMetadataUrl: (resource) => resources.metadataUrl(resource),
    // Accounts are the issuer's.
    createSetupLink: async () => undefined,
    async close() {
      ask.close()
    },
  }
}
