/** Proofs of possession, each checked by itself: what is taken, what is not, and who is the first (RFC 9449 §4.3). */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SignJWT } from 'jose'
import { PROOF_ALGORITHMS, type Proving } from '../../src/core/index.ts'
import { bindingOf } from '../../src/oauth/dpop-binding.ts'
import { createNonces } from '../../src/oauth/dpop-nonce.ts'
import { createProofVerifier } from '../../src/oauth/dpop-proof.ts'
import { createMemoryCounters } from '../../src/storage/index.ts'
import { createMemoryKeyRing } from '../../src/vault/index.ts'
import { createHolder, type ProofOf } from '../support/dpop.ts'

const RESOURCE = 'https://mcp.example.com/mcp'
const TOKEN = 'eyJ.the.token'
const keyRing = createMemoryKeyRing()

function createRig({ wantsNonce = false }: { wantsNonce?: boolean } = {}) {
  let offset = 0
  const clock = () => Date.now() + offset
  const nonces = createNonces({ keyRing, clock })
  const verifier = createProofVerifier({ counters: createMemoryCounters({ clock }), nonces, wantsNonce, clock })
  return {
    nonces,
    advance: (milliseconds: number) => void (offset += milliseconds),
    async check(proof: string, boundTo: string, over: Partial<Proving> & { method?: string } = {}): Promise<string> {
      const { method = 'POST', ...changed } = over
      const possession = { proof, method }
      const decision = await verifier.verify({ transport: 'http', resource: RESOURCE, possession, token: TOKEN, boundTo, ...changed })
      if (decision.allowed) return 'allowed'
      return decision.denial.reason === 'unauthenticated' ? decision.denial.problem : decision.denial.reason
    },
  }
}
const right: ProofOf = { htu: RESOURCE, token: TOKEN }
const now = () => Math.floor(Date.now() / 1000)

test('a proof by the key of the token is taken, with every algorithm that is offered', async () => {
  const { check } = createRig()
  for (const alg of PROOF_ALGORITHMS) {
    const holder = await createHolder(alg)
    assert.equal(await check(await holder.prove(right), holder.thumbprint), 'allowed', alg)
  }
})

test('of proofs with the same id, sent at the same time, one is taken', async () => {
  const { check } = createRig()
  const holder = await createHolder()
  const proof = await holder.prove(right)
  const outcomes = await Promise.all(Array.from({ length: 20 }, () => check(proof, holder.thumbprint)))
  assert.deepEqual(outcomes.sort(), ['allowed', ...Array(19).fill('proof_used')])
  const again = await holder.prove({ ...right, claims: { jti: 'the same id' } })
  assert.equal(await check(again, holder.thumbprint), 'allowed')
  assert.equal(await check(await holder.prove({ ...right, claims: { jti: 'the same id' } }), holder.thumbprint), 'proof_used')
  const other = await createHolder()
  assert.equal(await check(await other.prove({ ...right, claims: { jti: 'the same id' } }), other.thumbprint), 'allowed', 'another’s')
})

test('a proof is remembered for as long as it would be taken', async () => {
  for (const ahead of [0, 290]) {
    const { check, advance } = createRig()
    const holder = await createHolder()
    const proof = await holder.prove({ ...right, claims: { iat: now() + ahead } })
    assert.equal(await check(proof, holder.thumbprint), 'allowed')
    advance((ahead + 298) * 1000)
    assert.equal(await check(proof, holder.thumbprint), 'proof_used')
    advance(4_000)
    assert.equal(await check(proof, holder.thumbprint), 'proof_stale')
  }
})

