// T10, T21, RS3, RS4, RS6 where somebody else's authorization server issues the tokens: a real oidc-provider, and a small issuer whose
// tokens are each wrong in one way. Nothing of ours signs anybody in then, and nothing that ours issued counts.

import assert from 'node:assert/strict'
import { createHmac, createPublicKey } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { ConfigError, silentLog } from '../../src/core/index.ts'
import { loadConfig } from '../../src/gateway/index.ts'
import { type AuthOptions, MCPServer, type MCPServerOptions } from '../../src/server/index.ts'
import { tool } from '../fixtures/attacks/behaviour.ts'
import { startHttpWitness } from '../fixtures/attacks/http-witness.ts'
import { verifies } from '../requirements.ts'
import { ANA, connect } from '../support/authorization.ts'
import { type Issuer, startIssuer, startRealIssuer } from '../support/external-issuer.ts'
import { said, startGateway } from '../support/gateway.ts'
import { mcp } from '../support/mcp.ts'
import { createTempDir } from '../support/paths.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { until } from '../support/until.ts'

verifies('T10', 'T21', 'RS3', 'RS4', 'RS6', 'external-issuer', 'external-keys', 'external-revocation')

const SCOPES = ['tools:read', 'tools:execute']
const ran: string[] = []
const tools = [
  { name: 'change', execute: () => void ran.push('change') },
  {
    name: 'who',
    permissions: { requiredScopes: ['tools:read'] },
    execute: (_: unknown, { principal }: { principal: { issuer: string; subject: string; clientId: string } }) =>
      JSON.stringify([principal.issuer, principal.subject, principal.clientId]),
  },
]
const serve = (auth: AuthOptions, more: object = {}): Promise<TestServer> =>
  startServer({ tools, auth, ...more } as unknown as MCPServerOptions)
const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

describe('a real issuer', () => {
  it('is named to clients, its tokens let in, and nothing of our own sign-in is there', async () => {
    await using issuer = await startRealIssuer('jwt', SCOPES)
    await using world = await serve({ issuer: issuer.issuer })
    assert.equal(world.issuer, issuer.issuer)
    assert.equal(world.setupLink, undefined)
    const { body: metadata } = await mcp(world.url).send('GET', '/.well-known/oauth-protected-resource/mcp')
    assert.equal(metadata.resource, world.url)
    assert.deepEqual(metadata.authorization_servers, [issuer.issuer])
    assert.deepEqual(metadata.scopes_supported, ['tools:execute', 'tools:read'])

    const token = await issuer.token(world.url, 'tools:read')
    const answer = await mcp(world.url, { token }).call('who')
    assert.deepEqual(JSON.parse(said(answer)), [issuer.issuer, issuer.clientId, issuer.clientId])
    const lacking = await mcp(world.url, { token }).call('change')
    assert.equal(lacking.status, 403)
    assert.match(String(lacking.headers['www-authenticate']), /error="insufficient_scope", scope="tools:read tools:execute"/)
    assert.equal((await mcp(world.url, { token: await issuer.token(world.url, SCOPES.join(' ')) }).call('change')).status, 200)
    assert.deepEqual(ran.splice(0), ['change'])

    const elsewhere = await mcp(world.url, { token: await issuer.token('https://other.example.com/mcp', 'tools:read') }).call('who')
    assert.equal(elsewhere.status, 401)
    for (const path of ['authorize', 'token', 'register', 'revoke', 'jwks', 'setup', 'introspect', 'par', 'device', 'interaction/aaaaaaaa'])
      for (const method of ['GET', 'POST']) assert.equal((await mcp(world.url).send(method, `/${path}`)).status, 404, path)
    for (const path of ['oauth-authorization-server', 'openid-configuration'])
      assert.equal((await mcp(world.url).send('GET', `/.well-known/${path}`)).status, 404)
    assert.equal((await mcp(world.url, { key: await world.key() }).call('change')).status, 200)
    ran.length = 0
  })
  it('whose tokens are no JWTs is asked, and one that it revokes stops within two seconds', async () => {
    await using issuer = await startRealIssuer('opaque', SCOPES)
    const { clientId, clientSecret } = issuer
    await using world = await serve({ issuer: issuer.issuer, introspection: { clientId, clientSecret } })
    const token = await issuer.token(world.url, 'tools:read')
    assert.doesNotMatch(token, /\./)
    const client = mcp(world.url, { token })
    assert.deepEqual(JSON.parse(said(await client.call('who'))), [issuer.issuer, clientId, clientId])
    const other = await issuer.token('https://other.example.com/mcp', 'tools:read')
    assert.equal((await mcp(world.url, { token: other }).call('who')).status, 401)
    assert.equal((await mcp(world.url, { token: 'made-up' }).call('who')).status, 401)
    await issuer.revoke(token)
    await until('the token to stop', async () => (await client.call('who')).status === 401, 2_000)
    await issuer[Symbol.asyncDispose]()
    const unanswered = await mcp(world.url, { token: 'another' }).call('who')
    assert.equal(unanswered.status, 503)
    assert.equal(unanswered.headers['retry-after'], '1')
  })
})

