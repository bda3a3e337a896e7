// Somebody between us and whom we call: every way out of the product meets a server whose certificate nobody has signed, has ended or is
// for another name. None of them may be told anything, whatever the process was started with.

import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { createAsking } from '../../src/cli/checks/as-requests.ts'
import { checkServer } from '../../src/cli/checks/server.ts'
import { checkTls } from '../../src/cli/checks/tls.ts'
import { MCPClient, type MCPClientOptions } from '../../src/client/index.ts'
import { createRedactor, silentLog } from '../../src/core/index.ts'
import { createGateway } from '../../src/gateway/index.ts'
import { createDialer, createGuardedFetch, requireVerification } from '../../src/net/index.ts'
import { createAsk } from '../../src/oauth/external/ask.ts'
import { problemWithIssuer } from '../../src/oauth/index.ts'
import { createOpenIdProvider } from '../../src/people/index.ts'
import { MCPServer } from '../../src/server/index.ts'
import { startWorld, type WorldOptions } from '../fixtures/sign-in-world.ts'
import { verifies } from '../requirements.ts'
import { createTestAuthority } from '../support/certificates.ts'
import { createClient, REDIRECT_URI } from '../support/client.ts'
import { startIssuer } from '../support/external-issuer.ts'
import { type HttpsServer, startHttps } from '../support/https.ts'
import { createTempDir, ROOT } from '../support/paths.ts'

verifies('certificates-verified')

const NAMES = ['localhost', '127.0.0.1']
const authority = await createTestAuthority()
const stranger = await createTestAuthority('a stranger')
const builtIn = getCACertificates('default')
const servers: Record<string, HttpsServer> = {}

before(async () => {
  // What is good is good for everybody: so the three are refused for what is wrong with them.
  setDefaultCACertificates([authority.cert])
  Object.assign(servers, {
    good: await startHttps(await authority.issue(NAMES)),
    'signed by nobody': await startHttps(await stranger.issue(NAMES)),
    'for another name': await startHttps(await authority.issue(['other.example'])),
    ended: await startHttps(await authority.issue(NAMES, { days: -1 })),
  })
})
after(async () => {
  setDefaultCACertificates(builtIn)
  await Promise.all(Object.values(servers).map((server) => server[Symbol.asyncDispose]()))
})

/** A client whose server, which is good, names `url` in one place. */
const named =
  (options: (url: string) => WorldOptions, auth?: MCPClientOptions['auth'], isDevice = false) =>
  async (url: string) => {
    await using world = await startWorld(options(url))
    await using client = createClient(world, { requestTimeoutSeconds: 5, ...(auth && { auth }) })
    if (isDevice) return await client.signIn({ device: true, onDeviceCode: () => {} })
    const state = new URL(await client.getAuthorizationUrl({ redirectUri: REDIRECT_URI })).searchParams.get('state') ?? ''
    return await client.handleCallback(`/callback?${new URLSearchParams({ code: 'the-code', state, iss: world.issuer })}`)
  }
const metadata =
  (member: string) =>
  (url: string): WorldOptions => ({ serverMetadata: (document) => ({ ...document, [member]: url }) })
const preRegistered = { type: 'oauth2', clientId: 'pre' } as const

async function connect(serverUrl: string): Promise<void> {
  await using client = new MCPClient({ serverUrl, log: silentLog, requestTimeoutSeconds: 5 })
  await Array.fromAsync(client.listTools())
}

