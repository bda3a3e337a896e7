// A8: a refresh token is good once. Whoever repeats it within a minute gets what the first got; whoever comes later ends the sign-in for
// everybody who has a part of it, thief and owner alike. What the store knows of it renews nothing.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { verifies } from '../requirements.ts'
import { connect, type Fixture, postForm, register, startAuthorizationServer, type Tokens, verify } from '../support/authorization.ts'
import { getCode } from '../support/codes.ts'

verifies('A8')

const tokensOf = async (answer: Response): Promise<Tokens> => {
  assert.equal(answer.status, 200)
  return (await answer.json()) as Tokens
}
const errorOf = async (answer: Response): Promise<[number, string]> => [answer.status, ((await answer.json()) as { error: string }).error]
const refreshAt = (issuer: string, fields: Record<string, string | undefined>): Promise<Response> =>
  postForm(`${issuer}/token`, { grant_type: 'refresh_token', ...fields })
const works = async (fixture: Fixture, { access_token: token }: Tokens): Promise<boolean> =>
  typeof (await verify(fixture, token)) === 'object'

describe('A8: rotation', () => {
  it('each refresh gives another token, of clients without a secret and with one, and access tokens are short-lived', async () => {
    await using fixture = await startAuthorizationServer()
    for (const method of ['none', 'client_secret_post']) {
      const { client_id: clientId, client_secret: secret } = await register(fixture, { token_endpoint_auth_method: method })
      const { code, verifier } = await getCode(fixture, clientId)
      const fields = { client_id: clientId, client_secret: secret }
      let tokens = await tokensOf(
        await postForm(`${fixture.issuer}/token`, {
          ...fields,
          grant_type: 'authorization_code',
          code,
          code_verifier: verifier,
          redirect_uri: 'http://127.0.0.1:53591/callback',
        }),
      )
      const seen = new Set([tokens.refresh_token])
      for (let turn = 1; turn <= 5; turn++) {
        assert.ok(tokens.expires_in > 0 && tokens.expires_in <= 3600)
        tokens = await tokensOf(await refreshAt(fixture.issuer, { ...fields, refresh_token: tokens.refresh_token }))
        seen.add(tokens.refresh_token)
        assert.equal(seen.size, turn + 1)
      }
    }
  })
  it('the window is of 30 to 60 seconds: within it one successor, after it none', async () => {
    for (const [afterMs, isIn] of [
      [1_000, true],
      [29_900, true],
      [60_000, false],
      [3_600_000, false],
    ] as const) {
      await using fixture = await startAuthorizationServer()
      const { refresh } = await connect(fixture)
      const first = await tokensOf(await refresh())
      fixture.advance(afterMs)
      const again = await refresh()
      if (isIn) assert.equal((await tokensOf(again)).refresh_token, first.refresh_token, `${afterMs} ms`)
      else assert.deepEqual(await errorOf(again), [400, 'invalid_grant'], `${afterMs} ms`)
      assert.equal((await refresh(first.refresh_token)).status, isIn ? 200 : 400)
    }
  })
  it('repeats within the window make no second line of descent, however often and wherever in the line', async () => {
    await using fixture = await startAuthorizationServer()
    const { tokens, refresh } = await connect(fixture)
    const second = await tokensOf(await refresh())
    const third = await tokensOf(await refresh(second.refresh_token))
    for (let turn = 0; turn < 5; turn++) {
      assert.equal((await tokensOf(await refresh(tokens.refresh_token))).refresh_token, second.refresh_token)
      assert.equal((await tokensOf(await refresh(second.refresh_token))).refresh_token, third.refresh_token)
    }
    const rows = (await fixture.store.records('oauth_artifact').list()).filter(({ id }) => id.startsWith('RefreshToken:'))
    assert.equal(rows.length, 3)
  })
})

describe('A8: a stolen refresh token', () => {
  it('that is used late ends what came of it, for the thief and for the owner; the owner’s other sign-ins stay', async () => {
    await using fixture = await startAuthorizationServer()
    const owner = await connect(fixture)
    const elsewhere = await connect(fixture)
    const renewed = await tokensOf(await owner.refresh())
    fixture.advance(60_000)
    // The thief took it from a backup.
    assert.deepEqual(await errorOf(await owner.refresh(owner.tokens.refresh_token)), [400, 'invalid_grant'])
    assert.equal(await works(fixture, renewed), false)
    assert.equal(await works(fixture, owner.tokens), false)
    assert.deepEqual(await errorOf(await owner.refresh(renewed.refresh_token)), [400, 'invalid_grant'])
    assert.ok(await works(fixture, elsewhere.tokens))
    assert.equal((await elsewhere.refresh()).status, 200)
  })
  it('that the thief uses first is found out when its owner comes', async () => {
    await using fixture = await startAuthorizationServer()
    const owner = await connect(fixture)
    const stolen = await tokensOf(await owner.refresh())
    fixture.advance(120_000)
    assert.deepEqual(await errorOf(await owner.refresh()), [400, 'invalid_grant'])
    assert.equal(await works(fixture, stolen), false)
    assert.deepEqual(await errorOf(await owner.refresh(stolen.refresh_token)), [400, 'invalid_grant'])
  })
  it('is nothing in the hands of another client, which uses nothing up', async () => {
    await using fixture = await startAuthorizationServer()
    const owner = await connect(fixture)
    const { client_id: thief } = await register(fixture)
    for (const client of [thief, 'cl_nobody', undefined])
      assert.ok((await refreshAt(fixture.issuer, { client_id: client, refresh_token: owner.tokens.refresh_token })).status >= 400)
    assert.ok(await works(fixture, owner.tokens))
    assert.equal((await owner.refresh()).status, 200)
  })
  it('of a client with a secret is nothing without the secret', async () => {
    await using fixture = await startAuthorizationServer()
    const { client_id: clientId, client_secret: secret } = await register(fixture, { token_endpoint_auth_method: 'client_secret_post' })
    const { code, verifier } = await getCode(fixture, clientId)
    const redirect = {
      redirect_uri: 'http://127.0.0.1:53591/callback',
      code_verifier: verifier,
      client_id: clientId,
      client_secret: secret,
    }
    const tokens = await tokensOf(await postForm(`${fixture.issuer}/token`, { grant_type: 'authorization_code', code, ...redirect }))
    for (const guess of [undefined, '', 'wrong', `${secret}x`]) {
      const answer = await refreshAt(fixture.issuer, { client_id: clientId, client_secret: guess, refresh_token: tokens.refresh_token })
      assert.deepEqual(await errorOf(answer), [401, 'invalid_client'])
    }
    const fields = { client_id: clientId, client_secret: secret, refresh_token: tokens.refresh_token }
    assert.equal((await refreshAt(fixture.issuer, fields)).status, 200)
  })
  it('is in no row of the store, nor is its successor, and a row’s id is no token', async () => {
    await using fixture = await startAuthorizationServer()
    const { tokens, refresh, clientId } = await connect(fixture)
    const { refresh_token: successor } = await tokensOf(await refresh())
    const rows = await fixture.store.records('oauth_artifact').list()
    const stored = JSON.stringify(rows)
    for (const token of [tokens.refresh_token, successor]) assert.ok(token && !stored.includes(token))
    for (const { id } of rows)
      for (const guess of [id, id.slice(id.indexOf(':') + 1)])
        assert.deepEqual(await errorOf(await refreshAt(fixture.issuer, { client_id: clientId, refresh_token: guess })), [
          400,
          'invalid_grant',
        ])
  })
})