describe('an issuer whose tokens are wrong in one way', () => {
  let issuer: Issuer
  let world: TestServer
  before(async () => {
    issuer = await startIssuer()
    world = await serve({ issuer: issuer.issuer })
  })
  after(async () => {
    await world[Symbol.asyncDispose]()
    await issuer[Symbol.asyncDispose]()
  })
  const mint = (claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}): Promise<string> =>
    issuer.mint({ claims: { aud: world.url, client_id: 'cli', scope: SCOPES.join(' '), ...claims }, header })

  it('gets 401 with a challenge for each, and nothing runs', async () => {
    const now = Math.floor(Date.now() / 1000)
    const [head = '', body = ''] = (await mint()).split('.')
    const publicKey = createPublicKey({ key: issuer.published[0] as never, format: 'jwk' })
    const hmac = (secret: string | Buffer): string => {
      const text = `${encode({ alg: 'HS256', kid: 'key-1' })}.${body}`
      return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
    }
    const strange = issuer.rotate({ publish: false })
    const wrong: Record<string, [token: string, why: RegExp]> = {
      'another issuer': [
        await issuer.mint({ claims: { iss: 'https://login.example.com', aud: world.url }, key: strange }),
        /not trusted here/,
      ],
      'another audience': [await mint({ aud: 'https://other.example.com/mcp' }), /for another server/],
      'the issuer as audience': [await mint({ aud: issuer.issuer }), /for another server/],
      'no audience': [await mint({ aud: null }), /for another server/],
      'alg none': [`${encode({ alg: 'none' })}.${body}.`, /malformed/],
      'HS256 with the public key': [hmac(publicKey.export({ type: 'spki', format: 'pem' })), /malformed/],
      'HS256 with the published JWK': [hmac(JSON.stringify(publicKey.export({ format: 'jwk' }))), /malformed/],
      'a key that is not published': [await issuer.mint({ claims: { aud: world.url }, key: strange }), /not valid here/],
      'a key brought along': [
        await issuer.mint({
          claims: { aud: world.url },
          key: strange,
          header: {
            kid: 'key-1',
            jwk: strange.publicKey.export({ format: 'jwk' }),
            jku: `${issuer.origin}/other`,
            x5u: `${issuer.origin}/other`,
          },
        }),
        /not valid here/,
      ],
      expired: [await mint({ exp: now - 60 }), /has expired/],
      'not yet valid': [await mint({ nbf: now + 3_600 }), /has expired/],
      'issued in the future': [await mint({ iat: now + 3_600 }), /has expired/],
      'an ID token': [await mint({ nonce: 'n' }), /malformed/],
      'a header alone': [`${head}..`, /./],
    }
    for (const [what, [token, why]] of Object.entries(wrong))
      for (const version of ['2026-07-28', '2025-11-25'] as const) {
        const request = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'change' } }
        const { status, headers } = await mcp(world.url, { token, version }).post(request)
        assert.equal(status, 401, what)
        const challenge = String(headers['www-authenticate'])
        assert.match(challenge, /^Bearer error="invalid_token"/, what)
        assert.match(/error_description="([^"]+)"/.exec(challenge)?.[1] ?? '', why, what)
        assert.ok(challenge.includes('/.well-known/oauth-protected-resource/mcp'), what)
      }
    assert.equal(issuer.asked.get('/other'), undefined, 'nothing that a token names is fetched')
    assert.deepEqual(ran, [])
    // What is right but for none of these is let in.
    assert.equal((await mcp(world.url, { token: await mint() }).call('change')).status, 200)
    assert.deepEqual(ran.splice(0), ['change'])
  })
  it('is asked for a key that nobody knows once in half a minute, whatever callers invent', async () => {
    await using fresh = await serve({ issuer: issuer.issuer })
    await mcp(fresh.url, { token: await issuer.mint({ claims: { aud: fresh.url } }) }).call('who')
    const before = issuer.asked.get('/keys') ?? 0
    const strange = issuer.rotate({ publish: false })
    for (let i = 0; i < 10; i++) {
      const token = await issuer.mint({ claims: { aud: fresh.url }, key: strange, header: { kid: `invented-${i}` } })
      assert.equal((await mcp(fresh.url, { token }).call('who')).status, 401)
    }
    assert.ok((issuer.asked.get('/keys') ?? 0) - before <= 1)
  })
  it('vouches for nobody but its own: ana of our accounts is somebody else, and her token is none any more', async () => {
    const folder = await createTempDir('issuers')
    const options = { tools, port: 0, dataDir: folder.path, log: silentLog } as unknown as MCPServerOptions
    const embedded = new MCPServer(options)
    const { url, issuer: own } = await embedded.listen()
    const { createAccounts } = await import('../../src/people/index.ts')
    const { openData } = await import('../../src/vault/index.ts')
    const data = await openData({ dataDir: folder.path })
    await createAccounts({ store: data.store, clock: Date.now }).create(ANA)
    await data.store.close()
    const { tokens } = await connect({ issuer: own, resource: url })
    assert.equal(JSON.parse(said(await mcp(url, { token: tokens.access_token }).call('who')))[0], own)
    await embedded.close()

    const port = Number(new URL(url).port)
    const external = new MCPServer({ ...options, port, auth: { issuer: issuer.issuer } } as MCPServerOptions)
    await external.listen()
    const theirs = await issuer.mint({ claims: { aud: url, sub: 'ana', client_id: 'cli', scope: 'tools:read' } })
    assert.deepEqual(JSON.parse(said(await mcp(url, { token: theirs }).call('who'))), [issuer.issuer, 'ana', 'cli'])
    assert.equal((await mcp(url, { token: tokens.access_token }).call('who')).status, 401)
    await external.close()
    await folder.remove()
  })
})

