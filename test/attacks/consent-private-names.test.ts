// The consent page lists what a client could use, which would be a list of everything, were it not asked by the rule behind every call: a
// private name is told to nobody who could not list it themselves.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MCPServerOptions } from '../../src/server/index.ts'
import { verifies } from '../requirements.ts'
import { ANA, redeem, register, type Tokens } from '../support/authorization.ts'
import { landed, openConsent } from '../support/consent.ts'
import { mcp } from '../support/mcp.ts'
import { startServer } from '../support/server.ts'

verifies('consent-private-names', 'consent-page')

const BEN = { name: 'ben', password: 'another long passphrase' }

test('each person reads the names that their own lists would show them, and no other', async () => {
  const key = `sk-ant-${'a1B2'.repeat(12)}`
  await using world = await startServer({
    tools: [
      { name: 'look', permissions: { requiredScopes: ['tools:read'] }, execute: () => 'seen' },
      { name: 'run', execute: () => 'ran' },
      { name: 'merger', permissions: { access: 'private', users: ['ana'], requiredScopes: ['tools:read'] }, execute: () => 'signed' },
      { name: 'payroll', permissions: { requiredScopes: ['tools:execute'], requiredRoles: ['hr'] }, execute: () => 'paid' },
      { name: 'open', permissions: { access: 'public' }, execute: () => 'open' },
    ],
    prompts: [{ name: 'secret_plan', permissions: { access: 'private', users: ['ben'] }, render: () => 'plan' }],
    resources: [{ uri: `note://${key}`, name: 'one', permissions: { requiredScopes: ['resources:read'] }, read: () => 'one' }],
  } as unknown as MCPServerOptions)
  await world.user(ANA.name, ANA.password)
  await world.user(BEN.name, BEN.password, ['hr'])
  const place = { issuer: world.issuer, resource: world.url }
  const { client_id: clientId } = await register(place)
  const named = async (person: typeof BEN) => {
    const scope = 'tools:read tools:execute prompts:read resources:read'
    const asked = await openConsent(place, clientId, { scope }, { person })
    const names = [...asked.page.html.matchAll(/<code>([^<]*)<\/code>/g)].map(([, name = '']) => name)
    assert.ok(!asked.page.html.includes(key), 'what a list would redact is redacted')
    await new Promise((resolve) => setTimeout(resolve, 1050))
    const code = landed(await asked.answer()).get('code') ?? ''
    const tokens = (await (await redeem(place, clientId, code, asked.verifier)).json()) as Tokens
    const client = mcp(world.url, { token: tokens.access_token })
    const listed = [...(await client.list()), ...(await client.list('prompts'))].map(({ name }) => String(name))
    return { names: names.filter((name) => !name.startsWith('note:')).sort(), listed: listed.filter((name) => name !== 'open').sort() }
  }
  const ana = await named(ANA)
  assert.deepEqual(ana.names, ['look', 'merger', 'run'])
  assert.deepEqual(ana.names, ana.listed)
  const ben = await named(BEN)
  assert.deepEqual(ben.names, ['look', 'payroll', 'run', 'secret_plan'])
  assert.deepEqual(ben.names, ben.listed)
})
