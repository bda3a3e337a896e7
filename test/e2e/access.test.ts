/** `key`, `keys`, `client` and `grant`, as an operator runs them beside a guard that is in use. */

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, test } from 'node:test'
import { tool } from '../fixtures/attacks/behaviour.ts'
import { type HttpWitness, startHttpWitness } from '../fixtures/attacks/http-witness.ts'
import { CALLBACK, connect, postForm, register, type Tokens } from '../support/authorization.ts'
import type { Finished } from '../support/child.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { mcp } from '../support/mcp.ts'
import { until } from '../support/until.ts'

let web: HttpWitness
let gateway: Gateway

before(async () => {
  web = await startHttpWitness({ era: 'modern', name: 'web', tools: [tool('look'), tool('peek')] })
  gateway = await startGateway({ servers: { web: { url: web.url, tools: { peek: 'read' } } } })
})
after(async () => {
  await gateway[Symbol.asyncDispose]()
  await web[Symbol.asyncDispose]()
})

// biome-ignore lint/suspicious/noExplicitAny: what --json prints has a shape of each command's own
const json = ({ code, stdout, stderr }: Finished): any => {
  assert.equal(code, 0, stderr)
  assert.equal(stdout.trimEnd().split('\n').length, 1, `exactly one line on stdout: ${stdout}`)
  return JSON.parse(stdout)
}
const works = async (token: string): Promise<boolean> => (await mcp(gateway.url, { token }).call('look')).status === 200
/** In the last line of each command that ends something. */
const within = (what: string, ended: () => Promise<boolean>): Promise<void> => until(what, ended, 1_000)
const failed = async (fix: RegExp, ...args: string[]): Promise<string> => {
  const { code, stdout, stderr } = await gateway.cli(...args)
  assert.notEqual(code, 0, args.join(' '))
  assert.equal(stdout, '')
  assert.match(stderr, /^error\[E-[A-Z-]+\]: .*\nfix: /s)
  assert.match(stderr, fix)
  return stderr
}

