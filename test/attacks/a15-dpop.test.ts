/** A15: tokens that are bound to a key (RFC 9449, SEP-1932), from the token endpoint to the call. Stolen, they are worth nothing. */

import assert from 'node:assert/strict'
import { createServer, request as forward, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { accessTokenHash, DpopSession, isDpopNonceChallenge } from '@modelcontextprotocol/client'
import { decodeJwt } from 'jose'
import { PROOF_ALGORITHMS } from '../../src/core/index.ts'
import { createMemoryStore } from '../../src/storage/index.ts'
import { verifies } from '../requirements.ts'
import { ANA, authorizeUrl, connect, postForm, redeem, register, startAuthorizationServer } from '../support/authorization.ts'
import { signIn } from '../support/browser.ts'
import { type BoundSignIn, connectBound, createHolder, type Holder, type ProofOf } from '../support/dpop.ts'
import { say, tool } from '../support/engine.ts'
import { type Answer, mcp } from '../support/mcp.ts'
import { type Served, startService } from '../support/service.ts'
import { slowly } from '../support/slow-store.ts'
import { until } from '../support/until.ts'
import { openSocket, refusalOf } from '../support/websocket.ts'

verifies('A15-metadata', 'A15-bound', 'A15-required', 'A15-proof', 'A15-time', 'A15-once', 'A15-refusal', 'A15-audience', 'A15-nonce')

let served: Served
let url: string
let place: { issuer: string; resource: string }
let holder: Holder
let bound: BoundSignIn
let token: string
const ran: string[] = []
const entries = [
  tool('look', () => (ran.push('look'), say('seen'))),
  tool('read', () => say('read'), { permission: { access: 'protected', scopes: ['tools:read'], roles: [] } }),
]

before(async () => {
  served = await startService({ port: 0 }, { entries })
  await served.account()
  url = served.service.url
  place = { issuer: served.service.issuer, resource: url }
  holder = await createHolder()
  bound = await connectBound(place, holder)
  token = bound.tokens.access_token
})
after(() => served[Symbol.asyncDispose]())

type Headers = Record<string, string | string[]>
const look = (headers: Headers, at = url): Promise<Answer> => mcp(at).request('tools/call', { name: 'look' }, headers)
const withProof = async (of: Partial<ProofOf> = {}, by = holder): Promise<Headers> => ({
  authorization: `DPoP ${token}`,
  dpop: await by.prove({ htu: url, token, ...of }),
})
const challengeOf = ({ headers }: Answer): string => String(headers['www-authenticate'])

const told: Readonly<Record<string, RegExp>> = {
  token_bound: /is bound to a key: send it with the scheme DPoP/,
  token_unbound: /is not bound to a key/,
  proof_missing: /is bound to a key: send a DPoP proof/,
  proof_invalid: /not one for this request/,
  proof_stale: /too long ago/,
  proof_used: /has been used/,
  proof_of_other_key: /by another key/,
  unknown: /not valid here/,
  malformed: /malformed/,
  wrong_issuer: /not trusted here/,
}

/** Refused with 401 and this error, for this reason, and the tool did not run. */
async function refused(headers: Headers, problem: string, error: string, scheme = 'DPoP'): Promise<void> {
  const before = ran.length
  const answer = await look(headers)
  assert.equal(answer.status, 401, problem)
  assert.match(challengeOf(answer), new RegExp(`^${scheme} error="${error}", error_description="[^"]+"`), problem)
  assert.match(challengeOf(answer), /resource_metadata="http/)
  if (scheme === 'DPoP') assert.ok(challengeOf(answer).endsWith(`algs="${PROOF_ALGORITHMS.join(' ')}"`))
  assert.equal(ran.length, before)
  // Records of one kind are counted together: the sentence says which it was.
  assert.match(challengeOf(answer), told[problem] as RegExp)
}

describe('the token endpoint', () => {
  it('says with what proofs may be signed: asymmetric algorithms only', async () => {
    for (const path of ['/.well-known/oauth-authorization-server', '/.well-known/oauth-protected-resource/mcp']) {
      const { body } = await mcp(url).send('GET', path)
      assert.deepEqual(body.dpop_signing_alg_values_supported, PROOF_ALGORITHMS)
      for (const alg of body.dpop_signing_alg_values_supported) assert.doesNotMatch(alg, /^(none|HS)/)
    }
  })
  it('binds what was asked for with a proof to its key, and says so', () => {
    assert.equal(bound.tokens.token_type, 'DPoP')
    assert.deepEqual(decodeJwt(token)['cnf'], { jkt: holder.thumbprint })
  })
  it('gives a bearer token to whom asks for one', async () => {
    const { tokens } = await connect(place)
    assert.equal(tokens.token_type, 'Bearer')
    assert.equal(decodeJwt(tokens.access_token)['cnf'], undefined)
  })
  it('gives a client that has registered dpop_bound_access_tokens no other', async () => {
    const metadata = { dpop_bound_access_tokens: true }
    const registered = await register(place, metadata)
    assert.equal(registered['dpop_bound_access_tokens'], true)
    const begin = authorizeUrl(place, registered.client_id)
    const code = new URL(await signIn(begin.url, ANA)).searchParams.get('code') ?? ''
    const answer = await redeem(place, registered.client_id, code, begin.verifier)
    assert.equal(answer.status, 400)
    const { tokens, refresh } = await connectBound(place, holder, { metadata })
    assert.equal(tokens.token_type, 'DPoP')
    assert.equal((await refresh(undefined, null)).status, 400)
    assert.equal((await refresh()).status, 200)
  })
  it('refuses what is no proof for it, and takes each once', async () => {
    const htu = `${place.issuer}/token`
    const wrong: Record<string, string> = {
      'another URL': await holder.prove({ htu: url }),
      'another method': await holder.prove({ htu, htm: 'GET' }),
      'another type': await holder.prove({ htu, header: { typ: 'JWT' } }),
      'a private key': await holder.prove({ htu, header: { jwk: { ...holder.jwk, d: 'AAAA' } } }),
      'no proof at all': 'nothing',
    }
    for (const [name, proof] of Object.entries(wrong)) {
      const answer = await bound.refresh(undefined, proof)
      assert.equal(answer.status, 400, name)
      assert.equal(((await answer.json()) as { error: string }).error, 'invalid_dpop_proof', name)
    }
    const proof = await holder.prove({ htu })
    const answers = await Promise.all(Array.from({ length: 8 }, () => bound.refresh(undefined, proof)))
    assert.equal(answers.filter(({ status }) => status === 200).length, 1)
  })
  it('takes each proof once, also where the store is slow', async () => {
    await using fixture = await startAuthorizationServer({ store: slowly(createMemoryStore()) })
    const { refresh } = await connectBound(fixture, holder)
    const proof = await holder.prove({ htu: `${fixture.issuer}/token` })
    const answers = await Promise.all(Array.from({ length: 8 }, () => refresh(undefined, proof)))
    assert.equal(answers.filter(({ status }) => status === 200).length, 1)
  })
  it('renews a public client’s token for the same key only', async () => {
    const other = await createHolder()
    const stolen = await bound.refresh(undefined, await other.prove({ htu: `${place.issuer}/token` }))
    assert.equal(stolen.status, 400)
    assert.equal((await bound.refresh(undefined, null)).status, 400)
    const answer = await bound.refresh()
    assert.equal(answer.status, 200)
    const renewed = (await answer.json()) as { access_token: string; token_type: string }
    assert.equal(renewed.token_type, 'DPoP')
    assert.deepEqual(decodeJwt(renewed.access_token)['cnf'], { jkt: holder.thumbprint })
  })
  it('holds a code to the key that the authorization named', async () => {
    const { client_id: clientId } = await register(place)
    const redeemWith = async (by: Holder | undefined): Promise<number> => {
      const begin = authorizeUrl(place, clientId, { dpop_jkt: holder.thumbprint })
      const code = new URL(await signIn(begin.url, ANA)).searchParams.get('code') ?? ''
      const headers = by ? { dpop: await by.prove({ htu: `${place.issuer}/token` }) } : {}
      return (await redeem(place, clientId, code, begin.verifier, {}, headers)).status
    }
    assert.equal(await redeemWith(await createHolder()), 400)
    assert.equal(await redeemWith(undefined), 400)
    assert.equal(await redeemWith(holder), 200)
  })
  it('may be asked by pages: the fields are allowed and shown', async () => {
    const preflight = await fetch(`${place.issuer}/token`, { method: 'OPTIONS', headers: { origin: 'https://app.example' } })
    assert.match(preflight.headers.get('access-control-allow-headers') ?? '', /DPoP/)
    const answer = await postForm(`${place.issuer}/token`, {}, { origin: 'https://app.example' })
    assert.match(answer.headers.get('access-control-expose-headers') ?? '', /DPoP-Nonce/i)
  })
})

describe('the MCP endpoint', () => {
  it('takes a bound token with a proof of its own for each request, in both eras', async () => {
    for (let each = 0; each < 3; each++) assert.equal((await look(await withProof())).status, 200)
    const legacy = { 'mcp-protocol-version': '2025-11-25', ...(await withProof()) }
    const called = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'look' } }
    assert.equal((await mcp(url, { version: '2025-11-25' }).post(called, legacy)).status, 200)
    assert.equal((await look({ ...(await withProof()), authorization: `dpop ${token}` })).status, 200)
  })
  it('refuses a bound token as a bearer token, with or without a proof, and however often it was seen', async () => {
    assert.equal((await look(await withProof())).status, 200)
    await refused({ authorization: `Bearer ${token}` }, 'token_bound', 'invalid_token')
    await refused({ ...(await withProof()), authorization: `Bearer ${token}` }, 'token_bound', 'invalid_token')
  })
  it('refuses a bound token without a proof, also on a connection that has just shown one', async () => {
    assert.equal((await look(await withProof())).status, 200)
    await refused({ authorization: `DPoP ${token}` }, 'proof_missing', 'invalid_dpop_proof')
  })
  it('refuses a proof that was used, that is for something else, or that is by somebody else', async () => {
    const used = await withProof()
    assert.equal((await look(used)).status, 200)
    await refused(used, 'proof_used', 'invalid_dpop_proof')
    await refused(await withProof({ htm: 'GET' }), 'proof_invalid', 'invalid_dpop_proof')
    await refused(await withProof({ htu: `${place.issuer}/token` }), 'proof_invalid', 'invalid_dpop_proof')
    await refused(await withProof({ htu: url.replace('http:', 'https:') }), 'proof_invalid', 'invalid_dpop_proof')
    await refused(await withProof({ token: 'another' }), 'proof_invalid', 'invalid_dpop_proof')
    await refused(await withProof({ claims: { ath: undefined } }), 'proof_invalid', 'invalid_dpop_proof')
    await refused(await withProof({ header: { typ: 'at+jwt' } }), 'proof_invalid', 'invalid_dpop_proof')
    await refused(await withProof({}, await createHolder()), 'proof_of_other_key', 'invalid_token')
    const [one, two] = [await withProof(), await withProof()]
    await refused({ ...one, dpop: [one['dpop'], two['dpop']] as string[] }, 'proof_invalid', 'invalid_dpop_proof')
  })
  it('takes proofs of five minutes around now only', async () => {
    const now = Math.floor(Date.now() / 1000)
    for (const iat of [now - 290, now + 290]) assert.equal((await look(await withProof({ claims: { iat } }))).status, 200)
    for (const iat of [now - 310, now + 310]) await refused(await withProof({ claims: { iat } }), 'proof_stale', 'invalid_dpop_proof')
  })
  it('lets one of any number of replays through', async () => {
    const proof = await withProof()
    const before = ran.length
    const answers = await Promise.all(Array.from({ length: 20 }, () => look(proof)))
    assert.equal(answers.filter(({ status }) => status === 200).length, 1)
    assert.equal(ran.length, before + 1)
  })
  it('refuses what is not bound under the scheme DPoP: a bearer token, a key, nonsense', async () => {
    const { tokens } = await connect(place)
    const dpop = await holder.prove({ htu: url, token: tokens.access_token })
    await refused({ authorization: `DPoP ${tokens.access_token}`, dpop }, 'token_unbound', 'invalid_token', 'Bearer')
    await refused({ authorization: `DPoP ${served.key}`, dpop }, 'token_unbound', 'invalid_token', 'Bearer')
    await refused({ authorization: 'DPoP eyJ.eyJ.x', dpop }, 'malformed', 'invalid_token')
    assert.equal(
      (await look({ authorization: `Bearer ${tokens.access_token}`, dpop })).status,
      200,
      'a proof beside a bearer token says nothing',
    )
  })
  it('refuses two credentials at once', async () => {
    const answer = await look({ ...(await withProof()), 'x-api-key': served.key })
    assert.equal(answer.status, 400)
  })
  it('still asks whom the token is for, and whether it is good', async () => {
    await using elsewhere = await startService({ port: 0 }, { entries })
    await elsewhere.account()
    const there = { issuer: elsewhere.service.issuer, resource: elsewhere.service.url }
    const { access_token: foreign } = (await connectBound(there, holder)).tokens
    const dpop = await holder.prove({ htu: url, token: foreign })
    await refused({ authorization: `DPoP ${foreign}`, dpop }, 'wrong_issuer', 'invalid_token')
  })
  it('goes by the name under which it was addressed', async () => {
    const named = url.replace('localhost', '127.0.0.1')
    const htu = (at: string): Promise<Headers> => withProof({ htu: at })
    assert.equal((await look(await htu(named), named)).status, 200)
    assert.equal((await look(await htu(url), named)).status, 401)
  })
  it('steps up under the scheme that it was asked with', async () => {
    const own = await connectBound(place, holder, { changes: { scope: 'tools:read' } })
    const { access_token: narrow } = own.tokens
    const answer = await look({ authorization: `DPoP ${narrow}`, dpop: await holder.prove({ htu: url, token: narrow }) })
    assert.equal(answer.status, 403)
    assert.match(challengeOf(answer), /^DPoP error="insufficient_scope"/)
  })
  it('stops a bound token within a second of its revocation', async () => {
    const doomed = await connectBound(place, holder)
    const { access_token: own } = doomed.tokens
    const works = async (): Promise<boolean> =>
      (await look({ authorization: `DPoP ${own}`, dpop: await holder.prove({ htu: url, token: own }) })).status === 200
    assert.ok(await works())
    assert.equal((await postForm(`${place.issuer}/revoke`, { token: own, client_id: doomed.clientId })).status, 200)
    await until('the token to stop', async () => !(await works()), 1_000)
    assert.equal((await doomed.refresh()).status, 400)
  })
  it('keeps no token and no proof in the log or the audit', async () => {
    const proof = await withProof()
    await look(proof)
    await look(proof)
    const kept = served.log() + JSON.stringify(await served.records())
    for (const secret of [token, String(proof['dpop'])]) assert.ok(!kept.includes(secret.slice(-40)))
  })
})

