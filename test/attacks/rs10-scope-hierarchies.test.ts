// RS10, RS9, RS11: scopes that imply others count wherever a scope counts, and nowhere more than that.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ConfigError } from '../../src/core/index.ts'
import { loadConfig } from '../../src/gateway/index.ts'
import { MCPServer, type MCPServerOptions } from '../../src/server/index.ts'
import { openData } from '../../src/vault/index.ts'
import { verifies } from '../requirements.ts'
import { ANA, authorizeUrl, connect, register } from '../support/authorization.ts'
import { createBrowser, type Form, formsOf, type Shown } from '../support/browser.ts'
import { mcp } from '../support/mcp.ts'
import { createTempDir } from '../support/paths.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { until } from '../support/until.ts'

verifies('RS10', 'RS9', 'RS11')

const scopes = {
  admin: { implies: ['editor', 'tools:execute'], description: 'Run the whole notebook' },
  editor: { implies: ['notes:write', 'tools:read'] },
  'notes:write': { description: 'Change notes' },
  'all:read': { implies: ['tools:read', 'resources:read'], description: 'Look at everything' },
  'sly:read': { implies: ['tools:execute'], description: 'Only look around' },
}
const tools = [
  { name: 'look', permissions: { requiredScopes: ['tools:read'] }, execute: () => 'seen' },
  { name: 'write', permissions: { requiredScopes: ['notes:write', 'tools:read'] }, execute: () => 'written' },
  { name: 'run', execute: () => 'ran' },
  { name: 'pay', permissions: { requiredScopes: ['tools:execute', 'billing'] }, execute: () => 'paid' },
  { name: 'role', permissions: { requiredScopes: ['tools:read'], requiredRoles: ['staff'] }, execute: () => 'staff' },
]
const resources = [{ uri: 'note://one', name: 'one', read: () => 'one' }]
const serve = (): Promise<TestServer> => startServer({ tools, resources, scopes } as unknown as MCPServerOptions)
const challengeOf = ({ headers }: { readonly headers: Record<string, unknown> }): string[] =>
  (/scope="([^"]*)"/.exec(String(headers['www-authenticate']))?.[1] ?? '').split(' ').sort()

describe('a scope that implies others', () => {
  it('permits what they permit, at any distance, in calls and lists alike, and no more', async () => {
    await using world = await serve()
    const seen: Record<string, string[]> = {}
    for (const scope of ['admin', 'editor', 'notes:write', 'all:read', 'billing']) {
      const client = mcp(world.url, { key: await world.key([scope]) })
      const listed = (await client.list()).map(({ name }) => name)
      for (const { name } of tools) {
        const { result } = await client.call(name)
        assert.equal(result?.isError !== true && result !== undefined, listed.includes(name), `${scope}: ${name}`)
      }
      seen[scope] = [...listed, ...(await client.list('resources')).map(({ uri }) => uri)]
    }
    assert.deepEqual(seen, {
      admin: ['look', 'write', 'run'],
      editor: ['look', 'write'],
      // It is declared, and implies nothing: what it is named is no hint.
      'notes:write': [],
      'all:read': ['look', 'note://one'],
      billing: [],
    })
  })
  it('never makes up for a role', async () => {
    await using world = await serve()
    const refused = await mcp(world.url, { key: await world.key(['admin']) }).call('role')
    assert.match(JSON.stringify(refused.result), /needs the role/)
    const { store } = await openData({ dataDir: world.dataDir })
    await until('the record', async () => (await store.audit.search({ limit: 10 })).some(({ record }) => record.decision === 'deny'))
    const [denied] = (await store.audit.search({ limit: 10 })).filter(({ record }) => record.decision === 'deny')
    assert.deepEqual(denied?.record.facts?.['impliedScopes'], ['tools:read'], 'the record does not call lacking what is implied')
    await store.close()
    assert.equal((await mcp(world.url, { key: await world.key(['admin'], ['staff']) }).call('role')).result.isError, undefined)
  })
  it('can be granted, is not asked for by default, and a challenge names only what is lacking', async () => {
    await using world = await serve()
    await world.user(ANA.name, ANA.password)
    const { origin } = new URL(world.url)
    const bare = await mcp(world.url).request('tools/list')
    const shown = ['billing', 'notes:write', 'resources:read', 'tools:execute', 'tools:read']
    assert.deepEqual(challengeOf(bare), shown)
    for (const path of ['oauth-protected-resource/mcp', 'oauth-protected-resource']) {
      const { scopes_supported: supported } = (await (await fetch(`${origin}/.well-known/${path}`)).json()) as {
        scopes_supported: string[]
      }
      assert.deepEqual(supported, shown)
    }
    const signIn = async (scope: string): Promise<string> =>
      (await connect({ issuer: world.issuer, resource: world.url }, { changes: { scope } })).tokens.access_token
    const admin = mcp(world.url, { token: await signIn('admin') })
    assert.equal((await admin.call('run')).status, 200)
    const lacking = await admin.call('pay')
    assert.equal(lacking.status, 403)
    assert.deepEqual(challengeOf(lacking), ['admin', 'billing'])
    assert.doesNotMatch(JSON.stringify(lacking.error), /tools:execute/)
    const reader = await mcp(world.url, { token: await signIn('all:read') }).call('write')
    assert.deepEqual(challengeOf(reader), ['all:read', 'notes:write'])
  })
  it('is told at consent with all that comes with it, and what is only said to read is not taken at its word', async () => {
    await using world = await serve()
    await world.user(ANA.name, ANA.password)
    const fixture = { issuer: world.issuer, resource: world.url }
    const { client_id: clientId } = await register(fixture)
    const page = async (scope: string): Promise<string> => {
      const browser = createBrowser()
      const login = (await browser.open(authorizeUrl(fixture, clientId, { scope }).url)) as Shown
      const form = formsOf(login)[0] as Form
      const hidden = form.fields.filter(({ type }) => type === 'hidden').map(({ name, value }) => [name, value] as const)
      const consent = await browser.submit(login, form, [...hidden, ['name', ANA.name], ['password', ANA.password]])
      return (consent as Shown).html
    }
    assert.match(
      await page('admin'),
      /delete things or run code[\s\S]*Run the whole notebook\. This includes: Use what needs the permission “editor”; Change notes; [^<]*code; Use the tools that only read/,
    )
    assert.match(await page('all:read'), /It can read[\s\S]*Look at everything\. This includes: /)
    assert.match(await page('sly:read'), /It can delete things or run code[\s\S]*Only look around\. This includes: /)
  })
})