describe('sallyport key', () => {
  test('for one server of several, shown with everything but its secret, rolled and ended', async () => {
    const made = json(await gateway.cli('key', 'create', '--name', 'ci', '--scope', 'tools:read', '--server', 'web', 'other', '--json'))
    const slip = await gateway.cli('key', 'create', '--name', 'slip', '--scope', 'tools:read', '--server', 'web', 'wbe')
    assert.match(slip.stderr, /^! wbe is none of the servers in the configuration that is found from here/)
    const shown = json(await gateway.cli('key', 'show', `spk_${made.id}…`, '--json'))
    assert.deepEqual([shown.id, shown.name, shown.servers, 'mac' in shown], [made.id, 'ci', ['web', 'other'], false])
    assert.match((await gateway.cli('key', 'list')).stdout, new RegExp(`spk_${made.id}….*ci .*servers web,other.*never used`))
    const rolled = json(await gateway.cli('key', 'roll', made.key, '--overlap', '2h', '--expires', '10d', '--json'))
    assert.equal(rolled.replaces, made.id)
    assert.ok(Math.abs(rolled.oldEndsAt - Date.now() - 7_200_000) < 60_000)
    assert.match((await gateway.cli('key', 'show', made.id)).stdout, new RegExp(`replaced by +spk_${rolled.id}…`))
    await failed(/another key has taken the place.*\nfix: see `sallyport key show/, 'key', 'roll', made.id)
    json(await gateway.cli('key', 'revoke', made.id, '--json'))
    assert.match((await gateway.cli('key', 'list')).stdout, new RegExp(`${made.id}.*revoked`))
    for (const command of [
      ['key', 'list'],
      ['key', 'show', made.id],
      ['audit', 'search'],
    ]) {
      const { stdout, stderr } = await gateway.cli(...command)
      for (const { key } of [made, rolled]) assert.ok(!(stdout + stderr).includes(key.slice(13)), command.join(' '))
    }
  })
  test('says what is wrong with what it was given', async () => {
    await failed(/there is no key nothing\nfix: see `sallyport key list`/, 'key', 'show', 'nothing')
    await failed(/there is no key nothing/, 'key', 'roll', 'nothing')
    await failed(/--overlap must be a span of time/, 'key', 'roll', 'nothing', '--overlap', 'soon')
    await failed(/servers.*\nfix: .*key create --help/, 'key', 'create', '--name', 'x', '--scope', 'tools:read', '--server', 'a/b')
  })
})

describe('sallyport keys', () => {
  test('lists what each key is for, publishes the next, and stays with it when asked again', async () => {
    await gateway.signIn()
    const before = json(await gateway.cli('keys', 'list', '--json')).signingKeys
    assert.deepEqual(
      before.map(({ state }: { state: string }) => state),
      ['signing'],
    )
    const next = json(await gateway.cli('keys', 'rotate', '--signing', '--json'))
    assert.equal(next.state, 'next')
    assert.equal(json(await gateway.cli('keys', 'rotate', '--signing', '--json')).kid, next.kid)
    const { stdout } = await gateway.cli('keys', 'list')
    assert.match(stdout, new RegExp(`${before[0].kid}  signs .*until `))
    assert.match(stdout, new RegExp(`${next.kid}  published .*signs from `))
    assert.doesNotMatch(stdout, /"d"|privateJwk|sealed/)
  })
})

describe('sallyport client', () => {
  test('makes one that acts for itself, shows it without its secret, and ends it within a second', async () => {
    const made = json(await gateway.cli('client', 'create', '--name', 'reports', '--scope', 'tools:read', 'tools:execute', '--json'))
    assert.deepEqual([made.authMethod, made.grantTypes], ['client_secret_basic', ['client_credentials']])
    const ask = (): Promise<Response> =>
      postForm(
        `${gateway.issuer}/token`,
        { grant_type: 'client_credentials', resource: gateway.resource },
        { authorization: `Basic ${Buffer.from(`${made.id}:${made.secret}`).toString('base64')}` },
      )
    const answer = await ask()
    assert.equal(answer.status, 200, await answer.clone().text())
    const { access_token: token } = (await answer.json()) as Tokens
    assert.ok(await works(token))
    const shown = await gateway.cli('client', 'show', made.id)
    assert.match(shown.stdout, /signs in +client_secret_basic\ngrants +client-credentials\nscopes +tools:read, tools:execute/)
    assert.match(shown.stdout, /last used +\d{4}-/)
    for (const command of [
      ['client', 'show', made.id],
      ['client', 'list'],
      ['client', 'list', '--json'],
      ['audit', 'search', '--json'],
    ])
      assert.ok(!(await gateway.cli(...command)).stdout.includes(made.secret), command.join(' '))
    assert.deepEqual(json(await gateway.cli('client', 'remove', made.id, '--json')), { id: made.id, removed: true })
    await within('its token to be refused', async () => !(await works(token)))
    assert.equal((await ask()).status, 401)
    await failed(/there is no client/, 'client', 'remove', made.id)
    await failed(/there is no client/, 'client', 'show', made.id)
  })
  test('vouches for one that registered itself, and says where people are asked all the same; that can be taken back', async () => {
    const { client_id: id } = await register(gateway, { client_name: 'Reports', redirect_uris: ['https://app.example.com/cb', CALLBACK] })
    const approved = await gateway.cli('client', 'approve', id)
    assert.equal(approved.code, 0, approved.stderr)
    assert.match(approved.stdout, /approved .*Reports, as it is now\n +sends people to https:\/\/app\.example\.com\/cb\n/)
    assert.match(approved.stdout + approved.stderr, /not asked any more, unless it wants them to be, or sends them to their own computer/)
    assert.match((await gateway.cli('client', 'show', id)).stdout, /approved +\d{4}-\d\d-\d\d \d\d:\d\d\S* by \S/)
    assert.match((await gateway.cli('client', 'list')).stdout, new RegExp(`${id}.*approved`))
    const actions = async (): Promise<string[]> =>
      (await gateway.cli('audit', 'search', '--json')).stdout.match(/client\.(?:un)?approve/g)?.toSorted() ?? []
    assert.deepEqual(await actions(), ['client.approve'])
    assert.deepEqual(json(await gateway.cli('client', 'unapprove', id, '--json')), { id, approved: false })
    assert.deepEqual(await actions(), ['client.approve', 'client.unapprove'])
    await failed(/is not approved/, 'client', 'unapprove', id)
    await failed(/there is no client/, 'client', 'approve', 'cl_nobody')
    await failed(/there is no client/, 'client', 'unapprove', 'cl_nobody')
  })
  test('makes one that people sign in to; ending it ends what they allowed', async () => {
    const redirect = 'https://app.example.com/callback'
    const made = json(await gateway.cli('client', 'create', '--name', 'App', '--redirect-uri', redirect, '--json'))
    assert.deepEqual([made.authMethod, made.grantTypes, 'secret' in made], ['none', ['authorization_code', 'refresh_token'], false])
    const client = await gateway.signIn()
    assert.ok(await works(client.tokens.access_token))
    assert.match((await gateway.cli('client', 'show', client.clientId)).stdout, /name +Test client \(its own word\)[\s\S]*allowed by +ana/)
    json(await gateway.cli('client', 'remove', client.clientId, '--json'))
    await within('its tokens to be refused', async () => !(await works(client.tokens.access_token)))
    assert.notEqual((await client.refresh()).status, 200)
    const { grants } = json(await gateway.cli('grant', 'list', '--client', client.clientId, '--json'))
    assert.deepEqual(grants, [])
  })
  test('says what is wrong with what it was given, and names the option that mends it', async () => {
    const create = ['client', 'create', '--name', 'x']
    await failed(/scopes: must be named for client_credentials.*\nfix: correct --scope; /, ...create)
    await failed(/redirectUris.*\n(?:.*\n)*fix: .*client create --help/, ...create, '--grant', 'code')
    await failed(/there is no grant "magic"\nfix: choose from code, device, /, ...create, '--grant', 'magic', '--scope', 'tools:read')
    await failed(/authMethod/, ...create, '--scope', 'tools:read', '--auth', 'password')
    await failed(/--jwks: .* cannot be read \(ENOENT\)\nfix: name a file/, ...create, '--scope', 'a', '--jwks', 'none.json')
    await failed(/--jwks: .* is not JSON\nfix: .*JWK set/, ...create, '--scope', 'a', '--jwks', join(gateway.dataDir, 'master.key'))
    await failed(/write dn=…/, ...create, '--scope', 'a', '--certificate-name', 'reports')
  })
})

describe('sallyport grant', () => {
  test('lists who allowed what to whom, and ends it within a second: its tokens, and what they are refreshed to', async () => {
    const [doomed, kept] = [await gateway.signIn(['tools:read', 'tools:execute']), await gateway.signIn()]
    const { grants } = json(await gateway.cli('grant', 'list', '--account', 'ana', '--client', doomed.clientId, '--json'))
    assert.equal(grants.length, 1)
    const [grant] = grants
    assert.deepEqual([grant.account, grant.clientId, grant.clientName], ['ana', doomed.clientId, 'Test client'])
    assert.deepEqual(grant.scopes, ['tools:read', 'tools:execute'])
    assert.ok(grant.expiresAt > Date.now())
    const shown = await gateway.cli('grant', 'show', grant.id)
    assert.match(shown.stdout, /account +ana\nclient +Test client cl_\w+\nscopes +tools:read, tools:execute\nallowed +\d{4}-/)
    // One that is mistyped, and none of them ends.
    await failed(
      /there is no grant gr_mistyped, or it has ended\nfix: see `sallyport grant list`/,
      'grant',
      'revoke',
      grant.id,
      'gr_mistyped',
    )
    assert.ok(await works(doomed.tokens.access_token))
    assert.deepEqual(json(await gateway.cli('grant', 'revoke', grant.id, '--json')), { ids: [grant.id], revoked: true })
    await within('its token to be refused', async () => !(await works(doomed.tokens.access_token)))
    assert.equal((await doomed.refresh()).status, 400)
    assert.ok(await works(kept.tokens.access_token))
    await failed(/there is no grant/, 'grant', 'show', grant.id)
    assert.equal((await gateway.records()).findLast(({ action }) => action === 'grant.revoke')?.target, grant.id.slice(3))
  })
  test('a client that calls itself something that drives a terminal drives none', async () => {
    const name = 'nice\u001b[2J\u202eeman'
    const { clientId } = await connect(gateway, { metadata: { client_name: name } })
    for (const command of [
      ['client', 'list'],
      ['client', 'show', clientId],
      ['grant', 'list'],
      ['client', 'list', '--json'],
      ['grant', 'list', '--json'],
    ]) {
      const { code, stdout, stderr } = await gateway.cli(...command)
      assert.equal(code, 0, stderr)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
      assert.doesNotMatch(stdout, /[\u001b\u202e]/)
    }
  })
})

test('nothing that people and clients leave behind stays for ever', async () => {
  const client = await gateway.signIn()
  await client.refresh()
  const { key } = await gateway.key()
  await mcp(gateway.url, { key }).call('look')
  const db = new DatabaseSync(join(gateway.dataDir, 'sallyport.db'), { readOnly: true })
  const rows = db.prepare('SELECT kind, id, body FROM records WHERE expires_at IS NULL').all() as {
    kind: string
    id: string
    body: string
  }[]
  db.close()
  // What an operator made, and the records of our own keys, whose size has a bound of its own.
  const unexpected = rows.filter(
    ({ kind, id, body }) =>
      kind !== 'account' &&
      !(kind === 'secret' && (id === 'signing-keys' || id === 'vault')) &&
      !(kind === 'client' && JSON.parse(body).createdBy !== undefined),
  )
  assert.deepEqual(
    unexpected.map(({ kind, id }) => `${kind} ${id}`),
    [],
  )
})
