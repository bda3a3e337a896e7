// A10, A3: anybody may register a client. What they get is an id that opens nothing; what they may change afterwards is their own
// registration, with its own token, within the same rules. Whoever names a client that is not there is told so, and sent nowhere.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createClients } from '../../src/oauth/clients.ts'
import { recognise } from '../../src/oauth/pages/unknown-client.ts'
import { verifies } from '../requirements.ts'
import {
  ANA,
  authorizeUrl,
  connect,
  type Fixture,
  postForm,
  postJson,
  type Registered,
  redeem,
  register,
  startAuthorizationServer,
  verify,
} from '../support/authorization.ts'
import { signIn, textOf } from '../support/browser.ts'

verifies('A10', 'A3')

const body = { redirect_uris: ['http://127.0.0.1/cb'], token_endpoint_auth_method: 'none', client_name: 'One' }
const json = async (response: Response) => (await response.json()) as Record<string, unknown>
const uriOf = (client: Registered) => String(client['registration_client_uri'])
const tokenOf = (client: Registered) => String(client['registration_access_token'])

function manage(client: Registered, method: string, change?: object, token = tokenOf(client), uri = uriOf(client)): Promise<Response> {
  return fetch(uri, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(change && { body: JSON.stringify(change) }),
  })
}
const statusOf = async (response: Promise<Response>) => {
  const answer = await response
  await answer.body?.cancel()
  return answer.status
}

describe('A10: a registration', () => {
  it('comes with where it is managed and the token for that, which is stored nowhere', async () => {
    await using fixture = await startAuthorizationServer()
    const client = await register(fixture, body)
    assert.equal(uriOf(client), `${fixture.issuer}/register/${client.client_id}`)
    assert.match(tokenOf(client), /^rat_[\w-]{43}$/)
    for (const kind of ['client', 'oauth_artifact'] as const)
      assert.ok(!JSON.stringify(await fixture.store.records(kind).list()).includes(tokenOf(client)))
    assert.equal((await fixture.store.records('oauth_artifact').list()).length, 0)
    assert.ok(!JSON.stringify(fixture.records).includes(tokenOf(client)))
    const answer = await manage(client, 'GET')
    assert.equal(answer.headers.get('cache-control'), 'no-store')
    assert.deepEqual(await json(answer), client, 'the same token each time')
  })
  it('is not managed with anything but its own token', async () => {
    await using fixture = await startAuthorizationServer({ registrationsPerHour: 1000 })
    const [one, other] = [await register(fixture, body), await register(fixture, body)]
    const signedIn = await connect(fixture)
    const tokens = [tokenOf(other), '', 'rat_', `${tokenOf(one)}x`, tokenOf(one).slice(0, -1), one.client_id, signedIn.tokens.access_token]
    for (const token of tokens)
      for (const method of ['GET', 'PUT', 'DELETE']) {
        const refused = await manage(one, method, method === 'PUT' ? { ...body, client_id: one.client_id } : undefined, token)
        assert.deepEqual([refused.status, (await json(refused))['error']], [401, 'invalid_token'], `${method} ${token.slice(0, 8)}`)
        assert.match(refused.headers.get('www-authenticate') ?? '', /^Bearer error="invalid_token"/)
      }
    assert.equal((await fetch(uriOf(one))).status, 401)
    assert.equal(await statusOf(manage(one, 'GET', undefined, tokenOf(one), uriOf(other))), 401)
    assert.equal(await statusOf(manage(one, 'GET', undefined, tokenOf(one), `${fixture.issuer}/register/cl_nobodyknowsthisone`)), 401)
    assert.equal(await statusOf(manage(one, 'GET')), 200)
    // It opens nothing else.
    const { server, resource } = fixture
    assert.notEqual(typeof (await verify({ server, resource }, tokenOf(one))), 'object')
  })
  it('that an operator made is managed by operators alone', async () => {
    await using fixture = await startAuthorizationServer()
    const { store, keyRing, vault } = fixture
    const clients = createClients({ store, vault, clock: Date.now })
    const { id } = await clients.create({
      name: 'nightly',
      grantTypes: ['client_credentials'],
      authMethod: 'client_secret_basic',
      scopes: ['tools:read'],
      createdBy: 'ana',
    })
    const token = `rat_${keyRing.mac('registration-access-token', id).toString('base64url')}`
    const made = { client_id: id, registration_access_token: token, registration_client_uri: `${fixture.issuer}/register/${id}` }
    for (const method of ['GET', 'PUT', 'DELETE'])
      assert.equal(await statusOf(manage(made, method, method === 'PUT' ? { ...body, client_id: id } : undefined)), 401)
    assert.equal(await clients.update(id, { ...body, client_id: id }), false)
    assert.ok(await clients.exists(id))
  })
})

