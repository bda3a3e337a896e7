/** The checks of `doctor`, against real servers, ports and files of this machine. */

import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Finding } from '../../src/cli/checks/check.ts'
import { checkIssuers } from '../../src/cli/checks/issuers.ts'
import { checkKeys } from '../../src/cli/checks/keys.ts'
import { checkDataDir, checkNode, checkPort } from '../../src/cli/checks/machine.ts'
import { ownerOfPort } from '../../src/cli/checks/port-owner.ts'
import { checkServer } from '../../src/cli/checks/server.ts'
import { createKeyText, openData } from '../../src/vault/index.ts'
import { startIssuer } from '../support/external-issuer.ts'
import { createTempDir, findFreePort } from '../support/index.ts'

interface Listening extends AsyncDisposable {
  readonly origin: string
  readonly port: number
}

async function listen(
  handle: (path: string, request: IncomingMessage, response: ServerResponse, origin: string) => void,
): Promise<Listening> {
  let origin = ''
  const server: Server = createServer((request, response) => handle(request.url ?? '', request, response, origin))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  origin = `http://localhost:${port}`
  return {
    origin,
    port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const answer = (response: ServerResponse, status: number, body: object, headers: Record<string, string> = {}) =>
  void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))

/** A server as it should be, but for what `change` changes. */
const server = (change: { challenge?: string; resource?: string; issuer?: string; registration?: boolean; methods?: string[] } = {}) =>
  listen((path, _request, response, origin) => {
    if (path === '/mcp') {
      const challenge =
        change.challenge ?? `Bearer resource_metadata="${origin}/.well-known/oauth-protected-resource/mcp", scope="tools:read"`
      answer(response, 401, {}, { 'www-authenticate': challenge })
    } else if (path.startsWith('/.well-known/oauth-protected-resource'))
      answer(response, 200, { resource: change.resource ?? `${origin}/mcp`, authorization_servers: [origin] })
    else if (path === '/.well-known/oauth-authorization-server')
      answer(response, 200, {
        issuer: change.issuer ?? origin,
        code_challenge_methods_supported: change.methods ?? ['S256'],
        ...(change.registration === false ? {} : { registration_endpoint: `${origin}/reg` }),
      })
    else answer(response, 404, {})
  })

const wrong = (findings: readonly Finding[]): string[] => findings.filter(({ status }) => status !== 'ok').map(({ name }) => name)

test('a server as it should be passes every check', async () => {
  await using running = await server()
  const findings = await checkServer(`${running.origin}/mcp`)
  assert.deepEqual(wrong(findings), [])
  assert.deepEqual(
    findings.map(({ name }) => name),
    ['401 GET', '401 POST', 'resource metadata', 'resource metadata', 'sign-in', 'PKCE', 'registration'],
  )
})

test('each thing that would stop a client is a problem with a fix', async () => {
  for (const [change, expected] of [
    [{ challenge: 'Basic realm="x"' }, ['401 GET', '401 POST']],
    [{ challenge: 'Bearer realm="x"' }, ['401 GET', '401 POST']],
    [{ resource: 'https://elsewhere.example/mcp' }, ['resource metadata', 'resource metadata']],
    [{ issuer: 'https://elsewhere.example' }, ['sign-in']],
    [{ methods: ['S256', 'plain'] }, ['PKCE']],
    [{ registration: false }, ['registration']],
  ] as const) {
    await using running = await server(change as Parameters<typeof server>[0])
    const findings = await checkServer(`${running.origin}/mcp`)
    assert.deepEqual(wrong(findings), expected)
    for (const { status, fix } of findings) assert.equal(status === 'ok', fix === undefined)
  }
})

test('an open server, a server that is not there and a URL that is none are problems', async () => {
  await using open = await listen((_path, _request, response) => answer(response, 200, {}))
  assert.deepEqual(wrong(await checkServer(`${open.origin}/mcp`)).slice(0, 2), ['401 GET', '401 POST'])
  const [gone] = await checkServer(`http://127.0.0.1:${await findFreePort()}/mcp`)
  assert.match(gone?.found ?? '', /does not answer \(ECONNREFUSED\)/)
  assert.deepEqual(wrong(await checkServer('localhost:7777')), ['url'])
})