/** Every way out. Each asks something of `url`, in any way at all. */
const ways: Readonly<Record<string, (url: string) => Promise<unknown>>> = {
  'the guard, an upstream': async (url) => {
    await using folder = await createTempDir('certificates')
    const gateway = await createGateway({
      servers: [{ id: 'one', target: { url, headers: {} }, tools: [], timeoutSeconds: undefined, secrets: [] }],
      redactor: createRedactor(),
      log: silentLog,
      clock: Date.now,
      lockFile: join(folder.path, 'sallyport.lock'),
      serverInfo: { name: 'test', version: '1' },
    })
    await gateway.start().finally(() => gateway.close())
  },
  'the client, over HTTP': connect,
  'the client, over WebSocket': (url) => connect(url.replace(/^https/, 'wss')),
  'the client, metadata that a challenge names': named((url) => ({ challenge: () => `Bearer resource_metadata="${url}"` })),
  'the client, an authorization server': named((url) => ({
    resourceMetadata: (document) => ({ ...document, authorization_servers: [new URL(url).origin] }),
  })),
  'the client, a registration': named(metadata('registration_endpoint')),
  'the client, a token endpoint': named(metadata('token_endpoint'), preRegistered),
  'the client, a device sign-in': named(metadata('device_authorization_endpoint'), preRegistered, true),
  'an issuer, its metadata': (url) => problemWithIssuer({ issuer: url }, Date.now),
  'an issuer, its keys': async (url) => {
    await using issuer = await startIssuer()
    return problemWithIssuer({ issuer: issuer.issuer, jwksUri: url }, Date.now)
  },
  'an issuer, its introspection': async (url) => {
    const ask = createAsk({ settings: { issuer: 'http://localhost:1', introspection: { url, clientId: 'a', clientSecret: 'b' } } })
    return ask(url, { body: 'token=x' }).finally(ask.close)
  },
  'an identity provider': (url) => {
    const options = { id: 'idp', title: 'IdP', issuer: url, clientId: 'a', clientSecret: 'b' }
    const provider = createOpenIdProvider({ options, clock: Date.now })
    return provider.check().finally(provider.close)
  },
  'documents and keys of clients': (url) => createGuardedFetch({ dangerouslyAllowPrivateHosts: ['localhost'] })(url),
  'a connection of the dialer': async (url) => {
    const pool = createDialer({ allowPrivate: true }).pool(new URL(url).origin)
    return pool.request({ path: '/', method: 'GET' }).finally(() => pool.destroy())
  },
  doctor: checkServer,
  'doctor --as': async (url) => {
    const asking = createAsking(new URL(url))
    return asking.ask(url).finally(() => asking.close())
  },
}

suite('a server with a bad certificate hears nothing from', () => {
  for (const [what, reach] of Object.entries(ways))
    test(what, async () => {
      const heard = async (server: HttpsServer | undefined): Promise<number> => {
        assert.ok(server)
        const before = server.heard()
        await reach(`${server.origin}/mcp`).catch(() => {})
        return server.heard() - before
      }
      const { good, ...bad } = servers
      assert.ok((await heard(good)) > 0, 'a good one does')
      for (const [why, server] of Object.entries(bad)) assert.equal(await heard(server), 0, why)
      process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'
      try {
        for (const [why, server] of Object.entries(bad)) assert.equal(await heard(server), 0, `${why}, with verification off`)
      } finally {
        delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']
      }
    })

  test('doctor, which looks at the certificate and sends nothing', async () => {
    for (const [why, server] of Object.entries(servers)) {
      const before = server.heard()
      const findings = await checkTls(server.origin)
      assert.equal(
        findings.some(({ status }) => status === 'problem'),
        why !== 'good',
        why,
      )
      assert.equal(server.heard(), before)
    }
  })
})

suite('a process that was told to believe every certificate', () => {
  const off = { NODE_TLS_REJECT_UNAUTHORIZED: '0' }

  test('serves nothing and calls nobody, unless it is said that this is meant', () => {
    const said: string[] = []
    const log = (_: string, text: string) => void said.push(text)
    requireVerification({}, log)
    requireVerification({ NODE_TLS_REJECT_UNAUTHORIZED: '1' }, log)
    assert.throws(() => requireVerification(off, log), /NODE_TLS_REJECT_UNAUTHORIZED.*unset it.*NODE_EXTRA_CA_CERTS/)
    assert.deepEqual(said, [])
    requireVerification({ ...off, SALLYPORT_DANGEROUSLY_UNVERIFIED_TLS: '1' }, log)
    assert.match(said.join(), /SALLYPORT_DANGEROUSLY_UNVERIFIED_TLS/)
  })

  test('has neither a server nor a client', async () => {
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'
    try {
      await using folder = await createTempDir('certificates')
      const server = new MCPServer({ port: 0, dataDir: folder.path, log: false })
      await assert.rejects(server.listen(), /NODE_TLS_REJECT_UNAUTHORIZED/)
      assert.throws(() => new MCPClient({ serverUrl: 'https://localhost:1', log: silentLog }), /NODE_TLS_REJECT_UNAUTHORIZED/)
    } finally {
      delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']
    }
  })
})