describe('A10: a change', () => {
  const widened: Record<string, object> = {
    'a redirect that is neither https nor this computer': { redirect_uris: ['http://evil.example/cb'] },
    'a script for a redirect': { redirect_uris: ['javascript:alert(1)'] },
    'no redirect': { redirect_uris: [] },
    'a grant without a person': { grant_types: ['client_credentials'] },
    'an implicit answer': { response_types: ['token'] },
    'a script for a home page': { client_uri: 'javascript:alert(1)' },
    'a long name': { client_name: 'x'.repeat(201) },
    'another id': { client_id: 'cl_another' },
    'no id': { client_id: undefined },
    'another secret': { client_secret: 'mine' },
    'an end of its secret': { client_secret_expires_at: 0 },
    'a time of its own': { client_id_issued_at: 1 },
    'its token': { registration_access_token: 'rat_mine' },
    'its address': { registration_client_uri: 'https://evil.example/' },
  }
  it('that goes beyond what may be registered is refused, and changes nothing', async () => {
    await using fixture = await startAuthorizationServer()
    const client = await register(fixture, body)
    for (const [what, change] of Object.entries(widened)) {
      const refused = await manage(client, 'PUT', { ...body, client_id: client.client_id, ...change })
      assert.equal(refused.status, 400, what)
      assert.match(String((await json(refused))['error']), /^invalid_/, what)
    }
    for (const text of ['[]', 'null', '{', '"x"'])
      assert.equal(
        await statusOf(fetch(uriOf(client), { method: 'PUT', body: text, headers: { authorization: `Bearer ${tokenOf(client)}` } })),
        400,
      )
    assert.deepEqual(await json(await manage(client, 'GET')), client)
  })
  it('replaces what was there; members beyond ours are dropped, a scope is no grant', async () => {
    await using fixture = await startAuthorizationServer()
    const client = await register(fixture, body)
    const answer = await manage(client, 'PUT', {
      client_id: client.client_id,
      client_name: 'Two',
      redirect_uris: ['https://app.example/cb'],
      token_endpoint_auth_method: 'none',
      scope: 'tools:execute',
      jwks_uri: 'https://127.0.0.1:1/',
    })
    assert.equal(answer.status, 200)
    const changed = await json(answer)
    assert.deepEqual(
      [
        changed['client_id'],
        changed['client_name'],
        changed['redirect_uris'],
        changed['scope'],
        changed['jwks_uri'],
        changed['registration_access_token'],
      ],
      [client.client_id, 'Two', ['https://app.example/cb'], undefined, undefined, tokenOf(client)],
    )
    assert.deepEqual(await json(await manage(client, 'GET')), changed)
    const at = (redirect_uri: string) => fetch(authorizeUrl(fixture, client.client_id, { redirect_uri }).url, { redirect: 'manual' })
    assert.equal(await statusOf(at('http://127.0.0.1:4000/cb')), 400, 'the old one is gone at once')
    assert.equal(await statusOf(at('https://app.example/cb')), 303)
  })
  it('keeps the secret, gives one to whoever has none yet and needs it, and takes it away', async () => {
    await using fixture = await startAuthorizationServer()
    const client = await register(fixture, { ...body, token_endpoint_auth_method: 'client_secret_basic' })
    const ask = async (change: object) => json(await manage(client, 'PUT', { ...body, client_id: client.client_id, ...change }))
    const same = await ask({ token_endpoint_auth_method: 'client_secret_post', client_secret: client.client_secret })
    assert.equal(same['client_secret'], client.client_secret)
    const without = await ask({ token_endpoint_auth_method: 'none' })
    assert.equal(without['client_secret'], undefined)
    const anew = await ask({ token_endpoint_auth_method: 'client_secret_basic' })
    assert.match(String(anew['client_secret']), /^[\w-]{43}$/)
    assert.notEqual(anew['client_secret'], client.client_secret)
    assert.ok(!JSON.stringify(await fixture.store.records('client').list()).includes(String(anew['client_secret'])), 'stored sealed')
    assert.ok(!JSON.stringify(fixture.records).includes(String(anew['client_secret'])))
  })
  it('never makes a client a web client that has addresses of this computer', async () => {
    await using fixture = await startAuthorizationServer()
    const client = await register(fixture, body)
    for (const application_type of ['web', undefined]) {
      const changed = await json(await manage(client, 'PUT', { ...body, client_id: client.client_id, application_type }))
      assert.equal(changed['application_type'], 'native')
    }
  })
  it('does not lengthen the hour of a client that nobody uses', async () => {
    await using fixture = await startAuthorizationServer()
    const client = await register(fixture, body)
    fixture.advance(3_000_000)
    assert.equal(await statusOf(manage(client, 'PUT', { ...body, client_id: client.client_id })), 200)
    fixture.advance(601_000)
    assert.equal(await statusOf(manage(client, 'GET')), 401)
    assert.equal((await fixture.store.records('client').list()).length, 0)
  })
  it('is counted with all others of its address', async () => {
    await using fixture = await startAuthorizationServer({ registrationsPerHour: 3 })
    const client = await register(fixture, body)
    for (let index = 0; index < 3; index++) assert.equal(await statusOf(manage(client, 'GET', undefined, 'rat_guess')), 401)
    const refused = await manage(client, 'GET')
    assert.equal(refused.status, 429)
    assert.ok(Number(refused.headers.get('retry-after')) > 0)
    assert.equal(await statusOf(postJson(`${fixture.issuer}/register`, body)), 201, 'who is busy managing may still register')
  })
})

