/** Where a service may be reached, and under what: the rules, and real servers behind them. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { setDefaultCACertificates } from 'node:tls'
import { ConfigError } from '../../src/core/index.ts'
import type { Listen, MountedIn } from '../../src/server/index.ts'
import { checkReach, originsOf, requireLoopback, siteOf } from '../../src/server/listen.ts'
import { verifies } from '../requirements.ts'
import { connect as signInAsClient } from '../support/authorization.ts'
import { createTestAuthority } from '../support/certificates.ts'
import { mcp } from '../support/mcp.ts'
import { startService } from '../support/service.ts'

verifies('tls', 'TR2')

const authority = await createTestAuthority()
setDefaultCACertificates([authority.cert])
const tls = await authority.issue(['mcp.test', 'localhost', '127.0.0.1'])

function problemsOf(given: Listen | MountedIn): readonly string[] {
  try {
    checkReach(given, undefined)
    return []
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    return error.problems
  }
}

/** One request with exactly this Host, whatever it is sent to. */
function ask(url: string, host: string, headers: Record<string, string> = {}): Promise<{ status: number; body: string; headers: object }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string; headers: object }>()
  const { protocol, port, pathname } = new URL(url)
  const send = protocol === 'https:' ? httpsRequest : httpRequest
  const outgoing = send({ host: '127.0.0.1', port, path: pathname, servername: 'mcp.test', headers: { host, ...headers } }, (answer) => {
    let body = ''
    answer.on('data', (chunk) => (body += chunk))
    answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body, headers: answer.headers }))
  })
  outgoing.once('error', reject)
  outgoing.end()
  return promise
}

