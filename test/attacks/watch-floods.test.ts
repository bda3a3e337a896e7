/** What one caller wants to hear of leaves room for everybody else, and nobody is promised what will not be told. */

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { directory } from '../../src/server/resources/index.ts'
import { verifies } from '../requirements.ts'
import { principal, say, startEngine, tool } from '../support/engine.ts'
import { createTempDir, type McpClient, mcp } from '../support/index.ts'
import { startResources } from '../support/resources.ts'

verifies('subscription-bounds')

const people = { ana: principal('ana'), ben: principal('ben') }
const listen = (client: McpClient, uris: readonly string[]) =>
  client.open('subscriptions/listen', { notifications: { resourceSubscriptions: uris } })

test('who follows as many files of a folder as one may, there or not, keeps nobody from being told', async () => {
  await using folder = await createTempDir()
  writeFileSync(join(folder.path, 'real.txt'), 'one')
  const rig = await startResources({ resources: [directory({ uri: 'n://x/', path: folder.path, name: 'n' })] }, people)
  try {
    const [ana, ben] = [mcp(rig.url, { key: 'ana' }), mcp(rig.url, { key: 'ben' })]
    for (let stream = 0; stream < 4; stream++) {
      const { messages } = await listen(
        ana,
        Array.from({ length: 256 }, (_, n) => `n://x/nothing-${stream}-${n}`),
      )
      assert.equal((await messages.next()).value.params.notifications.resourceSubscriptions.length, 256)
    }
    const { messages, abort } = await listen(ben, ['n://x/real.txt'])
    assert.deepEqual((await messages.next()).value.params.notifications.resourceSubscriptions, ['n://x/real.txt'])
    // What it was like before is looked at first.
    await sleep(500)
    writeFileSync(join(folder.path, 'real.txt'), 'two, longer')
    assert.equal((await messages.next()).value.params.uri, 'n://x/real.txt')
    abort()
  } finally {
    await rig.close()
  }
})

test('what cannot be watched is not acknowledged, and a session that asks for it is refused', async () => {
  const entry = tool('test://{+path}', () => say(''))
  const rig = await startEngine(
    [
      {
        ...entry,
        kind: 'template',
        permission: { access: 'protected', scopes: ['resources:read'], roles: [] },
        matches: (uri) => uri.startsWith('test://'),
        executor: { ...entry.executor, watch: (_, uri) => (uri.endsWith('full') ? undefined : () => {}) },
      },
    ],
    people,
  )
  try {
    const { messages, abort } = await listen(mcp(rig.url, { token: 'ana' }), ['test://full', 'test://fine'])
    assert.deepEqual((await messages.next()).value.params.notifications.resourceSubscriptions, ['test://fine'])
    abort()
    const session = mcp(rig.url, { token: 'ana', version: '2025-11-25' })
    assert.match((await session.request('resources/subscribe', { uri: 'test://full' })).error.message, /no more can be watched/)
    assert.deepEqual((await session.request('resources/subscribe', { uri: 'test://fine' })).result, {})
  } finally {
    await rig.close()
  }
})
