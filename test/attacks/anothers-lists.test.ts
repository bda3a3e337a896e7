/**
 * What a guarded server says to one person, shown to another. The gateway reads lists with the token of whoever connected first: the names
 * of that person's own things, and what the server tells them about themselves, are not for everybody.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAccounts } from '../../src/people/index.ts'
import { startWorld } from '../fixtures/sign-in-world.ts'
import { verifies } from '../requirements.ts'
import { ANA, connect } from '../support/authorization.ts'
import { connectAccount } from '../support/connect-account.ts'
import { startGateway } from '../support/gateway.ts'
import { mcp } from '../support/mcp.ts'
import { until } from '../support/until.ts'

const BEN = { name: 'ben', password: 'a kettle beside the window' }

test('resources and instructions that were read with one person’s token are shown to nobody; templates are, and read with one’s own', async () => {
  verifies('upstream-own-token')
  const readers: unknown[] = []
  await using world = await startWorld({
    serve({ method, id, params }, { headers }, response) {
      const say = (result: object): true => {
        response.writeHead(200, { 'content-type': 'application/json' })
        response.end(JSON.stringify({ jsonrpc: '2.0', id, result: { resultType: 'complete', ttlMs: 0, cacheScope: 'public', ...result } }))
        return true
      }
      switch (method) {
        case 'server/discover':
          return say({
            supportedVersions: ['2026-07-28'],
            capabilities: { tools: {}, resources: {} },
            instructions: 'You act for canary-name-of-ana.',
          })
        case 'resources/list':
          return say({ resources: [{ uri: 'notes://canary-letter-of-dismissal', name: 'canary-letter' }] })
        case 'resources/templates/list':
          return say({ resourceTemplates: [{ uriTemplate: 'notes://{id}', name: 'a note' }] })
        case 'resources/read':
          readers.push(headers.authorization)
          return say({ contents: [{ uri: params.uri, text: `text ${readers.length}` }] })
      }
      return false
    },
  })
  await using gateway = await startGateway({ servers: { notes: { url: world.serverUrl, tools: { echo: 'read' } } } })
  const accounts = createAccounts({ store: gateway.data.store, clock: Date.now })
  const link = `${gateway.issuer}/account/connections/notes`
  const clients = []
  for (const person of [ANA, BEN]) {
    await accounts.create(person)
    clients.push(mcp(gateway.url, { token: (await connect(gateway, { person })).tokens.access_token }))
    await connectAccount({ link, person, there: (location) => world.visit(location) })
  }
  const [ana, ben] = clients
  assert.ok(ana && ben)
  await until('its tools', async () => (await ben.list()).some(({ name }) => name === 'echo'))
  assert.equal(world.to('/mcp').filter(({ text }) => text.includes('"resources/list"')).length > 0, true, 'it was asked')
  const seen = JSON.stringify([
    await ben.list('resources'),
    await ana.list('resources'),
    (await ben.request('server/discover')).result,
    (await ben.request('resources/read', { uri: 'file://elsewhere' })).body,
  ])
  assert.equal(seen.includes('canary'), false, seen)
  assert.deepEqual(
    (await ben.list('resources/templates')).map(({ uriTemplate }) => uriTemplate).filter((each) => !each.startsWith('sallyport://')),
    ['notes://{id}'],
  )
  for (const client of [ana, ben]) {
    const { result } = await client.request('resources/read', { uri: 'notes://1' })
    assert.match(result.contents[0].text, /^text \d$/)
    assert.equal(result.cacheScope, 'private', 'whatever the server says of it')
  }
  assert.equal(new Set(readers).size, 2, 'each with their own token')
})
