// RFC 8705 over real TLS: clients that sign in with a certificate, and tokens that are worth nothing without it. The same behind a
// proxy, where a header says which certificate came.

import assert from 'node:assert/strict'
import { hash, X509Certificate } from 'node:crypto'
import { request as httpRequest } from 'node:http'
import { Agent, request as httpsRequest } from 'node:https'
import { suite, test } from 'node:test'
import { createClients, type NewClient } from '../../src/oauth/index.ts'
import type { Listen } from '../../src/server/index.ts'
import { openData } from '../../src/vault/index.ts'
import { verifies } from '../requirements.ts'
import { createTestAuthority, type Pem } from '../support/certificates.ts'
import { ACCESS_TOKEN_TYPE, TOKEN_EXCHANGE } from '../support/issuer.ts'
import { type Served, startService } from '../support/service.ts'
import { openSocket, type Refused } from '../support/websocket.ts'

verifies('A13-certificate', 'A13-bound', 'A13-metadata', 'token-exchange')

const authority = await createTestAuthority()
const stranger = await createTestAuthority('a stranger')
const server = await authority.issue(['localhost', '127.0.0.1'])
const [own, other, foreign, expired] = await Promise.all([
  authority.issue(),
  authority.issue(['other.example'], { isClient: true }),
  stranger.issue(),
  authority.issue([], { days: -1 }),
])
const robot: NewClient = {
  name: 'robot',
  grantTypes: ['client_credentials'],
  authMethod: 'tls_client_auth',
  certificateName: { dn: 'CN=a client' },
  scopes: ['tools:read', 'tools:execute'],
  createdBy: 'operator',
}

interface Answer {
  readonly status: number
  readonly body: Record<string, unknown>
  readonly challenge: string | undefined
}

/** One request on a connection of its own, with a certificate or none. */
function send(url: string, headers: Record<string, string>, body: string, certificate?: Pem): Promise<Answer> {
  const options = { method: 'POST', headers, agent: false as const, ...certificate }
  const begin = url.startsWith('https:') ? httpsRequest : httpRequest
  return new Promise((resolve, reject) => {
    const request = begin(url, { ...options, ca: authority.cert }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => void (text += chunk))
      response.on('end', () => {
        let parsed: Record<string, unknown> = {}
        try {
          parsed = JSON.parse(text)
        } catch {
          // A page, or nothing.
        }
        resolve({ status: response.statusCode ?? 0, body: parsed, challenge: response.headers['www-authenticate'] })
      })
    })
    request.on('error', reject)
    request.end(body)
  })
}
const form = { 'content-type': 'application/x-www-form-urlencoded' }

interface World extends AsyncDisposable {
  readonly served: Served
  create(client: NewClient): Promise<string>
  ask(id: string, certificate?: Pem, headers?: Record<string, string>): Promise<Answer>
  call(token: string, certificate?: Pem, headers?: Record<string, string>): Promise<Answer>
}

async function start(listen: Listen): Promise<World> {
  const served = await startService(listen)
  const { issuer, url } = served.service
  const data = await openData({ dataDir: served.dataDir })
  const clients = createClients({ ...data, clock: Date.now })
  // Behind a proxy the public address is not where we listen.
  const at = (address: string) => (listen.behindProxy ? `http://127.0.0.1:${served.port}${new URL(address).pathname}` : address)
  const host = { host: new URL(url).host }
  return {
    served,
    create: async (client) => (await clients.create(client)).id,
    ask: (id, certificate, headers) =>
      send(at(`${issuer}/token`), { ...form, ...host, ...headers }, `grant_type=client_credentials&client_id=${id}`, certificate),
    call(token, certificate, headers) {
      const params = { _meta: meta, name: 'echo', arguments: { text: 'x' } }
      const message = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params })
      const wire = {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': '2026-07-28',
      }
      const names = { 'mcp-method': 'tools/call', 'mcp-name': 'echo' }
      return send(at(url), { ...host, ...wire, ...names, authorization: `Bearer ${token}`, ...headers }, message, certificate)
    },
    async [Symbol.asyncDispose]() {
      await data.store.close()
      await served[Symbol.asyncDispose]()
    },
  }
}
const meta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
}
const tls = { cert: server.cert, key: server.key }

