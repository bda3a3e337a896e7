/** docs/token-store.md: its program keeps what a client signs in with, and its table has every file that a store makes. */

import assert from 'node:assert/strict'
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { readdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import type { TokenStore } from '../../src/client/index.ts'
import { createFileTokenStore, MCPClient } from '../../src/index.ts'
import { startWorld } from '../fixtures/sign-in-world.ts'
import { signInTo } from '../support/client.ts'
import { createTempDir, ROOT } from '../support/paths.ts'
import { snippetsIn } from '../support/snippets.ts'

const key = randomBytes(32)
const sealer = {
  seal(value: string, name: string): string {
    const nonce = randomBytes(12)
    const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(name))
    return Buffer.concat([nonce, cipher.update(value), cipher.final(), cipher.getAuthTag()]).toString('base64')
  },
  open(sealed: string, name: string): string | undefined {
    const bytes = Buffer.from(sealed, 'base64')
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12)).setAAD(Buffer.from(name)).setAuthTag(bytes.subarray(-16))
    return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString()
  },
}

interface Program {
  createDatabaseStore(file: string, given: typeof sealer): TokenStore
  createClientOf(person: string, serverUrl: string, store: TokenStore): MCPClient
}

test('a sign-in that the program of docs/token-store.md keeps is used by the next program', async () => {
  const snippets = await snippetsIn('docs/token-store.md')
  assert.equal(snippets.length, 1)
  await using folder = await createTempDir('snippet')
  const program = join(folder.path, 'program.ts')
  const source = pathToFileURL(join(ROOT, 'src', 'index.ts')).href
  await writeFile(program, snippets[0]?.program.replaceAll("'sallyport'", `'${source}'`) ?? '')
  await symlink(join(ROOT, 'node_modules'), join(folder.path, 'node_modules'), 'junction')
  const { createDatabaseStore, createClientOf } = (await import(pathToFileURL(program).href)) as Program

  const file = join(folder.path, 'records.db')
  await using world = await startWorld()
  await using first = createClientOf('ana', world.serverUrl, createDatabaseStore(file, sealer))
  await signInTo(world, first)
  const before = world.to('/authorize').length
  await using second = createClientOf('ana', world.serverUrl, createDatabaseStore(file, sealer))
  await second.callTool('echo')
  assert.equal(world.to('/authorize').length, before)
  const bytes = readFileSync(file, 'latin1')
  for (const { headers } of world.seen)
    if (headers.authorization?.startsWith('Bearer ')) assert.ok(!bytes.includes(headers.authorization.slice(7)))
})

test('docs/token-store.md has every file that a store makes', async () => {
  const text = readFileSync(join(ROOT, 'docs/token-store.md'), 'utf8')
  await using folder = await createTempDir('store')
  const store = createFileTokenStore({ dataDir: folder.path, env: {} })
  const made = new Set<string>()
  const look = async (): Promise<void> => {
    const files = await readdir(folder.path, { recursive: true })
    for (const file of files) if (file !== 'client') made.add(file.replace(/[0-9a-f]{64}/, 'HASH').replaceAll('\\', '/'))
  }
  await store.write('pins/c', 'three')
  await store.exclusively('pins/a', async () => {
    await store.write('pins/a', 'one')
    await store.exclusively('pins/b', look)
  })
  await store.rotateKey()
  await look()
  assert.deepEqual([...made].sort(), [
    'client/HASH.lock',
    'client/HASH.sealed',
    'client/HASH.sealed.new',
    'client/cleaned',
    'client/rotation.lock',
    'master.key',
    'rotation.lock',
  ])
  for (const file of made) assert.ok(text.includes(`\`${file}\``), file)
})