describe('a gateway', () => {
  it('takes the issuer from sallyport.yaml, passes nothing of the token on, and forgets no secret in a log', async () => {
    await using issuer = await startIssuer()
    await using web = await startHttpWitness({ era: 'modern', name: 'web', tools: [tool('look')] })
    const clientSecret = 'of-the-sea-and-of-the-shore'
    await using gateway = await startGateway({
      servers: { web: { url: web.url } },
      config: { auth: { issuer: issuer.issuer, introspection: { clientId: 'sally', clientSecret } } },
    })
    const token = await issuer.mint({ claims: { aud: gateway.url, client_id: 'cli', scope: 'tools:execute' } })
    issuer.active.set(token, {})
    assert.equal(said(await mcp(gateway.url, { token }).call('look')), 'web: look')
    assert.doesNotMatch(web.everything(), new RegExp(token.slice(0, 40)))
    const [record] = (await gateway.records()).filter(({ action }) => action === 'tools/call')
    assert.deepEqual([record?.subject, record?.issuer, record?.credential], ['ana', issuer.issuer, 'token'])
    issuer.down = true
    assert.equal((await mcp(gateway.url, { token: `${token}A` }).call('look')).status, 401)
    assert.equal((await mcp(gateway.url, { token: 'another' }).call('look')).status, 503)
    assert.doesNotMatch(gateway.log(), new RegExp(clientSecret))
  })
})

