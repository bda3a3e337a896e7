// T30: a web page that points its own name at this machine, or simply sends requests here (CVE-2025-49596, CVE-2025-66414).

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { verifies } from '../requirements.ts'
import { principal, type Rig, say, startEngine, tool } from '../support/engine.ts'
import { mcp } from '../support/mcp.ts'

verifies('T30')

let rig: Rig
let executed = 0
const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'echo', arguments: {} } })
const send = (headers: Record<string, string>, method = 'POST', path = '/mcp') =>
  mcp(rig.url).send(
    method,
    path,
    { authorization: 'Bearer alice', 'content-type': 'application/json', ...headers },
    method === 'POST' ? body : undefined,
  )

before(async () => {
  rig = await startEngine([tool('echo', () => (executed++, say('hi')))], { alice: principal('alice') })
})
after(() => rig.close())

describe('T30: DNS rebinding', () => {
  it('a Host that is not ours is refused on every path and method, credential or not', async () => {
    const { port } = new URL(rig.url)
    for (const host of [
      'evil.example',
      `evil.example:${port}`,
      `localhost.evil.example:${port}`,
      'localhost',
      `127.0.0.2:${port}`,
      `0.0.0.0:${port}`,
      `localhost:${Number(port) + 1}`,
    ]) {
      for (const [method, path] of [
        ['POST', '/mcp'],
        ['GET', '/mcp'],
        ['GET', '/.well-known/oauth-protected-resource'],
        ['OPTIONS', '/mcp'],
      ] as const) {
        const answer = await send({ host }, method, path)
        assert.equal(answer.status, 403, `${host} ${method} ${path}`)
      }
    }
    assert.equal(executed, 0)
  })
  it('a foreign Origin is refused with a good credential, and learns nothing', async () => {
    for (const origin of [
      'http://evil.example',
      'https://evil.example',
      'null',
      'file://',
      'http://localhost:1',
      'http://localhost.evil.example',
      'https://app.example.evil',
    ]) {
      const answer = await send({ origin })
      assert.equal(answer.status, 403, origin)
      assert.equal(answer.headers['access-control-allow-origin'], undefined)
    }
    assert.equal(executed, 0)
  })
  it('our own names, no Origin at all, and an Origin that was configured are served', async () => {
    const { port } = new URL(rig.url)
    for (const headers of [
      {},
      { host: `127.0.0.1:${port}` },
      { host: `[::1]:${port}` },
      { host: `LOCALHOST:${port}` },
      { origin: `http://localhost:${port}` },
      { origin: 'https://app.example' },
    ]) {
      const before = executed
      assert.equal((await send(headers as Record<string, string>)).status, 200, JSON.stringify(headers))
      assert.equal(executed, before + 1)
    }
  })
  it('a configured Origin can read refusals too, and no other can read anything', async () => {
    const refused = await send({ origin: 'https://app.example', authorization: 'Bearer nobody' })
    assert.equal(refused.status, 401)
    assert.equal(refused.headers['access-control-allow-origin'], 'https://app.example')
    const preflight = await send(
      {
        origin: 'https://app.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'mcp-param-region, x-evil',
      },
      'OPTIONS',
    )
    assert.match(String(preflight.headers['access-control-allow-headers']), /mcp-param-region/)
    assert.doesNotMatch(String(preflight.headers['access-control-allow-headers']), /x-evil/)
    assert.equal(preflight.status, 204)
    assert.match(String(preflight.headers['access-control-allow-headers']), /Authorization/)
    assert.equal((await send({ origin: 'https://other.example' }, 'OPTIONS')).status, 403)
  })
  it('nothing but loopback is listened on', { skip: process.platform === 'linux' ? false : 'reads /proc' }, () => {
    const port = Number(new URL(rig.url).port).toString(16).toUpperCase().padStart(4, '0')
    const listening = ['/proc/net/tcp', '/proc/net/tcp6']
      .flatMap((file) => readFileSync(file, 'utf8').split('\n'))
      .map((line) => line.trim().split(/\s+/))
      .filter(([, local, , state]) => local?.endsWith(`:${port}`) && state === '0A')
    assert.ok(listening.length > 0)
    for (const [, local] of listening)
      assert.ok(local === `0100007F:${port}` || local === `00000000000000000000000001000000:${port}`, local)
  })
})

describe('what a web page can use up', () => {
  it('is its own budget: neither programs with a credential nor people who sign in are shut out', async () => {
    const limit = { max: 5, windowMs: 60_000 }
    const many = { max: 1_000, windowMs: 60_000 }
    const limited = await startEngine(
      [tool('echo', () => say('hi'))],
      { alice: principal('alice') },
      { rates: { address: limit, principal: many, client: many, tool: many } },
    )
    try {
      const from = (headers: Record<string, string>) => mcp(limited.url).send('GET', '/nothing', headers)
      const pages = [{ origin: 'https://app.example' }, { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }]
      const statuses = []
      for (let at = 0; at < 8; at++) statuses.push((await from(pages[at % 2] as Record<string, string>)).status)
      assert.deepEqual(statuses, [404, 404, 404, 404, 404, 429, 429, 429])
      assert.equal((await from({})).status, 404)
      assert.equal((await mcp(limited.url, { token: 'alice', version: '2026-07-28' }).call('echo')).status, 200)
    } finally {
      await limited.close()
    }
  })
  it('two Host fields are refused, whichever comes first', async () => {
    const { port } = new URL(rig.url)
    for (const hosts of [
      [`localhost:${port}`, 'evil.example'],
      ['evil.example', `localhost:${port}`],
    ]) {
      const socket = connect(Number(port), '127.0.0.1')
      socket.write(`GET /mcp HTTP/1.1\r\n${hosts.map((host) => `Host: ${host}\r\n`).join('')}Connection: close\r\n\r\n`)
      const [head] = await once(socket, 'data')
      assert.match(String(head), /^HTTP\/1.1 40[03] /)
      socket.destroy()
    }
  })
})