suite('on TLS of our own', () => {
  test('a registered name counts where the operator’s authority has signed it; the token is good with that certificate alone', async () => {
    await using world = await start({ port: 0, tls: { ...tls, ca: authority.cert, clientCertificates: 'requested' } })
    const id = await world.create(robot)
    const { status, body } = await world.ask(id, own)
    assert.equal(status, 200, JSON.stringify(body))
    const token = String(body['access_token'])
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
    assert.deepEqual(claims.cnf, { 'x5t#S256': hash('sha256', new X509Certificate(own.cert).raw, 'base64url') })

    assert.equal((await world.call(token, own)).status, 200)
    for (const [what, certificate] of [
      ['no certificate', undefined],
      ['another of the same authority', other],
    ] as const) {
      const refused = await world.call(token, certificate)
      assert.equal(refused.status, 401, what)
      assert.match(refused.challenge ?? '', /invalid_token.*client certificate/)
    }
    // What was verified before is remembered, and asked for its certificate all the same.
    assert.equal((await world.call(token, own)).status, 200)
    assert.equal((await world.call(token)).status, 401)

    for (const [what, certificate] of [
      ['no certificate', undefined],
      ['another name', other],
    ] as const)
      assert.deepEqual(
        [(await world.ask(id, certificate)).status, (await world.ask(id, certificate)).body['error']],
        [401, 'invalid_client'],
        what,
      )
    await assert.rejects(world.ask(id, foreign), 'a bad certificate is not heard at all')
    await assert.rejects(world.ask(id, expired), 'nor one that has ended')
    // No header stands in for a certificate where no proxy was named.
    const field = { 'client-cert': `:${new X509Certificate(own.cert).raw.toString('base64')}:` }
    assert.equal((await world.ask(id, undefined, field)).status, 401)
    assert.equal((await world.call(token, undefined, field)).status, 401)
  })

  test('it is narrowed by whoever holds that certificate alone, and stays bound to it', async () => {
    await using world = await start({ port: 0, tls: { ...tls, ca: authority.cert, clientCertificates: 'requested' } })
    const grantTypes = ['client_credentials', TOKEN_EXCHANGE] as const
    const id = await world.create({ ...robot, grantTypes })
    const second = await world.create({ ...robot, grantTypes, certificateName: { dns: 'other.example' } })
    const token = String((await world.ask(id, own)).body['access_token'])
    const exchange = (client: string, certificate: Pem): Promise<Answer> => {
      const fields = { grant_type: TOKEN_EXCHANGE, client_id: client, subject_token: token, subject_token_type: ACCESS_TOKEN_TYPE }
      return send(`${world.served.service.issuer}/token`, form, new URLSearchParams(fields).toString(), certificate)
    }
    const refused = await exchange(second, other)
    assert.deepEqual([refused.status, refused.body['error']], [400, 'invalid_request'])
    const { status, body } = await exchange(id, own)
    assert.equal(status, 200, JSON.stringify(body))
    const narrowed = String(body['access_token'])
    assert.deepEqual([(await world.call(narrowed, own)).status, (await world.call(narrowed, other)).status], [200, 401])
  })

  test('a WebSocket is opened with the certificate alone, too', async () => {
    await using world = await start({ port: 0, tls: { ...tls, ca: authority.cert, clientCertificates: 'requested' } })
    const id = await world.create(robot)
    const token = String((await world.ask(id, own)).body['access_token'])
    const open = async (certificate?: Pem): Promise<number> => {
      try {
        const socket = await openSocket(world.served.service.url, { key: token, agent: new Agent({ ca: authority.cert, ...certificate }) })
        // And each message is looked at with it.
        const { result } = await socket.request('tools/call', { name: 'echo', arguments: { text: 'x' } })
        socket.ws.close()
        return result === undefined ? 500 : 200
      } catch (error) {
        if (!(error instanceof Error) || error.cause === undefined) throw error
        return (error.cause as Refused).status
      }
    }
    assert.deepEqual([await open(own), await open(other), await open()], [200, 401, 401])
  })

  test('a certificate that nobody has signed counts for the client that was registered with it, and for nothing else', async () => {
    await using world = await start({ port: 0, tls: { ...tls, ca: authority.cert, clientCertificates: 'any' } })
    const self = await world.create({
      name: 'robot',
      grantTypes: ['client_credentials'],
      authMethod: 'self_signed_tls_client_auth',
      certificates: [foreign.cert],
      scopes: ['tools:read', 'tools:execute'],
      createdBy: 'operator',
    })
    const named = await world.create(robot)
    const { status, body } = await world.ask(self, foreign)
    assert.equal(status, 200, JSON.stringify(body))
    const token = String(body['access_token'])
    assert.equal((await world.call(token, foreign)).status, 200)
    assert.equal((await world.call(token, own)).status, 401)
    assert.equal((await world.ask(self, own)).status, 401, 'a signed one that was not registered')
    assert.equal((await world.ask(self)).status, 401)
    // Both have the subject "CN=a client": only one of them from somebody who may say so.
    assert.equal((await world.ask(named, foreign)).status, 401)
    assert.equal((await world.ask(named, expired)).status, 401)
    assert.equal((await world.ask(named, own)).status, 200, 'the twin that is right')
  })
})

