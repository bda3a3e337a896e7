/** Nonces for proofs: good at every process with the same keys, at the token endpoint and at the MCP endpoint alike. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createNonces } from '../../src/oauth/index.ts'
import { createMemoryKeyRing } from '../../src/vault/index.ts'
import { verifies } from '../requirements.ts'
import { ANA, authorizeUrl, redeem, register, startAuthorizationServer } from '../support/authorization.ts'
import { signIn } from '../support/browser.ts'
import { createHolder } from '../support/dpop.ts'

verifies('A15-nonce')

test('a nonce of the token endpoint is good elsewhere, and one from elsewhere at the token endpoint', async () => {
  await using fixture = await startAuthorizationServer({ requireDpopNonce: true })
  const elsewhere = createNonces({ keyRing: fixture.keyRing, clock: Date.now })
  const strangers = createNonces({ keyRing: createMemoryKeyRing(), clock: Date.now })
  const holder = await createHolder()
  const { client_id: clientId } = await register(fixture)
  const { url, verifier } = authorizeUrl(fixture, clientId)
  const code = new URL(await signIn(url, ANA)).searchParams.get('code') ?? ''
  const ask = async (nonce?: string): Promise<Response> => {
    const dpop = await holder.prove({ htu: `${fixture.issuer}/token`, ...(nonce !== undefined && { nonce }) })
    return redeem(fixture, clientId, code, verifier, {}, { dpop })
  }
  for (const nonce of [undefined, strangers.current(), 'made up']) {
    const refused = await ask(nonce)
    assert.equal(refused.status, 400)
    assert.equal(((await refused.json()) as { error: string }).error, 'use_dpop_nonce')
    assert.ok(elsewhere.accepts(refused.headers.get('dpop-nonce') ?? ''))
  }
  // The code is still there: a proof that lacks its nonce uses nothing up.
  assert.equal((await ask(elsewhere.current())).status, 200)
})

test('a nonce is good for some minutes, whoever looks', () => {
  const keyRing = createMemoryKeyRing()
  const began = 1_700_000_000_000
  let now = began
  const [one, two] = [createNonces({ keyRing, clock: () => now }), createNonces({ keyRing, clock: () => now })]
  const nonce = one.current()
  assert.match(nonce, /^[\w-]{43}$/)
  for (const [later, isGood] of [
    [0, true],
    [120_000, true],
    [240_000, false],
    [3_600_000, false],
  ] as const) {
    now = began + later
    assert.equal(two.accepts(nonce), isGood, `${later} ms later`)
  }
  assert.equal(one.accepts(''), false)
  assert.equal(createNonces({ keyRing: createMemoryKeyRing(), clock: () => began }).accepts(nonce), false)
})