describe('a WebSocket', () => {
  it('is opened with one proof, and speaks under it until the token is revoked', async () => {
    const own = await connectBound(place, holder)
    const { access_token: mine } = own.tokens
    const headers = { authorization: `DPoP ${mine}`, dpop: await holder.prove({ htm: 'GET', htu: url.replace('http', 'ws'), token: mine }) }
    const client = await openSocket(url, { headers })
    for (let each = 0; each < 3; each++) {
      const answer = await client.request('tools/call', { name: 'look', arguments: {} }, each)
      assert.equal(answer.result?.content?.[0]?.text, 'seen')
    }
    // What is looked at again after any change has shown its proof.
    await connect(place)
    assert.equal((await client.request('tools/call', { name: 'look', arguments: {} }, 9)).result?.content?.[0]?.text, 'seen')
    await postForm(`${place.issuer}/revoke`, { token: mine, client_id: own.clientId })
    assert.equal(await client.closed(), 4401)
  })
  it('is not opened without a proof, with one for POST, or with one that opened another', async () => {
    const headers = async (htm: string): Promise<Record<string, string>> => ({
      authorization: `DPoP ${token}`,
      dpop: await holder.prove({ htm, htu: url, token }),
    })
    const used = await headers('GET')
    const first = await openSocket(url, { headers: used })
    for (const each of [{ authorization: `DPoP ${token}` }, await headers('POST'), used, { authorization: `Bearer ${token}` }]) {
      const refusal = await refusalOf(url, { headers: each })
      assert.equal(refusal.status, 401)
      assert.match(String(refusal.headers['www-authenticate']), /^DPoP error=/)
    }
    first.ws.close()
  })
})