describe('wrong options', () => {
  const wrong: Record<string, [AuthOptions | Record<string, unknown>, RegExp[]]> = {
    'an issuer over plain http': [{ issuer: 'http://idp.example.com' }, [/auth\.issuer: must be an https URL/]],
    'an issuer with a query': [{ issuer: 'https://idp.example.com/?tenant=a' }, [/auth\.issuer: must be/]],
    'an issuer with a user': [{ issuer: 'https://me:secret@idp.example.com' }, [/auth\.issuer: must be/]],
    'algorithms of no key pair': [
      { issuer: 'https://idp.example.com', algorithms: ['none', 'HS256'] },
      [/auth\.algorithms\.0: must be one of RS256/, /auth\.algorithms\.1: must be one of/],
    ],
    'no algorithm at all': [{ issuer: 'https://idp.example.com', algorithms: [] }, [/auth\.algorithms/]],
    'options without an issuer': [
      { audience: 'api://notes', algorithms: ['RS256'] },
      [/auth\.audience: goes with issuer/, /auth\.algorithms: goes with issuer/],
    ],
    'half an introspection': [
      { issuer: 'https://idp.example.com', introspection: { clientId: 'a' } },
      [/auth\.introspection\.clientSecret/],
    ],
    'keys over plain http': [{ issuer: 'https://idp.example.com', jwksUri: 'http://idp.example.com/keys' }, [/auth\.jwksUri: must be/]],
    'a tolerance of an hour': [{ issuer: 'https://idp.example.com', clockToleranceSeconds: 3_600 }, [/auth\.clockToleranceSeconds/]],
    'what only our own server can': [
      { issuer: 'https://idp.example.com', trustedIssuers: [] },
      [/auth\.trustedIssuers: .*(?:embedded|no such)/],
    ],
    'a slip of the pen': [{ isuer: 'https://idp.example.com' }, [/auth\.isuer: .*issuer/]],
  }
  for (const [what, [auth, expected]] of Object.entries(wrong)) {
    it(`do not start: ${what}`, () => {
      assert.throws(
        () => new MCPServer({ auth } as never),
        (error) =>
          error instanceof ConfigError &&
          expected.every((each) => error.problems.some((problem) => each.test(problem))) &&
          !/secret/.test(error.message.replace('clientSecret', '')),
      )
    })
  }
  it('do not start in sallyport.yaml either, and are told with their lines', async () => {
    const folder = await createTempDir('config')
    const { writeFileSync } = await import('node:fs')
    const file = `${folder.path}/sallyport.yaml`
    writeFileSync(
      file,
      'auth:\n  issuer: http://idp.example.com\n  algorithms: [HS256]\n  introspection:\n    clientId: a\n    clientSecret: ${env:NOT_THERE}\n',
    )
    assert.throws(
      () => loadConfig({ file, cwd: folder.path, env: {} }),
      (error) =>
        error instanceof ConfigError &&
        [
          /yaml:2: auth\.issuer: must be an https URL/,
          /yaml:3: auth\.algorithms\.0: must be one of/,
          /yaml:6: auth\.introspection\.clientSecret: /,
        ].every((each) => error.problems.some((problem) => each.test(problem))),
    )
    writeFileSync(file, 'auth:\n  issuer: ${env:ISSUER}\n')
    assert.equal(loadConfig({ file, cwd: folder.path, env: { ISSUER: 'https://idp.example.com' } }).auth?.issuer, 'https://idp.example.com')
    await folder.remove()
  })
})
