/**
 * Our client against our own guard, as a program would use the two: a person signs in on the real pages, a key works, tokens are
 * renewed, scopes are asked for as they are needed; over HTTP, over WebSocket with TLS, and against a server of the official SDK that
 * knows only 2025-11-25.
 */

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type AuthorizationError, MCPClient, type MCPClientOptions } from '../../src/client/index.ts'
import { silentLog } from '../../src/core/index.ts'
import { type Files, guardFiles } from '../clients/files.ts'
import { ANA } from '../support/authorization.ts'
import { type Person, signIn } from '../support/browser.ts'
import { createTestAuthority } from '../support/certificates.ts'
import { problemOf, REDIRECT_URI } from '../support/client.ts'
import { firstLine, ROOT, start, stop, withBin } from '../support/index.ts'
import { type Served, startService } from '../support/service.ts'
import type { Json } from '../support/sse.ts'
import { until } from '../support/until.ts'

const textOf = (result: Json): string => result.content[0].text
const create = (serverUrl: string, options: Partial<MCPClientOptions> = {}): MCPClient =>
  new MCPClient({ serverUrl, auth: { type: 'oauth2' }, log: silentLog, ...options })

async function signInAs(person: Person, client: MCPClient): Promise<void> {
  await client.handleCallback(await signIn(await client.getAuthorizationUrl({ redirectUri: REDIRECT_URI }), person))
}

describe('a guarded server', () => {
  let files: Files
  before(async () => {
    files = await guardFiles()
    await files.guard.user(ANA.name, ANA.password)
  })
  after(() => files[Symbol.asyncDispose]())
  const read = () => ({ method: 'tools/call', params: { name: 'read_text_file', arguments: { path: files.note } } })

  it('registers the client, signs a person in, and is called; serverUrl with a path and without', async () => {
    for (const serverUrl of [files.guard.url, new URL(files.guard.url).origin, files.guard.url.replace('localhost', '127.0.0.1')]) {
      await using client = create(serverUrl, { auth: { type: 'oauth2', scopes: ['tools:read', 'tools:execute'] } })
      const registration = await client.registerClient({
        clientName: 'My MCP Client',
        redirectUris: [REDIRECT_URI, 'https://my-app.com/callback'],
        logoUri: 'https://my-app.com/logo.png',
      })
      assert.match(registration.clientId, /^cl_/)
      assert.ok((registration.clientSecret?.length ?? 0) > 32)
      await signInAs(ANA, client)
      assert.ok((await client.listTools()).some(({ name }) => name === 'write_file'))
      assert.equal(textOf(await client.request(read())), files.text)

      // The same registration, by a program that kept it.
      await using again = create(serverUrl, {
        auth: { type: 'oauth2', clientId: registration.clientId, clientSecret: registration.clientSecret, issuer: registration.issuer },
      })
      await signInAs(ANA, again)
      assert.equal(textOf(await again.callTool('read_text_file', { path: files.note })), files.text)
    }
  })

  it('takes an API key', async () => {
    await using client = create(files.guard.url, { auth: { type: 'api_key', apiKey: await files.guard.key(['tools:read']) } })
    assert.equal(textOf(await client.request(read())), files.text)
    assert.ok(!(await client.listTools()).some(({ name }) => name === 'write_file'))
    await using wrong = create(files.guard.url, { auth: { type: 'api_key', apiKey: 'spk_00000000_nobody' } })
    assert.equal(await problemOf(wrong.request(read())), 'AuthorizationError credential_refused')
  })

  it('renews an expired token once for all who wait', async () => {
    let offset = 0
    await using client = create(files.guard.url, { clock: () => Date.now() + offset })
    await signInAs(ANA, client)
    await client.request(read())
    for (let round = 1; round <= 3; round++) {
      offset += 3600_000
      const results = await Promise.all(Array.from({ length: 10 }, () => client.request(read())))
      for (const result of results) assert.equal(textOf(result), files.text)
    }
  })

  it('says which scope is missing, and gets it at the next sign-in', async () => {
    await using client = create(files.guard.url)
    await signInAs({ ...ANA, untick: ['run'] }, client)
    const write = { method: 'tools/call', params: { name: 'write_file', arguments: { path: files.other, content: 'x' } } }
    await assert.rejects(client.request(write), (error: AuthorizationError) => {
      assert.equal(error.code, 'insufficient_scope')
      assert.ok(error.scopes.includes('tools:execute') && error.scopes.includes('tools:read'))
      return true
    })
    assert.equal(textOf(await client.request(read())), files.text, 'what was granted still works')
    await signInAs(ANA, client)
    assert.match(textOf(await client.request(write)), /Successfully wrote/)
  })

  it('tells the program that the person said no', async () => {
    await using client = create(files.guard.url)
    await assert.rejects(signInAs({ ...ANA, deny: true }, client), (error: AuthorizationError) => {
      assert.equal(error.code, 'authorization_denied')
      assert.equal(error.reason, 'access_denied')
      return true
    })
  })

  it('a call that is refused has the reason in the words of the server', async () => {
    await using client = create(files.guard.url, { auth: { type: 'api_key', apiKey: await files.guard.key(['tools:read']) } })
    const refused = (await client.callTool('read_text_file', {})) as Json
    assert.equal(refused.isError, true)
    assert.match(textOf(refused), /path/)
    assert.equal(await problemOf(client.callTool('nothing')), 'MCPRequestError -32602')
  })
})

