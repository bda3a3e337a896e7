/**
 * Metadata and tokens as Keycloak, Entra, Auth0 and Okta document them, minted by an issuer on loopback: what becomes of each with the
 * defaults, and with claims that the operator names.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Principal, silentLog } from '../../src/core/index.ts'
import { createExternalAuthorization, type ExternalIssuerOptions } from '../../src/oauth/index.ts'
import { verifies } from '../requirements.ts'
import { type IssuerOptions, startIssuer } from '../support/external-issuer.ts'

verifies('external-issuer')

const RESOURCE = 'https://mcp.example.com/mcp'
const TENANT = '4f1a3b0e-52c7-4f0e-9a7e-1d1b4a5c7e21'
const API = '6e74172b-be56-4843-9ff4-e66a39bb12e3'

interface Shape {
  readonly about: IssuerOptions
  readonly options?: Partial<ExternalIssuerOptions>
  /** Entra publishes keys that do not say what for. */
  readonly bareKeys?: boolean
  readonly expected: Partial<Principal>
}

const shapes: Record<string, Shape> = {
  'Keycloak, a person': {
    about: {
      path: '/realms/acme',
      places: ['/realms/acme/.well-known/openid-configuration'],
      header: { typ: 'JWT' },
      claims: {
        jti: 'onrtac:6d3a4f0e',
        aud: [RESOURCE, 'account'],
        sub: '0c1e5b1d-8a2a-4b8e-9d35-9f2f0f1f7a10',
        typ: 'Bearer',
        azp: 'claude-code',
        sid: 'b6a8f6d1',
        acr: '1',
        'allowed-origins': ['/*'],
        realm_access: { roles: ['offline_access', 'staff'] },
        resource_access: { account: { roles: ['manage-account'] }, notes: { roles: ['editor'] } },
        scope: 'openid tools:read tools:execute',
        preferred_username: 'ana',
      },
    },
    expected: {
      subject: '0c1e5b1d-8a2a-4b8e-9d35-9f2f0f1f7a10',
      clientId: 'claude-code',
      scopes: ['openid', 'tools:read', 'tools:execute'],
      roles: ['offline_access', 'staff'],
      credentialId: 'onrtac:6d3a4f0e',
    },
  },
  'Keycloak, with the roles of a client': {
    about: {
      path: '/realms/acme',
      header: { typ: 'JWT' },
      claims: {
        aud: RESOURCE,
        typ: 'Bearer',
        azp: 'cli',
        scope: 'tools:read',
        resource_access: { notes: { roles: ['editor'] } },
        realm_access: { roles: ['staff'] },
      },
    },
    options: { claims: { roles: ['resource_access.notes.roles', 'realm_access.roles'] } },
    expected: { roles: ['editor', 'staff'] },
  },
  'Entra, version 2.0': {
    about: {
      path: `/${TENANT}/v2.0`,
      places: [`/${TENANT}/v2.0/.well-known/openid-configuration`],
      header: { typ: 'JWT' },
      claims: {
        aud: API,
        azp: 'd7ebd5ac-2f2c-4d54-9c1d-3f6a8ae3a0c1',
        azpacr: '0',
        name: 'Ana',
        oid: '690222be-ff1a-4d56-abd1-7e4f7d38e474',
        scp: 'tools.read tools.execute',
        roles: ['Notes.Editor'],
        sub: 'HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ',
        tid: TENANT,
        uti: 'fqiBqXLPj0eQa82S-IYFAA',
        ver: '2.0',
      },
    },
    options: { audience: API },
    bareKeys: true,
    expected: {
      subject: 'HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ',
      clientId: 'd7ebd5ac-2f2c-4d54-9c1d-3f6a8ae3a0c1',
      scopes: ['tools.read', 'tools.execute'],
      roles: ['Notes.Editor'],
      credentialId: 'fqiBqXLPj0eQa82S-IYFAA',
    },
  },
  'Entra, version 1.0, an application, by its object id': {
    about: {
      path: `/${TENANT}`,
      slash: true,
      claims: { aud: `api://${API}`, appid: 'daemon', oid: 'object', roles: ['Notes.Read'], sub: 'pairwise', ver: '1.0' },
    },
    options: { audience: `api://${API}` },
    bareKeys: true,
    expected: { subject: 'pairwise', clientId: 'daemon', scopes: [], roles: ['Notes.Read'] },
  },
  Auth0: {
    about: {
      slash: true,
      places: ['/.well-known/openid-configuration'],
      header: { typ: 'JWT' },
      claims: {
        sub: 'auth0|5f7c8ec7c33c6c004bbafe82',
        aud: [RESOURCE, 'https://acme.eu.auth0.com/userinfo'],
        azp: 'my_client_id',
        scope: 'openid tools:read',
        permissions: ['tools:execute'],
        'https://acme.example/roles': ['staff'],
      },
    },
    options: { claims: { scopes: 'permissions', roles: 'https://acme.example/roles' } },
    expected: { subject: 'auth0|5f7c8ec7c33c6c004bbafe82', clientId: 'my_client_id', scopes: ['tools:execute'], roles: ['staff'] },
  },
  'Auth0, with the profile of RFC 9068': {
    about: { slash: true, header: { typ: 'at+jwt' }, claims: { aud: RESOURCE, client_id: 'my_client_id', scope: 'tools:read', jti: 'j' } },
    options: { requiredTokenType: 'at+jwt' },
    expected: { clientId: 'my_client_id', scopes: ['tools:read'], roles: [] },
  },
  Okta: {
    about: {
      path: '/oauth2/default',
      places: ['/oauth2/default/.well-known/openid-configuration'],
      claims: {
        ver: 1,
        jti: 'AT.0mP4JKAZX1iACIT4vbEDF7LpvDVjxypPMf0D7uX39RE',
        aud: 'api://default',
        sub: 'ana@acme.example',
        cid: '0oabv6kx4qq6h1U5l0h7',
        uid: '00ujmkLgagxeRrAg20g3',
        scp: ['openid', 'tools:read'],
        groups: ['Everyone', 'staff'],
      },
    },
    options: { audience: 'api://default' },
    expected: {
      subject: 'ana@acme.example',
      clientId: '0oabv6kx4qq6h1U5l0h7',
      scopes: ['openid', 'tools:read'],
      roles: ['Everyone', 'staff'],
    },
  },
  'nobody’s shape: claims of other types grant nothing': {
    about: {
      claims: {
        aud: RESOURCE,
        client_id: { id: 1 },
        cid: 'cli',
        'my.client': 'mine',
        scope: { all: true },
        roles: [1, null, { admin: true }, 'staff'],
      },
    },
    options: { claims: { client: 'my.client' } },
    expected: { clientId: 'mine', scopes: [], roles: ['staff'] },
  },
}

for (const [name, { about, options = {}, bareKeys = false, expected }] of Object.entries(shapes)) {
  test(name, async () => {
    await using issuer = await startIssuer(about)
    if (bareKeys) for (const key of issuer.published) delete key['alg']
    const server = createExternalAuthorization({
      options: { issuer: issuer.issuer, ...options },
      resources: [RESOURCE],
      shownScopes: () => [],
      clock: Date.now,
      log: silentLog,
    })
    const verify = async (token: string) => server.verifier.verify({ scheme: 'bearer', value: token }, RESOURCE)
    const decision = await verify(await issuer.mint())
    assert.ok(decision.allowed, JSON.stringify(decision))
    const { principal } = decision.value
    for (const [key, value] of Object.entries(expected)) assert.deepEqual(principal[key as keyof Principal], value, key)
    assert.equal(principal.issuer, issuer.issuer)
    // The ID token of the same sign-in is for the client, and the token of another API for that.
    for (const aud of ['the-client', 'https://graph.example.com', ['account']])
      assert.equal((await verify(await issuer.mint({ claims: { aud } }))).allowed, false)
    await server.close()
  })
}