test('what is wrong with a proof is refused, and uses nothing up', async () => {
  const { check } = createRig()
  const holder = await createHolder()
  const other = await createHolder()
  const jti = 'only once'
  const claims = (changed: Record<string, unknown>) => holder.prove({ ...right, claims: { jti, ...changed } })
  const header = (changed: Record<string, unknown>) => holder.prove({ ...right, claims: { jti }, header: changed })
  const signedBy = async (alg: string, key: Uint8Array) =>
    new SignJWT({ htm: 'POST', htu: RESOURCE, jti, iat: now() }).setProtectedHeader({ typ: 'dpop+jwt', alg, jwk: holder.jwk }).sign(key)
  const good = await claims({})
  const [head = '', payload = '', signature = ''] = good.split('.')
  const unsigned = Buffer.from(JSON.stringify({ typ: 'dpop+jwt', alg: 'none', jwk: holder.jwk })).toString('base64url')
  const attempts: Record<string, [string, string]> = {
    'an empty one': ['', 'proof_invalid'],
    'no JWT': ['proof', 'proof_invalid'],
    'two in one field': [`${good}, ${good}`, 'proof_invalid'],
    'an endless one': [`${head}.${payload}.${'A'.repeat(5_000)}`, 'proof_invalid'],
    'another type': [await header({ typ: 'JWT' }), 'proof_invalid'],
    'no type': [await header({ typ: undefined }), 'proof_invalid'],
    'no key': [await header({ jwk: undefined }), 'proof_invalid'],
    'a key that is none': [await header({ jwk: { kty: 'EC' } }), 'proof_of_other_key'],
    'a private key': [await header({ jwk: { ...holder.jwk, d: 'AAAA' } }), 'proof_invalid'],
    'a symmetric key': [await header({ jwk: { kty: 'oct', k: 'AAAA' } }), 'proof_invalid'],
    'a header that must be understood': [await header({ crit: ['x'], x: 1 }), 'proof_invalid'],
    'alg none': [`${unsigned}.${payload}.AA`, 'proof_invalid'],
    'HMAC with the public key': [await signedBy('HS256', Buffer.from(JSON.stringify(holder.jwk))), 'proof_invalid'],
    'another key': [await other.prove({ ...right, claims: { jti } }), 'proof_of_other_key'],
    'another key under the name of the right one': [
      await other.prove({ ...right, claims: { jti }, header: { jwk: holder.jwk } }),
      'proof_invalid',
    ],
    'a changed payload': [`${head}.${Buffer.from(JSON.stringify({ jti })).toString('base64url')}.${signature}`, 'proof_invalid'],
    'another method': [await claims({ htm: 'GET' }), 'proof_invalid'],
    'a method in lower case': [await claims({ htm: 'post' }), 'proof_invalid'],
    'no method': [await claims({ htm: undefined }), 'proof_invalid'],
    'another host': [await claims({ htu: 'https://evil.example.com/mcp' }), 'proof_invalid'],
    'another path': [await claims({ htu: 'https://mcp.example.com/token' }), 'proof_invalid'],
    'another port': [await claims({ htu: 'https://mcp.example.com:8443/mcp' }), 'proof_invalid'],
    'plain http': [await claims({ htu: 'http://mcp.example.com/mcp' }), 'proof_invalid'],
    'a user name': [await claims({ htu: 'https://u@mcp.example.com/mcp' }), 'proof_invalid'],
    'the URL of a WebSocket': [await claims({ htu: 'wss://mcp.example.com/mcp' }), 'proof_invalid'],
    'no URL': [await claims({ htu: undefined }), 'proof_invalid'],
    'a URL that is none': [await claims({ htu: 'mcp' }), 'proof_invalid'],
    'another token': [await claims({ ath: 'AAAA' }), 'proof_invalid'],
    'no token': [await claims({ ath: undefined }), 'proof_invalid'],
    'no id': [await claims({ jti: undefined }), 'proof_invalid'],
    'an id that is a number': [await claims({ jti: 7 }), 'proof_invalid'],
    'no time': [await claims({ iat: undefined }), 'proof_invalid'],
    'too old': [await claims({ iat: now() - 301 }), 'proof_stale'],
    'too new': [await claims({ iat: now() + 302 }), 'proof_stale'],
    'expired by its own word': [await claims({ exp: now() - 60 }), 'proof_invalid'],
  }
  for (const [name, [proof, problem]] of Object.entries(attempts)) assert.equal(await check(proof, holder.thumbprint), problem, name)
  assert.equal(await check(good, holder.thumbprint), 'allowed')
})

test('query and fragment of the URL do not matter, nor how the host is written', async () => {
  const { check } = createRig()
  const holder = await createHolder()
  for (const htu of [`${RESOURCE}?a=b#c`, 'HTTPS://MCP.Example.com:443/mcp', 'https://mcp.example.com/x/../mcp'])
    assert.equal(await check(await holder.prove({ ...right, htu }), holder.thumbprint), 'allowed', htu)
})

test('a WebSocket is asked for with GET, under either scheme', async () => {
  const { check } = createRig()
  const holder = await createHolder()
  for (const htu of [RESOURCE, 'wss://mcp.example.com/mcp']) {
    const proof = await holder.prove({ ...right, htu, htm: 'GET' })
    assert.equal(await check(proof, holder.thumbprint, { transport: 'websocket', method: 'GET' }), 'allowed', htu)
  }
})

test('where a nonce is wanted it must be one of ours, and the time counts all the same', async () => {
  const { check, nonces, advance } = createRig({ wantsNonce: true })
  const holder = await createHolder()
  const prove = (nonce: string | undefined, iat = now()): Promise<string> =>
    holder.prove({ ...right, ...(nonce !== undefined && { nonce }), claims: { iat } })
  assert.equal(await check(await prove(undefined), holder.thumbprint), 'nonce_needed')
  assert.equal(await check(await prove('made up'), holder.thumbprint), 'nonce_needed')
  assert.equal(await check(await prove(nonces.current()), holder.thumbprint), 'allowed')
  assert.equal(await check(await prove(nonces.current(), now() - 400), holder.thumbprint), 'proof_stale')
  const elsewhere = createNonces({ keyRing: createMemoryKeyRing(), clock: Date.now })
  assert.equal(await check(await prove(elsewhere.current()), holder.thumbprint), 'nonce_needed')
  const old = nonces.current()
  advance(240_000)
  assert.equal(await check(await prove(old, now() + 240), holder.thumbprint), 'nonce_needed')
})

test('where none is wanted, a nonce of whoever does not matter', async () => {
  const { check } = createRig()
  const holder = await createHolder()
  assert.equal(await check(await holder.prove({ ...right, nonce: 'of the token endpoint, an hour ago' }), holder.thumbprint), 'allowed')
})

test('a token that is bound to something else than a key is not taken for a free one', () => {
  const jkt = 'A'.repeat(43)
  assert.deepEqual(bindingOf(undefined), { boundTo: undefined, certificate: undefined })
  assert.deepEqual(bindingOf({ jkt }), { boundTo: jkt, certificate: undefined })
  for (const cnf of [{}, null, 'jkt', [], { jkt: '' }, { jkt: 7 }, { jwk: {} }, { jkt, kid: '1' }]) assert.equal(bindingOf(cnf), undefined)
})