describe('a server with TLS', () => {
  let served: Served
  let ca: string
  before(async () => {
    const authority = await createTestAuthority()
    ca = authority.cert
    served = await startService({ port: 0, tls: await authority.issue(['localhost', '127.0.0.1']) })
    await served.account()
  })
  after(() => served[Symbol.asyncDispose]())
  const socketUrl = (): string => served.service.url.replace('https:', 'wss:')

  for (const transport of ['http', 'websocket'] as const)
    it(`is signed in to and called over ${transport}`, async () => {
      await using client = create(served.service.url, { ca, transport })
      await client.getAuthorizationUrl({ redirectUri: REDIRECT_URI })
      await using key = create(transport === 'http' ? served.service.url : socketUrl(), {
        ca,
        auth: { type: 'api_key', apiKey: served.key },
      })
      assert.equal(textOf(await key.callTool('echo', { text: 'hello' })), 'hello')
      assert.deepEqual(
        (await key.listTools()).map(({ name }) => name),
        ['echo'],
      )
      await using wrong = create(socketUrl(), { ca, auth: { type: 'api_key', apiKey: 'spk_00000000_nobody' } })
      assert.equal(await problemOf(wrong.callTool('echo', { text: 'x' })), 'AuthorizationError credential_refused')
    })

  it('is not spoken to by who does not trust its certificate', async () => {
    for (const serverUrl of [served.service.url, socketUrl()]) {
      await using client = create(serverUrl, { auth: { type: 'api_key', apiKey: served.key } })
      assert.equal(await problemOf(client.callTool('echo', { text: 'x' })), 'TransportError unreachable')
    }
  })

  it('takes a whole sign-in over WebSocket', async () => {
    await using plain = await startService({ port: 0 })
    await plain.account()
    await using client = create(plain.service.url.replace('http:', 'ws:'))
    await signInAs(ANA, client)
    assert.equal(textOf(await client.callTool('echo', { text: 'hello' })), 'hello')
  })

  it('whose key was revoked closes the connection, and says why to the next', async () => {
    await using one = await startService({ port: 0 })
    await using client = create(one.service.url.replace('http:', 'ws:'), { auth: { type: 'api_key', apiKey: one.key } })
    assert.equal(textOf(await client.callTool('echo', { text: 'hello' })), 'hello')
    await one.revoke()
    const problem = (): Promise<string> => problemOf(client.callTool('echo', { text: 'hello' }))
    await until('it is told why', async () => (await problem()) === 'AuthorizationError credential_refused')
  })
})

describe('a server of the official SDK that knows only 2025-11-25', () => {
  it('is called, by initialize', async () => {
    const preload = join(ROOT, 'test', 'support', 'only-loopback.mjs')
    const program = join(ROOT, 'node_modules', '@modelcontextprotocol', 'server-everything', 'dist', 'index.js')
    const child = start(process.execPath, ['--import', preload, program, 'streamableHttp'], {
      env: withBin({ PORT: '0' }),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    try {
      const { port } = JSON.parse(await firstLine(child, 60_000, /^\{"port"/)) as { port: number }
      await using client = create(`http://127.0.0.1:${port}/mcp`, {
        auth: undefined,
        onInput: { elicitation: () => ({ action: 'decline' }), roots: () => [{ uri: 'file:///notes', name: 'notes' }] },
      })
      assert.match(textOf(await client.callTool('echo', { message: 'hello' })), /hello/)
      assert.ok((await client.listTools()).length > 5)
      assert.ok((await client.readResource('demo://resource/static/document/architecture.md')).contents.length > 0)
      assert.match(textOf(await client.callTool('trigger-elicitation-request')), /declined/)
      assert.match(textOf(await client.callTool('get-roots-list')), /file:\/\/\/notes/)
      const steps: number[] = []
      const options = { onProgress: ({ progress }: { progress: number }) => steps.push(progress) }
      await client.callTool('trigger-long-running-operation', { duration: 1, steps: 3 }, options)
      assert.deepEqual(steps, [1, 2, 3])
    } finally {
      await stop(child.process)
    }
  })
})