describe('a public address', () => {
  it('without TLS does not start, and what is said names both ways out', async () => {
    for (const host of ['0.0.0.0', '::', '192.0.2.7', 'mcp.example.com', '127.0.0.2'])
      assert.match(
        problemsOf({ port: 0, host })[0] as string,
        /^host: is not loopback.*set tls: { cert, key }, or behindProxy: true and publicUrl/,
      )
    await assert.rejects(startService({ port: 0, host: '0.0.0.0' }), { name: 'ConfigError', message: /^host: is not loopback/ })
  })
  it('takes what belongs together, and says what does not', () => {
    const publicUrl = 'https://mcp.example.com'
    for (const fine of [
      { port: 0 },
      { port: 0, host: '127.0.0.1' },
      { port: 0, host: '[::1]' },
      { port: 0, tls: 'local' },
      { port: 0, tls, host: 'mcp.example.com' },
      { port: 0, tls, host: '0.0.0.0', publicUrl },
      { port: 0, host: '0.0.0.0', behindProxy: true, publicUrl },
      { port: 0, behindProxy: true, publicUrl: `${publicUrl}/base/` },
      { port: 0, publicUrl: 'http://localhost:8080' },
      { mounted: true },
      { mounted: true, publicUrl, path: '/' },
      { mounted: true, port: 3000, proxy: { hops: 1 } },
    ] satisfies (Listen | MountedIn)[])
      assert.deepEqual(problemsOf(fine), [], JSON.stringify(fine))
    for (const [wrong, problem] of [
      [{ port: 0, tls, host: '0.0.0.0' }, /^publicUrl: is needed: 0\.0\.0\.0 is no name/],
      [{ port: 0, behindProxy: true }, /^publicUrl: is needed with behindProxy/],
      [{ port: 0, publicUrl }, /^publicUrl: is https, and nothing here speaks it/],
      [{ port: 0, tls, publicUrl: 'http://localhost:1' }, /^publicUrl: must be https where tls is set/],
      [{ port: 0, tls: 'local', publicUrl }, /^tls: must be a certificate for publicUrl/],
      [{ port: 0, behindProxy: true, publicUrl: 'http://mcp.example.com' }, /^publicUrl: must be https/],
      [{ port: 0, behindProxy: true, publicUrl: 'mcp.example.com' }, /^publicUrl: must be a URL/],
      [{ port: 0, behindProxy: true, publicUrl: `${publicUrl}?a=1` }, /^publicUrl: must have no query/],
      [{ port: 0, behindProxy: true, publicUrl: `${publicUrl}/mcp` }, /^publicUrl: must not end with the path of the endpoint/],
      [{ mounted: true, publicUrl: 'http://mcp.example.com' }, /^publicUrl: must be https/],
      [{ port: 70_000 }, /^port: /],
      [{ port: 0, path: 'mcp' }, /^path: must be a path/],
      [{ port: 0, path: '/token' }, /^path: must not begin with a path of the sign-in/],
      [{ port: 0, tls: { cert: 'a' } }, /^tls\.key: /],
      [{ port: 0, tls: 'loca' }, /^tls: must be { cert, key }, or "local"/],
      [{ port: 0, tls: { ...tls, minVersion: 'TLSv1' } }, /^tls\.minVersion: there is no such key/],
      [{ port: 0, tls: { ...tls, clientCertificates: 'required' } }, /^tls\.ca: is needed/],
      [{ port: 0, proxy: { trustedAddresses: ['10.0.0.0/40'] } }, /^proxy\.trustedAddresses\.0: must be an address or a network/],
      [{ port: 0, proxy: { trustedAddresses: ['10.0.0.1'], hops: 1 } }, /^proxy: takes one of trustedAddresses and hops/],
      [{ port: 0, publicurl: 'x' }, /^publicurl: there is no such key; did you mean "publicUrl"/],
    ] as const)
      assert.match(problemsOf(wrong as unknown as Listen)[0] ?? 'nothing', problem, JSON.stringify(wrong))
  })
  it('leaves the paths of the sign-in to the sign-in', async () => {
    await using served = await startService({ port: 0 })
    const metadata = (await mcp(served.service.url).send('GET', '/.well-known/oauth-authorization-server')).body
    const paths = Object.entries<string>(metadata).flatMap(([name, url]) => (/_endpoint$|_uri$/.test(name) ? [new URL(url).pathname] : []))
    assert.ok(paths.length >= 5)
    for (const path of [...paths, '/.well-known/mcp', '/setup', '/interaction/x'])
      assert.match(problemsOf({ port: 0, path })[0] ?? 'nothing', /^path: must not begin with a path of the sign-in/, path)
  })
  it('decides who issues tokens and what they are for', () => {
    const of = (given: Listen, port = 7777) => siteOf(given, originsOf(given, port))
    assert.deepEqual(of({ port: 0 }), {
      issuer: 'http://localhost:7777',
      resources: ['http://localhost:7777/mcp', 'http://127.0.0.1:7777/mcp', 'http://[::1]:7777/mcp'],
    })
    assert.equal(of({ port: 0, tls: 'local' }).issuer, 'https://localhost:7777')
    assert.equal(of({ port: 0, host: '127.0.0.1' }).issuer, 'http://127.0.0.1:7777')
    assert.equal(of({ port: 0, host: '::1' }).issuer, 'http://[::1]:7777')
    assert.deepEqual(of({ port: 0, tls, host: 'mcp.example.com', path: '/' }, 443), {
      issuer: 'https://mcp.example.com',
      resources: ['https://mcp.example.com'],
    })
    assert.deepEqual(of({ port: 0, behindProxy: true, publicUrl: 'https://API.example.com:443/notes/', path: '/v1/mcp' }), {
      issuer: 'https://api.example.com/notes',
      resources: ['https://api.example.com/notes/v1/mcp'],
    })
    assert.deepEqual(of({ port: 0, publicUrl: 'http://localhost:8080' }).resources, [
      'http://localhost:8080/mcp',
      'http://127.0.0.1:8080/mcp',
      'http://[::1]:8080/mcp',
    ])
  })
})

