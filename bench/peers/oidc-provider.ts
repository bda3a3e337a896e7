/**
 * The library that Sallyport's authorization server stands on, as it comes: client credentials, tokens signed with ES256 for one
 * resource, everything in memory. No front, no database, no bounds.
 *
 * @module
 */

import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Configuration, Provider } from 'oidc-provider'
import { announce } from './serve.ts'

const secret = randomBytes(32).toString('base64url')
const jwk = { ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig' }

const server = createServer()
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const provider = new Provider(issuer, configure(`${issuer}/mcp`))
  const handle = provider.callback()
  server.on('request', (request, response) => void handle(request, response))
  const able = `Basic ${Buffer.from(`bench:${secret}`).toString('base64')}`
  announce({ url: `${issuer}/token`, credentials: { able: { authorization: able }, powerless: { authorization: able } } })
})

function configure(resource: string): Configuration {
  return {
    jwks: { keys: [jwk as NonNullable<Configuration['jwks']>['keys'][number]] },
    clients: [
      {
        client_id: 'bench',
        client_secret: secret,
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
        id_token_signed_response_alg: 'ES256',
      },
    ],
    enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => resource,
        getResourceServerInfo: () => ({
          scope: 'tools:execute',
          audience: resource,
          accessTokenTTL: 3600,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
    ttl: { ClientCredentials: 3600 },
  }
}