describe('A10: the end of a registration', () => {
  it('ends what it was allowed within the second, and its token', async () => {
    await using fixture = await startAuthorizationServer()
    const client = await register(fixture, body)
    const redirect_uri = 'http://127.0.0.1:4000/cb'
    const { url, verifier } = authorizeUrl(fixture, client.client_id, { redirect_uri })
    const code = new URL(await signIn(url, ANA)).searchParams.get('code') as string
    const tokens = await json(await redeem(fixture, client.client_id, code, verifier, { redirect_uri }))
    assert.equal(typeof (await verify(fixture, String(tokens['access_token']))), 'object')
    assert.equal(await statusOf(manage(client, 'DELETE')), 204)
    assert.equal(await verify(fixture, String(tokens['access_token'])), 'revoked')
    assert.ok(fixture.published.includes(`client:${client.client_id}`))
    assert.equal(await statusOf(manage(client, 'DELETE')), 401)
    const refreshed = await postForm(`${fixture.issuer}/token`, {
      grant_type: 'refresh_token',
      refresh_token: String(tokens['refresh_token']),
      client_id: client.client_id,
    })
    assert.deepEqual([refreshed.status, (await json(refreshed))['error']], [401, 'invalid_client'])
    assert.ok(fixture.records.some(({ action, clientId }) => action === 'client.remove' && clientId === client.client_id))
  })
  it('comes an hour after it was made where nobody used it, and not within 90 days of its last use', async () => {
    await using fixture = await startAuthorizationServer()
    const unused = await register(fixture, body)
    const { clientId: used } = await connect(fixture)
    fixture.advance(90 * 86_400_000)
    const ids = (await fixture.store.records('client').list()).map(({ id }) => id)
    assert.deepEqual(ids, [used])
    assert.ok(!ids.includes(unused.client_id))
  })
})

describe('A10: a redirect to this computer', () => {
  it('may have any port, and its host and path are the registered ones: three names, three hosts', async () => {
    await using fixture = await startAuthorizationServer()
    const hosts = ['localhost', '127.0.0.1', '[::1]']
    for (const host of hosts) {
      const client = await register(fixture, { ...body, redirect_uris: [`http://${host}:3118/callback`] })
      const at = (redirect_uri: string) =>
        statusOf(fetch(authorizeUrl(fixture, client.client_id, { redirect_uri }).url, { redirect: 'manual' }))
      for (const port of ['', ':1', ':3118', ':65535']) assert.equal(await at(`http://${host}${port}/callback`), 303, `${host}${port}`)
      for (const other of hosts.filter((each) => each !== host))
        assert.equal(await at(`http://${other}:3118/callback`), 400, `${other} for ${host}`)
      for (const uri of [
        `https://${host}:3118/callback`,
        `http://${host}:3118/callback/`,
        `http://${host}:3118/callback?x=1`,
        `http://${host}:3118/Callback`,
        `http://${host}:3118/callback#x`,
        `http://${host}.evil.example:3118/callback`,
        `http://evil.example@${host}:3118/callback`,
        `http://${host}:3118@evil.example/callback`,
        `http://127.0.0.2:3118/callback`,
        `http://127.1:3118/callback`,
      ])
        assert.equal(await at(uri), 400, `${uri} for ${host}`)
    }
  })
})

