// What was taken back stays taken back, what is good once is good once, and what is kept can only be read where it belongs.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, it } from 'node:test'
import { createMemoryStore } from '../../src/storage/index.ts'
import { tool } from '../fixtures/attacks/behaviour.ts'
import { type HttpWitness, startHttpWitness } from '../fixtures/attacks/http-witness.ts'
import { verifies } from '../requirements.ts'
import {
  ANA,
  authorizeUrl,
  CALLBACK,
  postForm,
  redeem,
  register,
  signingJwk,
  startAuthorizationServer,
  type Tokens,
  verify,
} from '../support/authorization.ts'
import { createBrowser, signIn } from '../support/browser.ts'
import { type Gateway, said, startGateway } from '../support/gateway.ts'
import { type McpOptions, mcp, type Version } from '../support/mcp.ts'
import { slowly } from '../support/slow-store.ts'
import { until } from '../support/until.ts'

verifies('revocation', 'one-time', 'sealed-secrets')

const ERAS: readonly Version[] = ['2026-07-28', '2025-11-25']

let gateway: Gateway
let web: HttpWitness

before(async () => {
  web = await startHttpWitness({ era: 'modern', name: 'web', tools: [tool('look')] })
  gateway = await startGateway({ servers: { web: { url: web.url } } })
})
after(async () => {
  await gateway[Symbol.asyncDispose]()
  await web[Symbol.asyncDispose]()
})

/** Without a session in the legacy revision: the first request is the one that counts. */
async function works({ version = '2026-07-28', ...caller }: McpOptions): Promise<boolean> {
  const client = mcp(gateway.url, { ...caller, version })
  const answer = await (version === '2026-07-28'
    ? client.call('look')
    : client.post({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'look' } }))
  assert.ok([200, 401].includes(answer.status))
  return answer.status === 200 && said(answer) === 'web: look'
}
const revoke = (fields: Record<string, string | undefined>): Promise<Response> => postForm(`${gateway.issuer}/revoke`, fields)

describe('revocation', () => {
  it('a key that the command line revokes, in a process of its own, stops within a second, also in a session that is open', async () => {
    const [doomed, kept] = [await gateway.key(), await gateway.key()]
    const legacy = mcp(gateway.url, { key: doomed.key, version: '2025-11-25' })
    // In use, so that what was verified is remembered.
    for (let use = 0; use < 3; use++) assert.equal(said(await legacy.call('look')), 'web: look')
    assert.ok(await works({ key: doomed.key }))
    const { code, stderr } = await gateway.cli('key', 'revoke', doomed.id)
    assert.equal(code, 0, stderr)
    await until('the key to stop', async () => !(await works({ key: doomed.key })), 1_000)
    const heard = web.seen.length
    assert.equal((await legacy.call('look')).status, 401)
    assert.equal(await works({ headers: { 'x-api-key': doomed.key } }), false)
    assert.equal(web.seen.length, heard)
    assert.ok(await works({ key: kept.key }))
    // It stays so, and once is enough.
    assert.equal((await gateway.cli('key', 'revoke', doomed.id)).code, 1)
    assert.equal(await works({ key: doomed.key }), false)
  })
  it('a grant that its client revokes stops at once: its tokens, those it was refreshed to, and nobody else’s', async () => {
    for (const by of ['access_token', 'refresh_token'] as const) {
      const [doomed, kept] = [await gateway.signIn(), await gateway.signIn()]
      const renewed = (await (await doomed.refresh()).json()) as Tokens
      for (const { access_token: token } of [doomed.tokens, renewed, kept.tokens])
        for (const version of ERAS) assert.ok(await works({ token, version }))
      assert.equal((await revoke({ token: renewed[by], client_id: doomed.clientId })).status, 200)
      await until('the token to stop', async () => !(await works({ token: doomed.tokens.access_token })), 1_000)
      for (const version of ERAS) assert.equal(await works({ token: renewed.access_token, version }), false)
      for (const token of [doomed.tokens.refresh_token, renewed.refresh_token]) assert.equal((await doomed.refresh(token)).status, 400)
      assert.ok(await works({ token: kept.tokens.access_token }))
      assert.equal((await kept.refresh()).status, 200)
    }
  })
  it('a client cannot revoke what belongs to another', async () => {
    const [one, other] = [await gateway.signIn(), await gateway.signIn()]
    await revoke({ token: one.tokens.access_token, client_id: other.clientId })
    await revoke({ token: one.tokens.refresh_token, client_id: other.clientId })
    assert.ok(await works({ token: one.tokens.access_token }))
    assert.equal((await one.refresh()).status, 200)
  })
})