/** A server on a free port of loopback. */
async function listen(listener: RequestListener): Promise<{ readonly origin: string; close(): void }> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`
  return { origin, close: () => void server.close(() => {}) }
}

describe('elsewhere', () => {
  it('inside an app, over node:http and over fetch, the proof is for the URL that was addressed', async () => {
    await using app = await startService({ mounted: true }, { entries })
    await app.account()
    const { origin, close } = await listen((request, response) => app.service.node(request, response))
    const at = `${origin}/mcp`
    const { access_token: own } = (await connectBound({ issuer: origin, resource: at }, holder)).tokens
    const prove = async (htu: string) => ({ authorization: `DPoP ${own}`, dpop: await holder.prove({ htu, token: own }) })
    const called = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'look', arguments: {} } }
    const fields = {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2025-11-25',
    }
    for (const [htu, status] of [
      [at, 200],
      [url, 401],
    ] as const) {
      assert.equal((await mcp(at).post(called, { ...fields, ...(await prove(htu)) })).status, status)
      const request = new Request(at, { method: 'POST', body: JSON.stringify(called), headers: { ...fields, ...(await prove(htu)) } })
      assert.equal((await app.service.fetch(request, { address: '127.0.0.1' })).status, status)
    }
    close()
  })
  it('behind a proxy, the proof is for the public URL and for no other', async () => {
    let inner = ''
    const { origin, close } = await listen((request, response) => {
      const { method, headers, url: path } = request
      request.pipe(
        forward(inner + path, { method, headers }, (answer) => {
          response.writeHead(answer.statusCode ?? 502, answer.headers)
          answer.pipe(response)
        }),
      )
    })
    await using hidden = await startService({ port: 0, publicUrl: origin }, { entries })
    await hidden.account()
    inner = `http://127.0.0.1:${hidden.port}`
    const at = `${origin}/mcp`
    const { access_token: own } = (await connectBound({ issuer: origin, resource: at }, holder)).tokens
    for (const [htu, status] of [
      [at, 200],
      [`${inner}/mcp`, 401],
      [at.replace('http:', 'https:'), 401],
    ] as const)
      assert.equal((await look({ authorization: `DPoP ${own}`, dpop: await holder.prove({ htu, token: own }) }, at)).status, status, htu)
    close()
  })
})

