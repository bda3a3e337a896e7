// A refresh token is good for one use: whoever uses it twice has stolen it, and the authorization server may end the sign-in. Programs that
// share a stored sign-in renew it once, whoever comes first.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'
import { createFileTokenStore } from '../../src/client/store/file-store.ts'
import type { KeptClientTask } from '../fixtures/kept-client.ts'
import { startWorld } from '../fixtures/sign-in-world.ts'
import { verifies } from '../requirements.ts'
import { createClient, signInTo } from '../support/client.ts'
import { firstLine, ROOT, start, withBin } from '../support/index.ts'
import { createTempDir } from '../support/paths.ts'

verifies('C7')

const PROGRAM = join(ROOT, 'test', 'fixtures', 'kept-client.ts')
const HOUR = 3_600_000

test('two processes that find one stored sign-in expired renew it once, and both have what came of it', async () => {
  await using world = await startWorld()
  await using dir = await createTempDir('race')
  const tokenStore = createFileTokenStore({ dataDir: dir.path })
  await using client = createClient(world, { tokenStore })
  await signInTo(world, client)
  await client.callTool('echo', { text: 'first' })

  for (let round = 1; round <= 2; round++) {
    const before = world.seen.length
    const task: KeptClientTask = {
      serverUrl: world.serverUrl,
      dataDir: dir.path,
      call: { name: 'echo', args: { round } },
      aheadMs: round * HOUR,
    }
    const children = Array.from({ length: 2 }, () =>
      start(process.execPath, [PROGRAM, JSON.stringify(task)], { env: withBin(), stdio: ['pipe', 'pipe', 'pipe'] }),
    )
    await Promise.all(children.map((child) => firstLine(child, 60_000, /ready/)))
    const ended = children.map((child) => once(child.process, 'close'))
    for (const child of children) child.process.stdin?.end('go\n')
    await Promise.all(ended)
    for (const child of children) assert.match(child.stdout(), new RegExp(`"round\\\\":${round}`), child.stdout() + child.stderr())

    const since = world.seen.slice(before)
    assert.equal(since.filter(({ path }) => path === '/token').length, 1, 'one request to the token endpoint')
    const tokens = new Set(since.filter(({ at, path }) => at === 'server' && path === '/mcp').map(({ headers }) => headers.authorization))
    assert.equal(tokens.size, 1, 'and one token for both')
  }
})

test('a server that goes over to another issuer has nothing of the first shown to the second, and the first gets nothing more', async () => {
  await using first = await startWorld()
  let moved = false
  await using world = await startWorld({
    resourceMetadata: (document) => (moved ? document : { ...document, authorization_servers: [first.issuer] }),
  })
  // The server takes what the first issuer gives as long as it says so; here nothing but the refusal matters.
  await using client = createClient(world)
  await client.handleCallback(await first.visit(await client.getAuthorizationUrl({ redirectUri: 'http://127.0.0.1:53591/callback' })))
  moved = true
  const before = first.seen.length
  await assert.rejects(client.callTool('echo'), { code: 'sign_in_required' })
  assert.deepEqual(first.seen.slice(before), [], 'no refresh token is spent for a server that is elsewhere now')
  const text = first.to('/token')[0]?.text
  await signInTo(world, client)
  await client.callTool('echo')
  const shown = JSON.stringify(world.seen.filter(({ at }) => at === 'issuer'))
  for (const secret of [...new URLSearchParams(text).values()].filter((value) => value.length > 30 && !value.startsWith('http')))
    assert.ok(!shown.includes(secret))
  assert.equal(world.to('/register').length, 1, 'it registers again')
})