// What was tried above is all there is only while nobody opens a connection elsewhere.
suite('the source', () => {
  const files = globSync('**/*.ts', { cwd: join(ROOT, 'src') })
  const textOf = (file: string): string => readFileSync(join(ROOT, 'src', file), 'utf8').replaceAll(/^\s*(?:\/?\*|\/\/).*$/gm, '')
  const having = (pattern: RegExp): string[] =>
    files
      .filter((file) => pattern.test(textOf(file)))
      .map((file) => file.replaceAll('\\', '/'))
      .toSorted()

  test('opens connections in these files and no others', () => {
    const imports = (names: string, module: string) =>
      new RegExp(`import (?!type)\\{[^}]*?(?<!type )\\b(?:${names})\\b[^}]*\\} from '${module}'`)
    assert.deepEqual(having(/import (?!type)\{[^}]*\} from 'undici|(?:import|require)\(['`]undici['/]|\bundici\(\)/), [
      'cli/checks/server.ts',
      'client/network.ts',
      'net/dialer.ts',
      'net/guarded-fetch.ts',
      // Loads it for the others.
      'net/undici.ts',
    ])
    assert.deepEqual(having(imports('connect|createConnection|TLSSocket|Socket', 'node:tls')), [
      'net/tls/handshake.ts',
      // To tell what kind a socket is.
      'transports/http/client-certificate.ts',
    ])
    assert.deepEqual(having(imports('connect|createConnection|Socket', 'node:net')), [
      // For a sandbox's proxy, which opens no TLS: what passes is verified by whoever is inside.
      'net/dial-socket.ts',
      // Inside a sandbox: to the proxy's socket, and to our own descriptors.
      'sandbox/inside/bridge.ts',
      'sandbox/inside/jobs.ts',
      'sandbox/network/place.ts',
    ])
    assert.deepEqual(having(new RegExp(`${imports('request|get|Agent', 'node:https?').source}|\\bhttp\\.(?:request|get|Agent)\\b`)), [
      // Plain HTTP, on a socket that was dialled already.
      'sandbox/network/forward.ts',
      // Over a pair of streams inside the process.
      'transports/http/fetch.ts',
    ])
    assert.match(textOf('sandbox/network/forward.ts'), /createConnection: \(\) => outer,/)
    assert.deepEqual(having(/from 'node:(?:http2|dgram|inspector)'/), [])
    assert.deepEqual(having(/import\('ws'\)|import (?!type).* from 'ws'/), [
      'client/connection/connect.ts',
      'transports/websocket/sockets.ts',
    ])
    assert.deepEqual(having(/new WebSocket\(/), ['client/connection/websocket-transport.ts'])
    assert.match(textOf('client/connection/websocket-transport.ts'), /createConnection:.*\n\s*network\.connect\(/)
    // Libraries that would ask by themselves are given our way out, or are not used.
    assert.deepEqual(having(/createRemoteJWKSet|SSEClientTransport|new EventSource\(|XMLHttpRequest/), [])
    assert.deepEqual(having(/StreamableHTTPClientTransport/), ['client/connection/connect.ts', 'client/connection/http-transport.ts'])
    assert.match(textOf('client/connection/http-transport.ts'), /new Transport\([\s\S]*?fetch: guardedFetch,/)
    assert.deepEqual(having(/import\('openid-client'\)/), ['people/providers/openid.ts'])
    assert.equal(textOf('people/providers/openid.ts').match(/customFetch\]?[:=\]]/g)?.length ?? 0, 2)
    assert.match(textOf('oauth/provider.ts'), /fetch: createKeyFetch\(settings\.guardedFetch\)/)
  })

  test('asks nothing by the fetch of the process', () => {
    const given = new Set([
      'oauth/cimd-documents.ts',
      'oauth/cimd-egress.ts',
      'server/mcp-server.ts',
      'transports/http/fetch.ts',
      'server/request-site.ts',
    ])
    assert.deepEqual(
      having(/globalThis\.fetch|(?<![.\w])fetch\(/).filter((file) => !given.has(file)),
      [],
    )
    for (const file of ['oauth/cimd-documents.ts', 'oauth/cimd-egress.ts'])
      assert.match(textOf(file), /fetch(?:,|: GuardedFetch| \})/, `${file} is given its own`)
  })

  test('switches verification off nowhere', () => {
    assert.deepEqual(having(/rejectUnauthorized: false|checkServerIdentity|setDefaultCACertificates/), [])
    assert.deepEqual(having(/rejectUnauthorized/), ['net/dialer.ts', 'net/tls/handshake.ts', 'net/tls/keeper.ts'])
    // Of clients that come to us, who may come without a certificate.
    assert.match(textOf('net/tls/keeper.ts'), /rejectUnauthorized: clientCertificates === 'required'/)
    for (const file of ['net/dialer.ts', 'net/tls/handshake.ts']) assert.match(textOf(file), /rejectUnauthorized: true/)
    assert.deepEqual(having(/NODE_TLS_REJECT_UNAUTHORIZED/), ['cli/checks/tls.ts', 'net/tls/verification.ts'])
  })
})
