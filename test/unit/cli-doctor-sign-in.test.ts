/** What `doctor` says of identity providers: asked as guard would, with what to register there. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkSignIn } from '../../src/cli/checks/sign-in.ts'
import { startSmallProvider } from '../support/openid-provider.ts'

test('each provider is asked for its metadata, and whether it takes our id and secret; nobody is signed in for it', async () => {
  await using small = await startSmallProvider()
  const listen = { port: 7777, publicUrl: 'https://mcp.example.com/' }
  const check = (signIn: ReturnType<typeof small.entry>[]) => checkSignIn({ listen, auth: { signIn } })
  const right = small.entry()
  assert.deepEqual(await check([right]), [
    {
      status: 'ok',
      name: 'sign-in',
      found: `Acme (${small.issuer}) can be asked; its redirect URI for here is https://mcp.example.com/sign-in/callback/acme`,
    },
  ])
  const [wrongSecret, wrongIssuer] = await check([
    small.entry({ clientSecret: 'of another' }),
    small.entry({ id: 'other', issuer: `${small.issuer}/` }),
  ])
  assert.match(wrongSecret?.found ?? '', /does not take the client id and its secret/)
  assert.match(wrongSecret?.fix ?? '', /auth\.signIn\[0\]\.clientSecret/)
  assert.ok(!JSON.stringify(wrongSecret).includes('of another'))
  assert.match(wrongIssuer?.found ?? '', /names another issuer/)
  assert.match(wrongIssuer?.fix ?? '', /auth\.signIn\[1\]\.issuer/)
})

test('without a public URL the redirect URI is the one at localhost; without providers there is nothing to say', async () => {
  await using small = await startSmallProvider()
  const [found] = await checkSignIn({ listen: { port: 7777 }, auth: { signIn: [small.entry()] } })
  assert.match(found?.found ?? '', /http:\/\/localhost:7777\/sign-in\/callback\/acme$/)
  assert.deepEqual(await checkSignIn({ listen: { port: 7777 }, auth: undefined }), [])
})