describe('one-time values', () => {
  it('of 50 simultaneous redemptions of one code one wins, and since the code was out twice, that token ends as well', async () => {
    const { client_id: client } = await register(gateway)
    const { url, verifier } = authorizeUrl(gateway, client)
    const code = new URL(await signIn(url, ANA)).searchParams.get('code') as string
    const answers = await Promise.all(Array.from({ length: 50 }, () => redeem(gateway, client, code, verifier)))
    const won = answers.filter(({ status }) => status === 200)
    assert.equal(won.length, 1)
    for (const answer of answers.filter(({ status }) => status !== 200)) {
      assert.equal(answer.status, 400)
      assert.equal(((await answer.json()) as { error: string }).error, 'invalid_grant')
    }
    // RFC 6749 §4.1.2: the server should revoke what was issued on a code that comes again.
    for (const answer of won) assert.equal(await works({ token: ((await answer.json()) as Tokens).access_token }), false)
  })
  it('also where the store is slow, so that all of them find the code good before the first has used it', async () => {
    await using server = await startAuthorizationServer({ store: slowly(createMemoryStore({ clock: Date.now })) })
    const { client_id: client } = await register(server)
    const { url, verifier } = authorizeUrl(server, client)
    const code = new URL(await signIn(url, ANA)).searchParams.get('code') as string
    const answers = await Promise.all(Array.from({ length: 50 }, () => redeem(server, client, code, verifier)))
    const bodies = (await Promise.all(answers.map((answer) => answer.json()))) as (Tokens & { error?: string })[]
    const won = bodies.filter(({ error }) => error === undefined)
    assert.ok(won.length <= 1, `${won.length} won`)
    for (const { access_token: token } of won) assert.equal(await verify(server, token), 'revoked')
    for (const { error } of bodies) assert.ok([undefined, 'invalid_grant'].includes(error), error)
  })
  it('a code that one client redeems once is good, and is not good a second time, nor for another client or verifier', async () => {
    const { client_id: client } = await register(gateway)
    const { client_id: thief } = await register(gateway)
    const fresh = async (): Promise<[string, string]> => {
      const { url, verifier } = authorizeUrl(gateway, client)
      return [new URL(await signIn(url, ANA)).searchParams.get('code') as string, verifier]
    }
    const [code, verifier] = await fresh()
    const tokens = (await (await redeem(gateway, client, code, verifier)).json()) as Tokens
    assert.ok(await works({ token: tokens.access_token }))
    assert.equal((await redeem(gateway, client, code, verifier)).status, 400)
    assert.equal(await works({ token: tokens.access_token }), false)
    const [stolen, secret] = await fresh()
    assert.equal((await redeem(gateway, thief, stolen, secret)).status, 400)
    const [guessed] = await fresh()
    assert.equal((await redeem(gateway, client, guessed, 'v'.repeat(43))).status, 400)
  })
  it('50 simultaneous refreshes get one and the same successor', async () => {
    const { refresh } = await gateway.signIn()
    const answers = await Promise.all(Array.from({ length: 50 }, () => refresh()))
    const tokens = await Promise.all(answers.map(async (answer) => (await answer.json()) as Tokens))
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200])
    assert.equal(new Set(tokens.map(({ refresh_token }) => refresh_token)).size, 1)
    assert.ok(await works({ token: tokens[0]?.access_token as string }))
  })
  it('the link for the owner’s account makes one owner, however many follow it at once', async () => {
    const link = new URL((await gateway.guard.setupLink()) as string)
    const follow = (name: string): Promise<Response> =>
      postForm(`${gateway.issuer}/setup`, {
        code: link.searchParams.get('code') as string,
        name,
        password: 'a lantern on the pier',
        again: 'a lantern on the pier',
      })
    await Promise.all(Array.from({ length: 8 }, (_, at) => follow(`owner-${at}`)))
    const owners = await gateway.data.store.records<{ name: string }>('account').list({ group: 'owner' })
    assert.equal(owners.length, 1)
    await follow('late')
    assert.equal((await gateway.data.store.records('account').list({ group: 'owner' })).length, 1)
    assert.equal(await gateway.guard.setupLink(), undefined)
  })
})