describe('what is for loopback alone', () => {
  it('is refused wherever somebody else could come, under whatever name', () => {
    for (const fine of [{ port: 0 }, { port: 0, host: '127.0.0.1', publicUrl: 'http://localhost:1' }, { mounted: true }] as const)
      requireLoopback(fine, 'this')
    for (const open of [
      { port: 0, host: '0.0.0.0', behindProxy: true, publicUrl: 'http://localhost:1' },
      { port: 0, host: '0.0.0.0', tls },
      { port: 0, behindProxy: true, publicUrl: 'https://mcp.example.com' },
      { mounted: true, publicUrl: 'http://localhost:3000' },
      { mounted: true, publicUrl: 'https://mcp.example.com' },
    ] as const)
      assert.throws(() => requireLoopback(open, 'this'), /^ConfigError: this: is for loopback alone/, JSON.stringify(open))
  })
})

describe('with TLS', () => {
  it('a public name is served as issuer and audience, and no other name is', async () => {
    await using served = await startService({ port: 0, tls, publicUrl: 'https://mcp.test' })
    const { url, issuer } = served.service
    assert.equal(url, 'https://mcp.test/mcp')
    assert.equal(issuer, 'https://mcp.test')
    const at = `https://127.0.0.1:${served.port}/mcp`
    const refused = await ask(at, 'mcp.test')
    assert.equal(refused.status, 401)
    assert.match(
      String((refused.headers as Record<string, string>)['www-authenticate']),
      /resource_metadata="https:\/\/mcp\.test\/\.well-known/,
    )
    for (const host of [`mcp.test:${served.port}`, `localhost:${served.port}`, '127.0.0.1', 'evil.example'])
      assert.equal((await ask(at, host)).status, 403, host)
  })
  it('on loopback a person signs in and a call goes through, from registration on', async () => {
    await using served = await startService({ port: 0, tls })
    await served.account()
    const { url, issuer } = served.service
    assert.match(url, /^https:\/\/localhost:\d+\/mcp$/)
    const { tokens } = await signInAsClient({ issuer, resource: url })
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${tokens.access_token}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'echo', arguments: { text: 'over TLS' } } }),
    })
    assert.equal(response.status, 200)
    assert.match(await response.text(), /over TLS/)
    const other = url.replace('localhost', '127.0.0.1')
    const refused = await fetch(other, { method: 'POST' })
    assert.match(refused.headers.get('www-authenticate') ?? '', /resource_metadata="https:\/\/127\.0\.0\.1:\d+\/\.well-known/)
    await assert.rejects(fetch(url.replace('https', 'http')), 'plain HTTP on the same port')
  })
  it('"local" makes a certificate that whoever trusts its authority takes', async () => {
    await using served = await startService({ port: 0, tls: 'local' })
    assert.match(served.log(), /NODE_EXTRA_CA_CERTS/)
    const ca = readFileSync(join(served.dataDir, 'tls', 'ca.pem'), 'utf8')
    await assert.rejects(fetch(served.service.url))
    const { promise, resolve, reject } = Promise.withResolvers<number | undefined>()
    httpsRequest(served.service.url, { ca }, (answer) => resolve(answer.resume().statusCode))
      .once('error', reject)
      .end()
    assert.equal(await promise, 401)
  })
})

