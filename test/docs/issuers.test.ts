/** docs/issuers.md: each configuration in it is one, and its table of claims is what the code looks at. */

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { silentLog } from '../../src/core/index.ts'
import { loadConfig } from '../../src/gateway/index.ts'
import { createExternalAuthorization } from '../../src/oauth/index.ts'
import { startIssuer } from '../support/external-issuer.ts'
import { createTempDir, ROOT } from '../support/paths.ts'

const text = readFileSync(join(ROOT, 'docs/issuers.md'), 'utf8')

test('every configuration in it is understood', async () => {
  const folder = await createTempDir('issuers')
  const file = join(folder.path, 'sallyport.yaml')
  const blocks = [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, block]) => block as string)
  assert.ok(blocks.length >= 6)
  for (const block of blocks) {
    writeFileSync(file, block)
    const { auth } = loadConfig({ file, cwd: folder.path, env: { INTROSPECTION_SECRET: 'secret' } })
    assert.match(auth?.issuer ?? '', /^https:/)
  }
  await folder.remove()
})

test('the places where claims are looked for are the ones it names, in that order', async () => {
  await using issuer = await startIssuer({ claims: { aud: 'here' } })
  const server = createExternalAuthorization({
    options: { issuer: issuer.issuer, audience: 'here' },
    resources: ['https://mcp.example.com/mcp'],
    shownScopes: () => [],
    clock: Date.now,
    log: silentLog,
  })
  for (const [, member = '', places = ''] of text.matchAll(/^\| (scopes|roles|client) \| (`.*?`) \|/gm)) {
    const names = [...places.matchAll(/`([^`]+)`/g)].map(([, name]) => name as string)
    assert.ok(names.length > 1)
    while (names.length > 0) {
      const claims = Object.fromEntries(
        names.map((name) => (name.includes('.') ? ['realm_access', { roles: [name] }] : [name, member === 'client' ? name : [name]])),
      )
      const verified = await server.verifier.verify(
        { scheme: 'bearer', value: await issuer.mint({ claims: { ...(member !== 'client' && { client_id: 'cli' }), ...claims } }) },
        'https://mcp.example.com/mcp',
      )
      assert.ok(verified.allowed)
      const { scopes, roles, clientId } = verified.value.principal
      assert.deepEqual({ scopes, roles, client: [clientId] }[member], [names.shift()], member)
    }
  }
  await server.close()
})
