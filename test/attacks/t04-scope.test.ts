// T04, deny by default: a credential of few scopes tries what needs others, by every door there is. The upstream counts.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { tool } from '../fixtures/attacks/behaviour.ts'
import { type HttpWitness, startHttpWitness } from '../fixtures/attacks/http-witness.ts'
import { verifies } from '../requirements.ts'
import { ANA, authorizeUrl, redeem, register, type Tokens } from '../support/authorization.ts'
import { signIn } from '../support/browser.ts'
import { type Gateway, said, startGateway } from '../support/gateway.ts'
import { type Answer, mcp, type Version } from '../support/mcp.ts'

verifies('T04', 'RS9', 'deny-by-default', 'hidden-names')

const ERAS: readonly Version[] = ['2026-07-28', '2025-11-25']
const USES = ['tools/call', 'prompts/get', 'resources/read', 'completion/complete']

let gateway: Gateway
let web: HttpWitness
let reader: string
let readerKey: string
const uses = (): number => web.seen.filter(({ body }) => USES.includes(body?.method)).length
/** Whatever happens in `act`, the upstream hears nothing of it. */
async function unheard<T>(act: () => Promise<T>): Promise<T> {
  const count = uses()
  const outcome = await act()
  assert.equal(uses(), count, 'the upstream was called')
  return outcome
}

before(async () => {
  web = await startHttpWitness({
    era: 'modern',
    name: 'web',
    // The hint is a lie that changes nothing (T27).
    tools: [tool('look'), tool('write', { annotations: { readOnlyHint: true } }), tool('secret')],
    prompts: [{ name: 'greet', arguments: [{ name: 'who' }] }],
    resources: [{ uri: 'memo://one', name: 'one' }],
    templates: [{ uriTemplate: 'memo://all/{id}', name: 'all' }],
  })
  gateway = await startGateway({ servers: { web: { url: web.url, tools: { look: 'read', secret: 'deny' } } } })
  reader = await gateway.token(['tools:read'])
  readerKey = (await gateway.key(['tools:read'])).key
})
after(async () => {
  await gateway[Symbol.asyncDispose]()
  await web[Symbol.asyncDispose]()
})

function challengeOf(answer: Answer): Record<string, string> {
  const header = String(answer.headers['www-authenticate'])
  assert.match(header, /^Bearer /)
  return Object.fromEntries([...header.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]))
}

/** Everything but tools that has to be permitted. */
const others: readonly (readonly [string, object, string])[] = [
  ['prompts/get', { name: 'greet' }, 'prompts:read'],
  ['resources/read', { uri: 'memo://one' }, 'resources:read'],
  ['resources/read', { uri: 'memo://all/7' }, 'resources:read'],
  ['completion/complete', { ref: { type: 'ref/prompt', name: 'greet' }, argument: { name: 'who', value: 'a' } }, 'prompts:read'],
  [
    'completion/complete',
    { ref: { type: 'ref/resource', uri: 'memo://all/{id}' }, argument: { name: 'id', value: '1' } },
    'resources:read',
  ],
]