describe('offline_access', () => {
  it('is never in a challenge nor in the metadata of the resource, whatever was granted', async () => {
    await using world = await serve()
    await world.user(ANA.name, ANA.password)
    const { tokens } = await connect({ issuer: world.issuer, resource: world.url }, { changes: { scope: 'tools:read offline_access' } })
    const answers = [
      await mcp(world.url).request('tools/list'),
      await mcp(world.url, { token: 'nothing' }).request('tools/list'),
      await mcp(world.url, { token: tokens.access_token }).call('pay'),
      await mcp(world.url).send('GET', '/.well-known/oauth-protected-resource/mcp'),
    ]
    assert.deepEqual(
      answers.map(({ status }) => status),
      [401, 401, 403, 200],
    )
    for (const { headers, body } of answers) assert.doesNotMatch(JSON.stringify([headers, body]), /offline_access/)
  })
})

describe('a hierarchy that cannot be', () => {
  const refused = (given: object, expected: RegExp): void => {
    assert.throws(
      () => new MCPServer({ scopes: given } as never),
      (error) => error instanceof ConfigError && error.problems.some((problem) => expected.test(problem)),
    )
  }
  it('is refused at the start, and the circle is named', () => {
    refused({ a: { implies: ['b'] }, b: { implies: ['c'] }, c: { implies: ['a'] } }, /scopes\.a\.implies: goes in a circle: a → b → c → a/)
    refused({ a: { implies: ['a'] } }, /goes in a circle: a → a/)
    refused({ x: { implies: ['a'] }, a: { implies: ['b'] }, b: { implies: ['a'] } }, /scopes\.a\.implies: goes in a circle: a → b → a/)
  })
  it('is refused for names that are no scopes, and for what nobody knows', () => {
    refused({ 'two words': {} }, /scopes\.two words/)
    refused({ a: { implies: ['two words'] } }, /scopes\.a\.implies\.0: must be a scope/)
    refused({ a: { implies: ['offline_access'] } }, /is not a permission/)
    refused({ a: { implys: ['b'] } }, /scopes\.a\.implys: .*implies/)
    refused({ a: { description: 'line\nbreak' } }, /scopes\.a\.description/)
  })
  it('is refused in sallyport.yaml too', async () => {
    const folder = await createTempDir('config')
    const { writeFileSync } = await import('node:fs')
    const file = `${folder.path}/sallyport.yaml`
    writeFileSync(file, 'scopes:\n  a:\n    implies: [b]\n  b:\n    implies: [a]\n')
    assert.throws(
      () => loadConfig({ file, cwd: folder.path, env: {} }),
      /sallyport\.yaml:3: scopes\.a\.implies: goes in a circle: a → b → a/,
    )
    writeFileSync(file, 'scopes:\n  a:\n    implies: [b]\n    description: All of it\n')
    assert.deepEqual(loadConfig({ file, cwd: folder.path, env: {} }).scopes, { a: { implies: ['b'], description: 'All of it' } })
    await folder.remove()
  })
})