suite('behind a proxy', () => {
  const field = (pem: string) => ({ 'client-cert': `:${new X509Certificate(pem).raw.toString('base64')}:` })
  const listen: Listen = { port: 0, host: '127.0.0.1', behindProxy: true, publicUrl: 'https://mcp.example.com' }

  test('its header counts, for sign-in and for bound tokens', async () => {
    const proxy = { trustedAddresses: ['127.0.0.1'], clientCertificate: { header: 'client-cert', verified: true } }
    await using world = await start({ ...listen, proxy })
    const id = await world.create(robot)
    const { status, body } = await world.ask(id, undefined, field(own.cert))
    assert.equal(status, 200, JSON.stringify(body))
    const token = String(body['access_token'])
    assert.equal((await world.call(token, undefined, field(own.cert))).status, 200)
    assert.equal((await world.call(token)).status, 401)
    assert.equal((await world.call(token, undefined, field(other.cert))).status, 401)
    assert.equal((await world.ask(id, undefined, field(other.cert))).status, 401)
    assert.equal((await world.ask(id)).status, 401)
  })

  test('a header of somebody who is no proxy is nobody’s word', async () => {
    const proxy = { trustedAddresses: ['10.0.0.0/8'], clientCertificate: { header: 'client-cert', verified: true } }
    await using world = await start({ ...listen, proxy })
    const id = await world.create(robot)
    assert.equal((await world.ask(id, undefined, field(own.cert))).status, 401)
  })

  test('where nobody has looked who signed it, a name in it is worth nothing', async () => {
    const proxy = { trustedAddresses: ['127.0.0.1'], clientCertificate: { header: 'client-cert', verified: false } }
    await using world = await start({ ...listen, proxy })
    const id = await world.create(robot)
    assert.notEqual((await world.ask(id, undefined, field(own.cert))).status, 200)
    const self = await world.create({
      name: 'robot',
      grantTypes: ['client_credentials'],
      authMethod: 'self_signed_tls_client_auth',
      certificates: [foreign.cert],
      scopes: ['tools:read', 'tools:execute'],
      createdBy: 'operator',
    })
    assert.equal((await world.ask(self, undefined, field(foreign.cert))).status, 200)
    assert.equal((await world.ask(self, undefined, field(own.cert))).status, 401)
  })
})
