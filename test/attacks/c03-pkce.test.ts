// C3: without PKCE a code that leaks can be used by whoever has it. An authorization server that does not say S256 is refused before
// anybody is sent there; and what is sent is S256, with a verifier of its own each time.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { it } from 'node:test'
import { startWorld } from '../fixtures/sign-in-world.ts'
import { verifies } from '../requirements.ts'
import { createClient, problemOf, REDIRECT_URI, signInTo } from '../support/client.ts'

verifies('C3')

for (const [what, methods] of [
  ['says nothing of PKCE', undefined],
  ['knows no method', []],
  ['knows only plain', ['plain']],
  ['spells it another way', ['s256']],
  ['says S256 and no list', 'S256'],
] as const)
  it(`refuses an authorization server that ${what}`, async () => {
    await using world = await startWorld({ serverMetadata: (document) => ({ ...document, code_challenge_methods_supported: methods }) })
    await using client = createClient(world)
    assert.equal(await problemOf(client.getAuthorizationUrl({ redirectUri: REDIRECT_URI })), 'AuthorizationError pkce_unsupported')
    assert.equal(
      await problemOf(client.registerClient({ clientName: 'x', redirectUris: [REDIRECT_URI] })),
      'AuthorizationError pkce_unsupported',
    )
    assert.equal(world.to('/register').length + world.to('/authorize').length + world.to('/token').length, 0)
  })

it('sends the S256 challenge of a verifier that is used for one sign-in', async () => {
  await using world = await startWorld()
  await using client = createClient(world)
  await signInTo(world, client)
  await signInTo(world, client)
  const asked = world.to('/authorize').map(({ path }) => new URL(path, world.issuer).searchParams)
  const verifiers = world.to('/token').map(({ text }) => new URLSearchParams(text).get('code_verifier') ?? '')
  assert.equal(new Set(verifiers).size, 2)
  for (const [at, verifier] of verifiers.entries()) {
    assert.match(verifier, /^[\w-]{43}$/)
    assert.equal(asked[at]?.get('code_challenge_method'), 'S256')
    assert.equal(asked[at]?.get('code_challenge'), createHash('sha256').update(verifier).digest('base64url'))
  }
})