for (const version of ERAS) {
  describe(`T04: scope creep, ${version}`, () => {
    it('a token that lacks the scope is challenged with all that it needs and all that it has', async () => {
      const answer = await unheard(() => mcp(gateway.url, { token: reader, version }).call('write'))
      assert.equal(answer.status, 403)
      const { error, scope, resource_metadata: metadata } = challengeOf(answer)
      assert.equal(error, 'insufficient_scope')
      assert.deepEqual(scope?.split(' ').sort(), ['tools:execute', 'tools:read'])
      assert.equal(answer.error.code, 403)
      assert.match(answer.error.message, /"tools:execute"/)
      const described = (await (await fetch(new URL(String(metadata)))).json()) as { resource: string }
      assert.equal(described.resource, gateway.resource)
    })
    it('a key cannot step up: it is told in words which scope it lacks', async () => {
      const answer = await unheard(() => mcp(gateway.url, { key: readerKey, version }).call('write'))
      assert.equal(answer.status, 200)
      assert.equal(answer.result.isError, true)
      assert.match(said(answer), /needs the scope "tools:execute"; this key has "tools:read"/)
      assert.equal(answer.headers['www-authenticate'], undefined)
    })
    it('prompts, resources, templates and completions are as closed as tools', async () => {
      for (const [method, params, scope] of others) {
        const byToken = await unheard(() => mcp(gateway.url, { token: reader, version }).request(method, params))
        assert.equal(byToken.status, 403, method)
        assert.deepEqual(challengeOf(byToken)['scope']?.split(' '), ['tools:read', scope])
        const byKey = await unheard(() => mcp(gateway.url, { key: readerKey, version }).request(method, params))
        assert.equal(byKey.status, 200)
        assert.equal(byKey.error.code, 403)
        assert.match(byKey.error.message, new RegExp(scope))
      }
    })
    it('a list is never refused, and shows what may be used and nothing else', async () => {
      const shown = async (key: string): Promise<string[][]> => {
        const client = mcp(gateway.url, { key, version })
        const kinds = [client.list('tools'), client.list('prompts'), client.list('resources'), client.list('resources/templates')]
        // Where results that are too large can be read is shown to everybody: each has what is their own there.
        const own = ({ name }: { name?: unknown }): boolean => name === 'stored-result'
        return (await Promise.all(kinds)).map((items) =>
          items
            .filter((item) => !own(item))
            .map(({ name }) => String(name))
            .sort(),
        )
      }
      assert.deepEqual(await shown(readerKey), [['look'], [], [], []])
      assert.deepEqual(await shown((await gateway.key([])).key), [[], [], [], []])
      assert.deepEqual(await shown((await gateway.key(['tools:execute'])).key), [['write'], [], [], []])
      assert.deepEqual(await shown((await gateway.key()).key), [['look', 'write'], ['greet'], ['one'], ['all']])
    })
    it('a tool that nobody classed needs tools:execute; no other scope and no set of them will do', async () => {
      const { key } = await gateway.key(['tools:read', 'prompts:read', 'resources:read', 'tools', 'tools:*', '*', 'tools:Execute', 'admin'])
      assert.equal((await unheard(() => mcp(gateway.url, { key, version }).call('write'))).result.isError, true)
      const { key: nothing } = await gateway.key([])
      assert.equal((await unheard(() => mcp(gateway.url, { key: nothing, version }).call('look'))).result.isError, true)
    })
    it('a name that is denied is answered like one that does not exist, also to who may do everything', async () => {
      const client = mcp(gateway.url, { key: (await gateway.key()).key, version })
      const [hidden, unknown] = await unheard(() => Promise.all([client.call('secret'), client.call('nobody')]))
      const shape = ({ status, error, result }: Answer): unknown => [status, result, error.code, error.message, Object.keys(error.data)]
      assert.deepEqual(shape(hidden), shape(unknown))
      assert.equal(hidden.error.code, -32602)
    })
    it('and who has the scope is served', async () => {
      const token = await gateway.token()
      const { key } = await gateway.key()
      for (const credential of [{ token }, { key }]) {
        const client = mcp(gateway.url, { ...credential, version })
        const before = uses()
        assert.equal(said(await client.call('look')), 'web: look')
        assert.equal(said(await client.call('write')), 'web: write')
        for (const [method, params] of others) assert.ok((await client.request(method, params)).result, method)
        assert.equal(uses(), before + 2 + others.length)
      }
      assert.equal(said(await mcp(gateway.url, { token: reader, version }).call('look')), 'web: look')
      assert.equal(said(await mcp(gateway.url, { key: readerKey, version }).call('look')), 'web: look')
    })
  })
}

describe('T04: asking for more than was granted', () => {
  const claims = ({ access_token }: Tokens): { scope: string } =>
    JSON.parse(Buffer.from(access_token.split('.')[1] ?? '', 'base64url').toString())

  it('the token request cannot widen what the person agreed to', async () => {
    const { client_id: client } = await register(gateway)
    const { url, verifier } = authorizeUrl(gateway, client, { scope: 'tools:read tools:execute' })
    // The person unticks what changes things.
    const code = new URL(await signIn(url, { ...ANA, untick: ['run'] })).searchParams.get('code') as string
    const response = await redeem(gateway, client, code, verifier, { scope: 'tools:read tools:execute prompts:read resources:read' })
    assert.equal(response.status, 200)
    const tokens = (await response.json()) as Tokens
    assert.equal(claims(tokens).scope, 'tools:read')
    assert.equal((await unheard(() => mcp(gateway.url, { token: tokens.access_token }).call('write'))).status, 403)
    assert.equal(said(await mcp(gateway.url, { token: tokens.access_token }).call('look')), 'web: look')

    const refreshed = await fetch(`${gateway.issuer}/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'refresh_token',
        refresh_token: String(tokens.refresh_token),
        client_id: client,
        scope: 'tools:read tools:execute',
      }),
    })
    if (refreshed.status === 200) assert.equal(claims((await refreshed.json()) as Tokens).scope, 'tools:read')
    else assert.equal(((await refreshed.json()) as { error: string }).error, 'invalid_scope')
  })
  it('a refresh that asks for no more keeps what there is, and adds nothing', async () => {
    const { tokens, refresh } = await gateway.signIn(['tools:read'])
    assert.equal(claims(tokens).scope, 'tools:read')
    const again = (await (await refresh()).json()) as Tokens
    assert.equal(claims(again).scope, 'tools:read')
    assert.equal((await unheard(() => mcp(gateway.url, { token: again.access_token }).call('write'))).status, 403)
  })
})