describe('where nonces are wanted', () => {
  it('a client of the SDK is given one at either endpoint, and goes on', async () => {
    await using strict = await startService({ port: 0 }, { entries, auth: { requireDpopNonce: true } })
    await strict.account()
    const at = strict.service.url
    const there = { issuer: strict.service.issuer, resource: at }
    const htu = `${there.issuer}/token`
    const session = await DpopSession.create()
    const { client_id: clientId } = await register(there)
    const begin = authorizeUrl(there, clientId)
    const code = new URL(await signIn(begin.url, ANA)).searchParams.get('code') ?? ''
    const ask = async (): Promise<Response> => {
      const answer = await redeem(there, clientId, code, begin.verifier, {}, { dpop: await session.buildProof({ htm: 'POST', htu }) })
      session.observeNonce(answer, htu)
      return answer
    }
    const first = await ask()
    assert.equal(((await first.json()) as { error: string }).error, 'use_dpop_nonce')
    const second = await ask()
    assert.equal(second.status, 200)
    const { access_token: accessToken } = (await second.json()) as { access_token: string }
    assert.equal(typeof (await accessTokenHash(accessToken)), 'string')
    const call = async (nonce?: string): Promise<Response> =>
      fetch(at, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          'mcp-protocol-version': '2025-11-25',
          authorization: `DPoP ${accessToken}`,
          dpop: await session.buildProof({ htm: 'POST', htu: at, accessToken, ...(nonce !== undefined && { nonce }) }),
        },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'look', arguments: {} } }),
      })
    // One of the token endpoint is good here: clients keep one for an origin.
    assert.equal((await call()).status, 200)
    const refusal = await call('made up')
    assert.equal(refusal.status, 401)
    assert.ok(isDpopNonceChallenge(refusal))
    const nonce = refusal.headers.get('dpop-nonce') ?? ''
    assert.equal((await call(nonce)).status, 200)
    // And the other way round.
    session.rememberNonce(htu, nonce)
    assert.equal(((await (await ask()).json()) as { error: string }).error, 'invalid_grant', 'the code was used; the nonce is good')
  })
})
