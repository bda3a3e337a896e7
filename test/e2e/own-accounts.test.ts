/**
 * Two people at once through one gateway, each with their own account at a guarded server: another Sallyport, and a server of the official
 * SDK behind its own authorization router. They follow the link that a tool's answer has; nobody else's token is on the wire, and no
 * client sees one.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createApiKeys } from '../../src/oauth/index.ts'
import { createAccounts } from '../../src/people/index.ts'
import { tool } from '../../src/server/index.ts'
import { type Data, openData } from '../../src/vault/index.ts'
import { verifies } from '../requirements.ts'
import { connect } from '../support/authorization.ts'
import type { Person } from '../support/browser.ts'
import { asPerson, connectAccount, linkIn } from '../support/connect-account.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { mcp } from '../support/mcp.ts'
import { startServer } from '../support/server.ts'
import { until } from '../support/until.ts'

const ANA: Person = { name: 'ana', password: 'a quiet harbour at dawn' }
const BEN: Person = { name: 'ben', password: 'a kettle beside the window' }
const ANA_THERE: Person = { name: 'ana.there', password: 'seven lamps along the quay' }
const BEN_THERE: Person = { name: 'ben.there', password: 'an orchard under light snow' }

async function tokensOf(gateway: Gateway, ...people: readonly Person[]): Promise<string[]> {
  const accounts = createAccounts({ store: gateway.data.store, clock: Date.now })
  for (const person of people) await accounts.create(person)
  const signedIn = []
  for (const person of people) signedIn.push((await connect(gateway, { person })).tokens.access_token)
  return signedIn
}

async function subjectsOf({ store }: Data): Promise<string[]> {
  const found = await store.audit.search({ limit: 1000 })
  return [...new Set(found.flatMap(({ record: { action, subject } }) => (action === 'tools/call' && subject ? [subject] : [])))].sort()
}

test('a second Sallyport is guarded: two people, two accounts there, two subjects in its audit', async () => {
  verifies('upstream-own-token')
  const whoami = tool({
    name: 'whoami',
    description: 'Who is calling.',
    permissions: { requiredScopes: ['tools:read'] },
    parameters: { type: 'object', properties: {} },
    execute: (_, { principal }) => `you are ${principal.user}`,
  })
  await using upstream = await startServer({ tools: [whoami] })
  for (const { name, password } of [ANA_THERE, BEN_THERE]) await upstream.user(name, password)
  await using gateway = await startGateway({ servers: { notes: { url: upstream.url, tools: { whoami: 'read' } } } })
  const [ana = '', ben = ''] = await tokensOf(gateway, ANA, BEN)
  const seen: string[] = []
  async function call(token: string, name: string): Promise<string> {
    const { body, result } = await mcp(gateway.url, { token }).call(name)
    seen.push(JSON.stringify(body))
    return result?.content?.[0]?.text ?? JSON.stringify(body)
  }
  const names = async (): Promise<string[]> => (await mcp(gateway.url, { token: ana }).list()).map(({ name }) => name)

  assert.deepEqual(await names(), ['notes__connect'])
  const link = linkIn(await call(ana, 'notes__connect'))
  assert.equal(link, `${gateway.issuer}/account/connections/notes`)
  assert.match(await connectAccount({ link, person: ANA, there: asPerson(ANA_THERE) }), /connected/i)
  await until('its tools', async () => (await names()).includes('whoami'))
  assert.deepEqual(await names(), ['whoami'])
  assert.equal(await call(ana, 'whoami'), 'you are ana.there')

  // Somebody else, who has not connected, gets the same link and nothing of hers.
  assert.equal(linkIn(await call(ben, 'whoami')), link)
  await connectAccount({ link, person: BEN, there: asPerson(BEN_THERE) })
  const said = await Promise.all(Array.from({ length: 40 }, (_, at) => call(at % 2 === 0 ? ana : ben, 'whoami')))
  assert.deepEqual(
    said,
    Array.from({ length: 40 }, (_, at) => (at % 2 === 0 ? 'you are ana.there' : 'you are ben.there')),
  )
  // A key that is nobody's acts for nobody there.
  const { key } = await createApiKeys({
    ...gateway.data,
    clock: Date.now,
    accounts: createAccounts({ store: gateway.data.store, clock: Date.now }),
  }).create({
    name: 'robot',
    scopes: ['tools:read'],
    createdBy: 'test',
    expiresInDays: 1,
  })
  assert.match(await call(key, 'whoami'), /person/)

  const there = await openData({ dataDir: upstream.dataDir })
  await until('its audit', async () => (await subjectsOf(there)).length === 2)
  assert.deepEqual(await subjectsOf(there), ['ana.there', 'ben.there'])
  await there.store.close()
  for (const { action, subject, server } of await gateway.records())
    if (action.startsWith('connection.')) assert.ok(subject === 'ana' || subject === 'ben', `${action} ${server}`)
  assert.doesNotMatch(seen.join(''), /eyJ/, 'no token in what the clients were told')
})