test('a port in use is named with its process', async () => {
  await using running = await server()
  const { status, found } = await checkPort(running.port)
  assert.equal(status, 'warning')
  if (process.platform === 'linux') {
    assert.equal(ownerOfPort(running.port)?.pid, process.pid)
    assert.match(found, new RegExp(`process ${process.pid} \\(`))
  }
  assert.equal((await checkPort(await findFreePort())).status, 'ok')
})

test('the data directory is for its owner only', { skip: process.platform === 'win32' }, async () => {
  await using temp = await createTempDir('doctor')
  const dir = join(temp.path, 'data')
  assert.equal(checkDataDir(dir)[0]?.status, 'ok')
  mkdirSync(dir, { mode: 0o700 })
  writeFileSync(join(dir, 'master.key'), '', { mode: 0o600 })
  assert.deepEqual(
    checkDataDir(dir).map(({ status }) => status),
    ['ok', 'ok'],
  )
  chmodSync(dir, 0o755)
  chmodSync(join(dir, 'master.key'), 0o640)
  assert.deepEqual(
    checkDataDir(dir).map(({ status }) => status),
    ['warning', 'problem'],
  )
  chmodSync(dir, 0o777)
  assert.equal(checkDataDir(dir)[0]?.status, 'problem')
})

test('a master key that is not the one, and data keys that are not wrapped with the newest, are told; nothing is made', async () => {
  await using temp = await createTempDir('doctor')
  assert.deepEqual((await checkKeys(temp.path)).findings, [])
  assert.deepEqual(readdirSync(temp.path), [])
  const data = await openData({ dataDir: temp.path, env: {} })
  await data.vault.seal('x', { kind: 'client', id: 'a', field: 'secret' })
  await data.store.close()
  const check = async () => {
    const { findings, data: opened } = await checkKeys(temp.path)
    await opened?.store.close()
    return findings.map(({ status, found }) => `${status} ${found}`).join()
  }
  assert.match(await check(), /^ok the master key [\w-]{8} opens all of 2 data keys$/)
  const file = join(temp.path, 'master.key')
  const key = readFileSync(file, 'utf8')
  writeFileSync(file, `${createKeyText()}\n${key}`)
  assert.match(await check(), /^warning 2 of 2 data keys are not wrapped with the newest/)
  writeFileSync(file, createKeyText())
  assert.match(await check(), /^problem .*is sealed under the master key [\w-]{8}, which is not there/)
})

test('an old Node is a problem', () => {
  assert.equal(checkNode('24.0.0').status, 'ok')
  assert.equal(checkNode('22.20.0').status, 'problem')
})

test('an issuer that tokens come from, or that vouches for others, is asked for its keys', async () => {
  await using good = await startIssuer()
  const gone = `http://127.0.0.1:${await findFreePort()}`
  const trusted = (issuer: string, jwksUri?: string) => ({ issuer, jwksUri, use: ['id-jag' as const] })
  assert.deepEqual(await checkIssuers({ auth: undefined }), [])
  assert.deepEqual(await checkIssuers({ auth: { issuer: good.issuer } }), [
    { status: 'ok', name: 'issuer', found: `${good.issuer} publishes keys that can be used` },
  ])

  // The keys are there; only the metadata would have said that the issuer is written otherwise.
  const [slash, lost, keys] = await checkIssuers({
    auth: { trustedIssuers: [trusted(`${good.issuer}/`), trusted(gone), trusted(good.issuer, `${gone}/jwks`)] },
  })
  assert.deepEqual([slash?.status, lost?.status, keys?.status], ['problem', 'problem', 'problem'])
  assert.match(slash?.found ?? '', /names another issuer/)
  assert.match(slash?.fix ?? '', /^correct auth\.trustedIssuers\[0\]\.issuer/)
  assert.match(lost?.fix ?? '', /trustedIssuers\[1\].*reachable from this machine$/)

  good.published.length = 0
  const [empty] = await checkIssuers({ auth: { issuer: good.issuer } })
  assert.deepEqual([empty?.status, empty?.found], ['problem', `${good.issuer}: the issuer publishes no key that could be used`])
})
