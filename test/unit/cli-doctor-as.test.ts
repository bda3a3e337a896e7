/**
 * `doctor --as`: a server as it should be and ours are fine for every client; whatever is wrong with a server is named once, with its fix,
 * for exactly the clients that it would stop. Real servers on loopback.
 */

import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { suite, test } from 'node:test'
import { checkAs } from '../../src/cli/checks/as.ts'
import type { Finding } from '../../src/cli/checks/check.ts'
import { type ClientProfile, clientProfiles } from '../../src/cli/checks/client-profiles.ts'
import { whileWaiting } from '../../src/cli/waiting.ts'
import { tool } from '../../src/index.ts'
import { findFreePort, run, SALLYPORT } from '../support/index.ts'
import { startServer } from '../support/server.ts'

interface Asked {
  readonly method: string
  readonly path: string
  readonly headers: NodeJS.Dict<string | string[]>
  readonly query: URLSearchParams
  readonly body: string
  readonly origin: string
}
interface Reply {
  readonly status: number
  readonly headers?: Record<string, string>
  readonly body?: unknown
}
type Change = (asked: Asked) => Reply | undefined

interface Running extends AsyncDisposable {
  readonly url: URL
  readonly asked: Asked[]
  readonly clients: Set<string>
}

/** A server as it should be, but for what `change` answers in its place. */
async function start(change: Change = () => undefined): Promise<Running> {
  const asked: Asked[] = []
  const clients = new Set<string>()
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { port } = server.address() as AddressInfo
      const origin = `http://localhost:${port}`
      const { pathname: path, searchParams: query } = new URL(request.url ?? '/', origin)
      const { method = 'GET', headers } = request
      const one: Asked = { method, path, headers, query, body: Buffer.concat(chunks).toString(), origin }
      asked.push(one)
      const { status, headers: more = {}, body = {} } = change(one) ?? usual(one, clients)
      const cors = { 'access-control-allow-origin': '*', 'access-control-expose-headers': 'WWW-Authenticate' }
      const preflight = { 'access-control-allow-headers': 'authorization, content-type, mcp-protocol-version' }
      response.writeHead(status, { 'content-type': 'application/json', ...cors, ...preflight, ...more })
      response.end(typeof body === 'string' ? body : JSON.stringify(body))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  return {
    url: new URL(`http://localhost:${(server.address() as AddressInfo).port}/mcp`),
    asked,
    clients,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const metadata = (origin: string) => ({
  issuer: origin,
  authorization_endpoint: `${origin}/authorize`,
  token_endpoint: `${origin}/token`,
  registration_endpoint: `${origin}/register`,
  scopes_supported: ['tools:read', 'offline_access'],
  response_types_supported: ['code'],
  code_challenge_methods_supported: ['S256'],
  token_endpoint_auth_methods_supported: ['none'],
})

function usual({ method, path, origin, query, body }: Asked, clients: Set<string>): Reply {
  if (method === 'OPTIONS') return { status: 204 }
  if (path === '/mcp') {
    const challenge = `Bearer resource_metadata="${origin}/.well-known/oauth-protected-resource/mcp", scope="tools:read"`
    return { status: 401, headers: { 'www-authenticate': challenge } }
  }
  if (path.startsWith('/.well-known/oauth-protected-resource'))
    return { status: 200, body: { resource: `${origin}/mcp`, authorization_servers: [origin], scopes_supported: ['tools:read'] } }
  if (path === '/.well-known/oauth-authorization-server') return { status: 200, body: metadata(origin) }
  if (path === '/register') {
    const client = { ...JSON.parse(body), client_id: `client-${clients.size + 1}` }
    clients.add(client.client_id)
    const management = { registration_client_uri: `${origin}/register/${client.client_id}`, registration_access_token: 'one' }
    return { status: 201, body: { ...client, ...management } }
  }
  if (method === 'DELETE' && clients.delete(path.replace('/register/', ''))) return { status: 204 }
  if (path === '/authorize') {
    const html = { status: 200, headers: { 'content-type': 'text/html' }, body: '<form>Sign in</form>' }
    return query.get('code_challenge_method') === 'S256' ? html : { status: 400 }
  }
  if (path === '/token') {
    const known = /\bclient_id=(client-|https%3A)/.test(body)
    return known ? { status: 400, body: { error: 'invalid_grant' } } : { status: 401, body: { error: 'invalid_client' } }
  }
  return { status: 404 }
}

const profileOf = (id: string): ClientProfile => clientProfiles.find((profile) => profile.id === id) as ClientProfile
const wrong = (findings: readonly Finding[]): string[] =>
  findings.filter(({ status }) => status !== 'ok').map(({ status, name, found }) => `${status} ${name}: ${found}`)
const problems = (findings: readonly Finding[]): readonly Finding[] => findings.filter(({ status }) => status === 'problem')

suite('a server as it should be', () => {
  for (const profile of clientProfiles)
    test(`takes ${profile.id} to its sign-in page, and nothing is left of it`, async () => {
      await using server = await start()
      const findings = await checkAs(server.url, profile)
      assert.deepEqual(wrong(findings), [])
      assert.equal(findings.at(-1)?.found, 'the registration was removed again')
      assert.equal(server.asked.filter(({ path, method }) => path === '/register' && method === 'POST').length, 1)
      assert.equal(server.clients.size, 0)
    })

  test('is asked in the order of each client, with what that client sends', async () => {
    await using server = await start()
    await checkAs(server.url, profileOf('codex'))
    const [first] = server.asked
    assert.deepEqual([first?.method, first?.path, first?.headers['mcp-protocol-version']], ['GET', '/mcp', '2024-11-05'])
    const authorized = server.asked.filter(({ path }) => path === '/authorize').map(({ query }) => query)
    assert.equal(authorized.length, 2, 'once more from another port')
    assert.equal(authorized[0]?.get('scope'), 'tools:read offline_access')
    assert.equal(authorized[0]?.get('prompt'), null)
    assert.match(authorized[0]?.get('redirect_uri') ?? '', /^http:\/\/127\.0\.0\.1:\d+\/callback$/)
    assert.notEqual(authorized[0]?.get('redirect_uri'), authorized[1]?.get('redirect_uri'))

    await checkAs(server.url, profileOf('opencode'))
    const { body = '' } = server.asked.filter(({ path }) => path === '/register').at(-1) ?? {}
    assert.equal('application_type' in JSON.parse(body), false)
    const { query } = server.asked.filter(({ path }) => path === '/authorize').at(-1) as Asked
    assert.equal(query.get('prompt'), 'consent')
    assert.equal(query.get('redirect_uri'), 'http://127.0.0.1:19876/mcp/oauth/callback')
    assert.equal(query.get('resource'), server.url.href)

    await checkAs(server.url, profileOf('claude-code'))
    assert.ok(server.asked.some(({ headers }) => headers['mcp-method'] === 'server/discover'))
    await checkAs(server.url, profileOf('mcpc'))
    assert.equal((server.asked.filter(({ path }) => path === '/authorize').at(-1) as Asked).query.has('state'), false)
  })

  test('that takes metadata documents is not asked to register the clients that have one', async () => {
    await using server = await start(({ path, origin }) =>
      path === '/.well-known/oauth-authorization-server'
        ? { status: 200, body: { ...metadata(origin), client_id_metadata_document_supported: true } }
        : undefined,
    )
    assert.deepEqual(wrong(await checkAs(server.url, profileOf('claude-code'))), [])
    assert.equal(
      server.asked.some(({ path }) => path === '/register'),
      false,
    )
    const { query } = server.asked.find(({ path }) => path === '/authorize') as Asked
    assert.equal(query.get('client_id'), 'https://claude.ai/oauth/claude-code-client-metadata')
    assert.deepEqual(wrong(await checkAs(server.url, profileOf('opencode'))), [])
    assert.equal(
      server.asked.some(({ path }) => path === '/register'),
      true,
    )
  })
})

suite('our own server', () => {
  const echo = tool({ name: 'echo', permissions: { requiredScopes: ['tools:read'] }, execute: () => 'x' })
  test('takes every program to its sign-in page, and pages of the origins that it names', async () => {
    await using ours = await startServer({ tools: [echo], cors: { origin: 'http://localhost:6274' } })
    for (const profile of clientProfiles) assert.deepEqual(wrong(await checkAs(new URL(ours.url), profile)), [], profile.id)
  })
  test('tells a page of an origin that it does not name what to do', async () => {
    await using ours = await startServer({ tools: [echo] })
    const [only, ...more] = problems(await checkAs(new URL(ours.url), profileOf('browser')))
    assert.deepEqual([only?.name, more], ['CORS', []])
    assert.match(only?.fix ?? '', /cors\.origin/)
  })
})

const at =
  (path: string, reply: (asked: Asked) => Reply | undefined): Change =>
  (asked) =>
    asked.path === path && asked.method !== 'OPTIONS' ? reply(asked) : undefined
const serverMetadata = (more: object): Change =>
  at('/.well-known/oauth-authorization-server', ({ origin }) => ({ status: 200, body: { ...metadata(origin), ...more } }))
const refuses = (member: string, is: (value: string | null) => boolean, error = 'invalid_request'): Change =>
  at('/authorize', ({ query }) =>
    is(query.get(member)) ? { status: 303, headers: { location: `${query.get('redirect_uri')}?error=${error}` } } : undefined,
  )
const closed = { 'access-control-allow-origin': 'null' }
const everybody = clientProfiles.map(({ id }) => id)
const asksFirst = everybody.filter((id) => id !== 'mcpc')
const onSdk = everybody.filter((id) => id !== 'codex')
const isNull = (value: string | null): boolean => value === null

/** What is wrong, whom it stops, which one problem is found, and what is said about it. */
const faults: readonly [what: string, change: Change, stops: readonly string[], name: string, says: RegExp][] = [
  [
    'refuses GET before it asks for a credential',
    at('/mcp', ({ method }) => (method === 'GET' ? { status: 405 } : undefined)),
    ['codex', 'mcp-remote'],
    'first request',
    /GET.* was answered 405, not 401/,
  ],
  [
    'refuses an old protocol version first',
    at('/mcp', ({ headers }) => (headers['mcp-protocol-version'] === '2024-11-05' ? { status: 400 } : undefined)),
    ['codex'],
    'first request',
    /2024-11-05\) was answered 400.*whatever the method and the protocol version/,
  ],
  [
    'does not know server/discover',
    at('/mcp', ({ body }) => (body.includes('server/discover') ? { status: 404 } : undefined)),
    ['claude-code'],
    'first request',
    /server\/discover.* 404/,
  ],
  [
    'answers 403',
    at('/mcp', ({ headers }) => (headers['authorization'] === undefined ? { status: 403 } : undefined)),
    asksFirst,
    'first request',
    /answered 403, not 401/,
  ],
  [
    'names a place without metadata in its challenge',
    at('/.well-known/oauth-protected-resource/mcp', () => ({ status: 404 })),
    asksFirst,
    'resource metadata',
    /at the address that the challenge names/,
  ],
  [
    'has metadata of another resource',
    at('/.well-known/oauth-protected-resource/mcp', ({ origin }) => ({
      status: 200,
      body: { resource: 'https://inside.example/mcp', authorization_servers: [origin] },
    })),
    everybody,
    'resource metadata',
    /inside\.example.*public URL/,
  ],
  [
    'names no authorization server',
    at('/.well-known/oauth-protected-resource/mcp', ({ origin }) => ({ status: 200, body: { resource: `${origin}/mcp` } })),
    everybody,
    'resource metadata',
    /authorization_servers/,
  ],
  ['calls itself something else', serverMetadata({ issuer: 'https://else.example' }), everybody, 'server metadata', /to the letter/],
  ['says nothing of PKCE', serverMetadata({ code_challenge_methods_supported: undefined }), everybody, 'server metadata', /S256/],
  [
    'has no public clients',
    serverMetadata({ token_endpoint_auth_methods_supported: ['client_secret_basic'] }),
    everybody,
    'server metadata',
    /no public clients/,
  ],
  [
    'has no metadata of its own',
    at('/.well-known/oauth-authorization-server', () => ({ status: 404 })),
    everybody,
    'server metadata',
    /openid-configuration/,
  ],
  [
    'does not register',
    serverMetadata({ registration_endpoint: undefined }),
    everybody,
    'registration',
    /does not support dynamic client registration.*(ID|by hand)/,
  ],
  [
    'takes a client without application_type for a web client',
    at('/register', ({ body }) =>
      body.includes('application_type') ? undefined : { status: 400, body: { error: 'invalid_redirect_uri' } },
    ),
    ['opencode', 'mcpc', 'browser'],
    'registration',
    /invalid_redirect_uri.*web, locks this client out/,
  ],
  [
    'registers only who has a credential',
    at('/register', () => ({ status: 401, body: { error: 'invalid_token' } })),
    everybody,
    'registration',
    /without a credential/,
  ],
  [
    'does not repeat what was registered',
    at('/register', () => ({ status: 201, body: { client_id: 'client-1' } })),
    onSdk,
    'registration',
    /redirect_uris/,
  ],
  [
    'answers a registration with null',
    at('/register', ({ body }) => ({ status: 201, body: { ...JSON.parse(body), client_id: 'client-1', client_secret: null } })),
    onSdk,
    'registration',
    /null in client_secret/,
  ],
  [
    'cannot fetch the document that it says it takes',
    (asked) =>
      serverMetadata({ client_id_metadata_document_supported: true })(asked) ??
      at('/authorize', ({ query }) =>
        query.get('client_id')?.startsWith('https:') ? { status: 400, body: { error: 'invalid_client' } } : undefined,
      )(asked) ??
      at('/token', ({ body }) => (body.includes('https%3A%2F%2F') ? { status: 401, body: { error: 'invalid_client' } } : undefined))(asked),
    ['claude-code', 'codex'],
    'authorize',
    /invalid_client for https:.*outbound https/,
  ],
  [
    'does not know prompt=consent',
    refuses('prompt', (value) => value === 'consent'),
    ['claude-code', 'inspector', 'opencode', 'mcp-remote', 'browser'],
    'authorize',
    /without prompt=consent it goes on/,
  ],
  [
    'advertises offline_access and refuses it',
    refuses('scope', (value) => value?.includes('offline_access') === true, 'invalid_scope'),
    ['claude-code', 'codex', 'inspector', 'opencode', 'mcp-remote', 'browser'],
    'authorize',
    /invalid_scope; without offline_access it goes on/,
  ],
  ['demands a state', refuses('state', isNull), ['mcpc'], 'authorize', /do not demand state/],
  [
    'does not know resource',
    refuses('resource', (value) => value !== null, 'invalid_target'),
    everybody,
    'authorize',
    /invalid_target; without resource/,
  ],
  ['breaks at its sign-in page', at('/authorize', () => ({ status: 500 })), everybody, 'authorize', /answered 500/],
  [
    'takes a code to the registered port only',
    (() => {
      const registered = new Set<string>()
      return (asked: Asked) => {
        if (asked.path === '/register' && asked.method === 'POST')
          for (const uri of JSON.parse(asked.body).redirect_uris) registered.add(uri)
        const redirect = asked.query.get('redirect_uri')
        return asked.path === '/authorize' && redirect !== null && !registered.has(redirect) ? { status: 400 } : undefined
      }
    })(),
    ['claude-code', 'codex'],
    'other port',
    /loopback redirects without their port/,
  ],
  [
    'answers a token that is none with a page',
    at('/token', ({ body }) =>
      body.includes('client_id=doctor-') ? undefined : { status: 500, headers: { 'content-type': 'text/html' }, body: '<p>' },
    ),
    everybody,
    'token',
    /answered 500, not invalid_grant/,
  ],
  [
    'does not say that it has forgotten a client',
    at('/token', () => ({ status: 400, body: { error: 'invalid_grant' } })),
    everybody,
    'token',
    /not invalid_client.*registers again/,
  ],
  [
    'answers an ended token with 403',
    at('/mcp', ({ headers }) => (headers['authorization'] === undefined ? undefined : { status: 403 })),
    everybody,
    'ended token',
    /answered 403, not 401/,
  ],
  [
    'is closed to pages',
    ({ path, headers }) => (path === '/mcp' && headers['origin'] !== undefined ? { status: 403, headers: closed } : undefined),
    ['browser'],
    'CORS',
    /\/mcp is closed to pages of http:\/\/localhost:6274.*cors\.origin/,
  ],
  [
    'gives no tokens to pages',
    ({ path, method }) => (path === '/token' && method === 'OPTIONS' ? { status: 404, headers: closed } : undefined),
    ['browser'],
    'CORS',
    /closed to pages: \/token.*Allow-Origin: \*/,
  ],
  [
    'hides its challenge from pages',
    at('/mcp', (asked) => ({ status: 401, headers: { ...usual(asked, new Set()).headers, 'access-control-expose-headers': 'x' } })),
    ['browser'],
    'CORS',
    /Expose-Headers/,
  ],
]

suite('one fault is one problem, for whom it stops', () => {
  for (const [what, change, stops, name, says] of faults)
    test(`a server that ${what}`, async () => {
      for (const profile of clientProfiles) {
        await using server = await start(change)
        const found = problems(await checkAs(server.url, profile))
        const names = found.map((finding) => finding.name)
        assert.deepEqual(names, stops.includes(profile.id) ? [name] : [], `${profile.id}: ${JSON.stringify(found)}`)
        for (const finding of found) assert.match(`${finding.found}; ${finding.fix}`, says)
      }
    })
})

test('what only makes a client guess is a warning', async () => {
  await using bare = await start(at('/mcp', () => ({ status: 401, headers: { 'www-authenticate': 'Bearer' } })))
  for (const id of ['claude-code', 'codex', 'opencode']) {
    const findings = await checkAs(bare.url, profileOf(id))
    assert.deepEqual(problems(findings), [])
    assert.deepEqual(wrong(findings), ['warning challenge: names no resource_metadata: the client has to guess'])
  }
  await using open = await start(at('/mcp', () => ({ status: 200 })))
  assert.match(wrong(await checkAs(open.url, profileOf('opencode')))[0] ?? '', /^warning first request: .* never signs in$/)
})

test('a server cannot lead it to an address that its user did not name', async () => {
  await using server = await start(
    at('/.well-known/oauth-protected-resource/mcp', ({ origin }) => ({
      status: 200,
      body: { resource: `${origin}/mcp`, authorization_servers: ['http://169.254.169.254'] },
    })),
  )
  const [only] = problems(await checkAs(server.url, profileOf('inspector')))
  assert.match(only?.found ?? '', /is not https/)
})

test('what a server sends is bounded, and no walk through it is endless', async () => {
  const body = `{"issuer":"${'x'.repeat(300_000)}"}`
  await using large = await start(at('/.well-known/oauth-authorization-server', () => ({ status: 200, body })))
  assert.match(
    problems(await checkAs(large.url, profileOf('inspector')))[0]?.found ?? '',
    /oauth-authorization-server answered 200 and no JSON object$/,
  )
  const walk = { status: 302, headers: { location: '/authorize?again' } }
  await using endless = await start(at('/authorize', () => walk))
  assert.match(problems(await checkAs(endless.url, profileOf('mcpc')))[0]?.found ?? '', /did not end after 8 redirects/)
})

suite('the command', () => {
  const doctor = (...args: string[]) => run(process.execPath, [SALLYPORT, 'doctor', ...args], { timeoutMs: 60_000 })
  test('says for each client what stops it, and ends with 1 where something does', async () => {
    await using server = await start(faults.find(([what]) => what.startsWith('takes a client without'))?.[1])
    const { code, stdout } = await doctor('--as', 'opencode,inspector', server.url.href)
    assert.equal(code, 1)
    assert.match(stdout, /^MCP Inspector 2\.12\.0\n(✓ .*\n)+\nopencode 1\.18\.33\n[^]*✗ registration .*\n +fix: allow http:/)
    assert.match(stdout, /would not sign in: opencode\n$/)

    const json = await doctor('--as', 'inspector', server.url.href, '--json')
    assert.equal(json.code, 0)
    const { ok, clients } = JSON.parse(json.stdout)
    assert.equal(ok, true)
    assert.deepEqual(
      clients.map(({ client }: { client: string }) => client),
      ['inspector'],
    )
  })
  test('lets nothing that a server says drive the terminal', async () => {
    const evil = `http://x/\u001b]0;owned\u0007\n✓ all is well`
    await using server = await start(at('/.well-known/oauth-protected-resource/mcp', () => ({ status: 200, body: { resource: evil } })))
    const { stdout } = await doctor('--as', 'codex', server.url.href)
    assert.doesNotMatch(stdout, /\u001b|\u0007|^✓ all/m)
    assert.match(stdout, /is for http:\/\/x\/\\u001b/)
  })
  test('names the clients that there are, and a server that is not there', async () => {
    const unknown = await doctor('--as', 'emacs', 'http://localhost:1/mcp')
    assert.equal(unknown.code, 2)
    assert.match(unknown.stderr, /no client "emacs"[^]*choose from claude-code, codex, inspector, opencode/)
    const gone = await doctor('--as', 'codex', `http://localhost:${await findFreePort()}/mcp`)
    assert.equal(gone.code, 1)
    assert.match(gone.stdout, /could not be reached/)
  })
  test('says what it waits for when that takes more than a second', async () => {
    const notes: string[] = []
    await whileWaiting(() => 'a client', { note: (text) => void notes.push(text) }, new Promise((resolve) => setTimeout(resolve, 1200)))
    await whileWaiting(() => 'a client', { note: (text) => void notes.push(text) }, Promise.resolve())
    assert.deepEqual(notes, ['a client … 1 s'])
  })
})