describe('A3: a client that is not known', () => {
  const where: Record<string, { readonly redirect: string; readonly clientId?: string; readonly first: string; readonly says: RegExp }> = {
    'Claude Code': { redirect: 'http://localhost:53211/callback', first: 'Claude Code', says: /Clear authentication/ },
    'Claude Code by its document': {
      redirect: 'http://127.0.0.1:1/x',
      clientId: 'https://claude.ai/oauth/claude-code-client-metadata',
      first: 'Claude Code',
      says: /Clear authentication/,
    },
    Codex: { redirect: 'http://127.0.0.1:41999/callback', first: 'Codex', says: /codex mcp logout NAME/ },
    'Codex by its document': {
      redirect: 'x',
      clientId: 'https://chatgpt.com/oauth/codex/client.json',
      first: 'Codex',
      says: /codex mcp login NAME/,
    },
    opencode: { redirect: 'http://127.0.0.1:19876/mcp/oauth/callback', first: 'opencode', says: /opencode mcp auth NAME/ },
    'MCP Inspector': { redirect: 'http://127.0.0.1:6276/oauth/callback', first: 'MCP Inspector', says: /--relogin/ },
    'mcp-remote': { redirect: 'http://localhost:3335/oauth/callback', first: 'mcp-remote', says: /~\/\.mcp-auth/ },
    'VS Code': { redirect: 'http://127.0.0.1:33418/', first: 'VS Code', says: /Remove Dynamic Authentication Providers/ },
    'VS Code on the web': { redirect: 'https://vscode.dev/redirect', first: 'VS Code', says: /Remove Dynamic Authentication Providers/ },
    'Claude on the web': { redirect: 'https://claude.ai/api/mcp/auth_callback', first: 'Claude (web and desktop)', says: /Connectors/ },
    'one that nobody knows': { redirect: 'https://app.example/cb', first: '', says: /remove the server there, and add it again/ },
  }
  it('gets a page at /authorize that says what to do in that program, and no redirect', async () => {
    await using fixture = await startAuthorizationServer()
    for (const [name, { redirect, clientId = 'cl_forgottenlongago0000', first, says }] of Object.entries(where)) {
      const { url } = authorizeUrl(fixture, clientId, { redirect_uri: redirect })
      for (const accept of ['text/html', 'application/json', '*/*']) {
        const answer = await fetch(url, { redirect: 'manual', headers: { accept } })
        const html = await answer.text()
        assert.equal(answer.status, 400, name)
        assert.equal(answer.headers.get('location'), null, name)
        assert.match(answer.headers.get('content-type') ?? '', /^text\/html/, name)
        assert.match(textOf(html), says, name)
        assert.ok(!html.includes(redirect) || redirect.length < 2, `${name}: nothing of the request is on it`)
      }
      assert.equal(recognise({ clientId, redirectUri: redirect })[0] ?? '', first, name)
    }
  })
  it('has nothing of the request on that page, whatever it is', async () => {
    await using fixture = await startAuthorizationServer()
    const evil = '"><script>alert(1)</script><a href="https://evil.example">click</a>'
    for (const changes of [
      { redirect_uri: evil },
      { state: evil },
      { redirect_uri: `http://localhost:1/callback?${evil}` },
      { scope: evil },
    ]) {
      for (const clientId of [evil, `https://evil.example/${evil}`, `cl_${evil}`]) {
        const html = await (await fetch(authorizeUrl(fixture, clientId, changes).url, { redirect: 'manual' })).text()
        assert.ok(!/<script|evil\.example"|<a /.test(html), html)
      }
    }
    assert.ok(recognise({ clientId: undefined, redirectUri: 'x'.repeat(1_000_000) }).length === 0)
  })
  it('gets 401 invalid_client in JSON at /token, whatever it prefers', async () => {
    await using fixture: Fixture = await startAuthorizationServer()
    for (const accept of ['text/html', 'application/json', '*/*'])
      for (const client_id of ['cl_forgottenlongago0000', 'https://client.example/client.json', '', 'x'.repeat(5000)]) {
        const answer = await postForm(`${fixture.issuer}/token`, { grant_type: 'authorization_code', code: 'x', client_id }, { accept })
        assert.equal(answer.headers.get('content-type')?.split(';')[0], 'application/json')
        const { error } = await json(answer)
        if (client_id !== '') assert.deepEqual([answer.status, error], [401, 'invalid_client'], client_id.slice(0, 40))
      }
  })
})