describe('sealed secrets', () => {
  const confidential = { token_endpoint_auth_method: 'client_secret_basic' }
  /** A row of the store, changed behind everybody's back. */
  function tamper<T>(act: (db: DatabaseSync) => T): T {
    const db = new DatabaseSync(join(gateway.dataDir, 'sallyport.db'), { timeout: 5_000 })
    try {
      return act(db)
    } finally {
      db.close()
    }
  }
  const rows = (kind: string, like = '%'): { id: string; body: string }[] =>
    tamper(
      (db) =>
        db.prepare('SELECT id, body FROM records WHERE kind = ? AND id LIKE ? ORDER BY id').all(kind, like) as {
          id: string
          body: string
        }[],
    )

  it('signing key, client secrets, tokens, codes, keys, passwords and cookies are in no file in the clear, in any spelling', async () => {
    const { data } = gateway
    const { key } = await gateway.key()
    const { tokens } = await gateway.signIn()
    const { client_id: client, client_secret: secret } = await register(gateway, confidential)
    const browser = createBrowser()
    const { url } = authorizeUrl(gateway, client)
    const code = new URL(await signIn(url, ANA, browser)).searchParams.get('code') as string
    const { d = '' } = await signingJwk(data)
    const secrets: Record<string, string | Buffer> = {
      'signing key': d,
      'signing key as bytes': Buffer.from(d, 'base64url'),
      'client secret': secret as string,
      'refresh token': tokens.refresh_token as string,
      'access token': tokens.access_token.split('.')[2] as string,
      code,
      key: key.slice(-38, -6),
      password: ANA.password,
    }
    browser.cookies.seen.forEach((line, at) => {
      const value = line.split(';')[0]?.split('=')[1] ?? ''
      if (value.length >= 16) secrets[`cookie ${at}`] = value
    })
    assert.ok(Object.keys(secrets).length > 9)
    const master = readFileSync(join(gateway.dataDir, 'master.key'), 'utf8')
      .split('\n')
      .find((line) => /^[\w-]{43}$/.test(line.trim())) as string
    const files = readdirSync(gateway.dataDir).map((name) => [name, readFileSync(join(gateway.dataDir, name))] as const)
    assert.ok(files.length >= 4)
    for (const [name, bytes] of files) {
      const searched =
        name === 'master.key' ? secrets : { ...secrets, 'master key': master, 'master key as bytes': Buffer.from(master, 'base64url') }
      for (const [what, value] of Object.entries(searched)) {
        const raw = Buffer.from(value as string)
        assert.ok(raw.length >= 16, what)
        for (const spelling of [
          raw,
          raw.toString('hex'),
          raw.toString('hex').toUpperCase(),
          raw.toString('base64').replace(/=+$/, ''),
          raw.toString('base64url'),
        ]) {
          assert.equal(bytes.indexOf(spelling), -1, `${what} is in ${name}`)
        }
      }
      assert.equal(bytes.includes('"d":'), false, `a private JWK is in ${name}`)
      if (process.platform !== 'win32') assert.equal(statSync(join(gateway.dataDir, name)).mode & 0o077, 0, `${name} is private`)
    }
    if (process.platform !== 'win32') assert.equal(statSync(gateway.dataDir).mode & 0o077, 0)
    // The search finds what is there.
    assert.ok(files.some(([, bytes]) => bytes.includes(client)))
  })
  it('a refresh token’s row moved under another token does not open: neither becomes the other', async () => {
    const [one, other, bystander] = [await gateway.signIn(), await gateway.signIn(), await gateway.signIn()]
    const bodies = new Map(rows('oauth_artifact', 'RefreshToken:%').map(({ id, body }) => [id, body]))
    const grantOf = (token: string): string => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).grant_id
    const rowOf = (token: string): string => [...bodies].find(([, body]) => body.includes(grantOf(token)))?.[0] as string
    const [first, second] = [rowOf(one.tokens.access_token), rowOf(other.tokens.access_token)]
    assert.ok(first && second && first !== second)
    for (const place of [first, second]) {
      const { sealed } = JSON.parse(bodies.get(first) as string)
      const opened = await gateway.data.vault.open(sealed, { kind: 'oauth_artifact', id: place, field: 'payload', subject: ANA.name })
      assert.equal(opened !== undefined, place === first)
    }
    tamper((db) => {
      const set = db.prepare("UPDATE records SET body = ?, version = version + 1 WHERE kind = 'oauth_artifact' AND id = ?")
      set.run(bodies.get(second) as string, first)
      set.run(bodies.get(first) as string, second)
    })
    for (const { refresh } of [one, other]) assert.equal(((await (await refresh()).json()) as { error: string }).error, 'invalid_grant')
    assert.equal((await bystander.refresh()).status, 200)
  })
  it('a client secret’s row moved under another client lets nobody in, by either secret', async () => {
    const [mine, theirs, bystander] = [
      await register(gateway, confidential),
      await register(gateway, confidential),
      await register(gateway, confidential),
    ]
    const bodies = new Map(rows('client').map(({ id, body }) => [id, JSON.parse(body)]))
    const moved = { ...bodies.get(theirs.client_id), secret: bodies.get(mine.client_id).secret }
    tamper((db) =>
      db
        .prepare("UPDATE records SET body = ?, version = version + 1 WHERE kind = 'client' AND id = ?")
        .run(JSON.stringify(moved), theirs.client_id),
    )
    const attempt = async (id: string, secret: unknown): Promise<string> => {
      const authorization = `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(String(secret))}`).toString('base64')}`
      const fields = { grant_type: 'authorization_code', code: 'none', redirect_uri: CALLBACK, code_verifier: 'v'.repeat(43) }
      return ((await (await postForm(`${gateway.issuer}/token`, fields, { authorization })).json()) as { error: string }).error
    }
    assert.equal(await attempt(theirs.client_id, mine.client_secret), 'invalid_client')
    assert.equal(await attempt(theirs.client_id, theirs.client_secret), 'invalid_client')
    // Past the secret, it is the code that is wrong.
    assert.equal(await attempt(bystander.client_id, bystander.client_secret), 'invalid_grant')
  })
  it('a sealed value opens in its own place only, and not once a character of it is another', async () => {
    const { vault } = gateway.data
    const { kid, sealed } = JSON.parse(rows('secret', 'signing-keys')[0]?.body ?? '{}').keys[0]
    const own = { kind: 'secret', id: 'signing-keys', field: kid }
    assert.ok(await vault.open(sealed, own))
    for (const place of [
      { ...own, field: 'other' },
      { ...own, kind: 'client' },
      { ...own, id: 'vault' },
      { ...own, subject: 'ana' },
    ])
      assert.equal(await vault.open(sealed, place), undefined, JSON.stringify(place))
    for (let at = 0; at < sealed.length; at += 7) {
      const changed = sealed.slice(0, at) + (sealed[at] === 'A' ? 'B' : 'A') + sealed.slice(at + 1)
      assert.equal(await vault.open(changed, own), undefined)
    }
  })
})
