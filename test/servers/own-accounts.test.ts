/**
 * A server of the official SDK, of 2025-11-25 and with sessions, behind the SDK's own authorization router: two people at once through one
 * gateway. Each has their own token and their own session there, and no client gets to see a token.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAccounts } from '../../src/people/index.ts'
import { verifies } from '../requirements.ts'
import { connect } from '../support/authorization.ts'
import { connectAccount } from '../support/connect-account.ts'
import { startGateway } from '../support/gateway.ts'
import { mcp } from '../support/mcp.ts'
import { until } from '../support/until.ts'
import { startSdkAccounts } from './sdk-accounts.ts'

const PEOPLE = [
  { name: 'ana', password: 'a quiet harbour at dawn' },
  { name: 'ben', password: 'a kettle beside the window' },
]

test('two people at once at a server of the SDK: two tokens, two sessions, and none of it reaches a client', async () => {
  verifies('upstream-own-token', 'upstream-token-stays')
  await using server = await startSdkAccounts()
  await using gateway = await startGateway({ servers: { sdk: { url: server.url, tools: { whoami: 'read' } } } })
  const accounts = createAccounts({ store: gateway.data.store, clock: Date.now })
  const link = `${gateway.issuer}/account/connections/sdk`
  const seen: string[] = []
  const clients = new Map<string, ReturnType<typeof mcp>>()
  for (const person of PEOPLE) {
    await accounts.create(person)
    const { tokens } = await connect(gateway, { person })
    clients.set(person.name, mcp(gateway.url, { token: tokens.access_token }))
    seen.push(await connectAccount({ link, person, there: (location) => server.signIn(location, `${person.name}.there`) }))
  }
  const call = async (name: string): Promise<string> => {
    const client = clients.get(name)
    assert.ok(client)
    const { body, result } = await client.call('whoami')
    seen.push(JSON.stringify(body))
    return result?.content?.[0]?.text ?? JSON.stringify(body)
  }
  await until('its tools', async () => ((await clients.get('ana')?.list()) ?? []).some(({ name }) => name === 'whoami'))
  for (let round = 0; round < 3; round++) {
    const said = await Promise.all(Array.from({ length: 20 }, (_, at) => call(at % 2 === 0 ? 'ana' : 'ben')))
    said.forEach((text, at) => assert.equal(text, `you are ${at % 2 === 0 ? 'ana' : 'ben'}.there`))
    // Refused, and renewed.
    server.expire()
  }
  assert.deepEqual(new Set(server.calls.map(({ user }) => user)), new Set(['ana.there', 'ben.there']))
  for (const { user, session } of server.calls) assert.equal(session, user, 'in a session of their own')
  assert.ok(server.tokens.size >= 4)
  for (const token of server.tokens.keys()) assert.equal(seen.join('').includes(token), false)
})
