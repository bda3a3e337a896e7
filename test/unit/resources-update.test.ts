/** Folders of a server that is changed while it runs. */

import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { directory, MCPServer, resource } from '../../src/server/index.ts'
import { createTempDir, mcp } from '../support/index.ts'

const temp = await createTempDir('update')
for (const [folder, file] of [
  ['one', 'a.md'],
  ['two', 'b.md'],
] as const) {
  mkdirSync(join(temp.path, folder))
  writeFileSync(join(temp.path, folder, file), folder)
}
const at = (folder: string) => directory({ uri: 'n://x/', name: folder, path: join(temp.path, folder) })
const server = new MCPServer({
  port: 0,
  dataDir: join(temp.path, 'data'),
  auth: { dangerouslyAllowAnonymous: true },
  log: false,
  resources: [at('one')],
})
const { url } = await server.listen()
after(async () => {
  await server.close()
  await temp.remove()
})
const client = mcp(url)
const uris = async () => (await client.list('resources')).map(({ uri }) => uri)
const text = async (uri: string) => (await client.request('resources/read', { uri })).result?.contents[0].text

test('a folder takes the place of another under the same URI', async () => {
  assert.deepEqual(await uris(), ['n://x/a.md'])
  await server.update({ resources: [at('two')] })
  assert.deepEqual(await uris(), ['n://x/b.md'])
  assert.deepEqual([await text('n://x/a.md'), await text('n://x/b.md')], [undefined, 'two'])
  await server.update({ resources: [at('two')] })
  assert.deepEqual(await uris(), ['n://x/b.md'])
})

test('a folder that cannot be opened changes nothing', async () => {
  await assert.rejects(server.update({ resources: [at('nowhere')] }), { code: 'ERR_CONFIG_INVALID' })
  assert.deepEqual(await uris(), ['n://x/b.md'])
  assert.equal(await text('n://x/b.md'), 'two')
})

test('a folder that is no longer offered is gone with all its files', async () => {
  await server.update({ resources: [resource({ uri: 'x://a', name: 'a', read: () => 'a' })] })
  assert.deepEqual(await uris(), ['x://a'])
  assert.equal(await text('n://x/b.md'), undefined)
})