describe('behind a proxy', () => {
  const publicUrl = 'https://mcp.example.com'
  it('the public name is the one that is answered, with the public URLs', async () => {
    await using served = await startService({ port: 0, behindProxy: true, publicUrl, path: '/notes' })
    const port = served.port as number
    const at = `http://127.0.0.1:${port}/notes`
    for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, 'mcp.example.com:8443', 'evil.example'])
      assert.equal((await ask(at, host)).status, 403, host)
    const refused = await ask(at, 'mcp.example.com')
    assert.equal(refused.status, 401)
    assert.match(
      String((refused.headers as Record<string, string>)['www-authenticate']),
      /resource_metadata="https:\/\/mcp\.example\.com\/\.well-known\/oauth-protected-resource\/notes"/,
    )
    assert.equal((await ask(at, 'MCP.example.com:443')).status, 401)
    const metadata = JSON.parse((await ask(`http://127.0.0.1:${port}/.well-known/oauth-authorization-server`, 'mcp.example.com')).body)
    assert.equal(metadata.issuer, publicUrl)
    assert.equal((await ask(`http://127.0.0.1:${port}/mcp`, 'mcp.example.com')).status, 404)
  })
  it('an Origin of the public name may come in, the one that the socket has may not', async () => {
    await using served = await startService({ port: 0, behindProxy: true, publicUrl })
    const at = `http://127.0.0.1:${served.port}/mcp`
    assert.equal((await ask(at, 'mcp.example.com', { origin: publicUrl })).status, 401)
    assert.equal((await ask(at, 'mcp.example.com', { origin: `http://127.0.0.1:${served.port}` })).status, 403)
  })
  it('what others say of their address counts from a trusted proxy only, in limits and on record', async () => {
    const once = { max: 2, windowMs: 60_000 }
    const many = { max: 1_000, windowMs: 60_000 }
    const rates = { address: once, principal: many, client: many, tool: many }
    const from = async (proxy: Listen['proxy'], ...said: string[]) => {
      await using served = await startService({ port: 0, behindProxy: true, publicUrl, proxy }, { rates })
      const statuses: number[] = []
      for (const each of said)
        statuses.push((await ask(`http://127.0.0.1:${served.port}/mcp`, 'mcp.example.com', { 'x-forwarded-for': each })).status)
      return { statuses, addresses: (await served.records()).map(({ address }) => address) }
    }
    const liars = ['192.0.2.1', '192.0.2.2', '192.0.2.3']
    assert.deepEqual(await from(undefined, ...liars), {
      statuses: [401, 401, 429],
      addresses: ['127.0.0.1', '127.0.0.1', '127.0.0.1'],
    })
    assert.deepEqual((await from({ trustedAddresses: ['198.51.100.0/24'] }, ...liars)).statuses, [401, 401, 429])
    assert.deepEqual((await from({ trustedAddresses: ['127.0.0.1'] }, ...liars)).addresses, liars)
    // The proxy adds the last; whatever stands before it was sent along.
    assert.deepEqual((await from({ trustedAddresses: ['127.0.0.1'] }, '203.0.113.9, 192.0.2.1', '203.0.113.8, 192.0.2.1')).addresses, [
      '192.0.2.1',
      '192.0.2.1',
    ])
    assert.deepEqual((await from({ hops: 2 }, '203.0.113.9, 192.0.2.1, 10.0.0.1', '"><script>', '')).addresses, [
      '192.0.2.1',
      '127.0.0.1',
      '127.0.0.1',
    ])
  })
})

describe('the addresses of this machine', () => {
  it('that are named one by one are the only ones listened on', async () => {
    await using served = await startService({ port: 0, host: '127.0.0.1' })
    assert.match(served.service.url, /^http:\/\/127\.0\.0\.1:/)
    assert.equal((await mcp(served.service.url, { key: served.key }).request('tools/list')).status, 200)
    await assert.rejects(mcp(served.service.url.replace('127.0.0.1', '[::1]')).request('tools/list'))
  })
  it('that are not of this machine are a mistake that is told, and so is a port that is taken', async () => {
    await assert.rejects(startService({ port: 0, host: '192.0.2.7', tls }), {
      name: 'ConfigError',
      message: /^host: 192\.0\.2\.7 is no address/,
    })
    await using served = await startService({ port: 0 })
    await assert.rejects(startService({ port: Number(new URL(served.service.url).port) }), {
      name: 'ConfigError',
      message: /^listen: port \d+ cannot be used \(EADDRINUSE\): end what has it, or set another port/,
    })
  })
})
