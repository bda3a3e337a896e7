/** `sallyport logins`: what this machine is signed in to, after real sign-ins, and another key for what is kept of them. */

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { startWorld } from '../fixtures/sign-in-world.ts'
import { createClient, signInTo } from '../support/client.ts'
import { createTempDir, type Finished, run, SALLYPORT } from '../support/index.ts'

const sallyport = (dataDir: string, args: readonly string[], env: Record<string, string> = {}): Promise<Finished> =>
  run(process.execPath, [SALLYPORT, ...args], { env: { NO_COLOR: '1', SALLYPORT_DATA_DIR: dataDir, ...env } })

test('logins lists servers, accounts and issuers, and never a token; rotate-key changes the key under a program that runs', async () => {
  await using folder = await createTempDir('logins')
  const dataDir = join(folder.path, 'data')
  const nothing = await sallyport(dataDir, ['logins'])
  assert.deepEqual([nothing.code, nothing.stdout], [0, ''])
  assert.match(nothing.stderr, /Nobody is signed in anywhere/)
  const missing = await sallyport(dataDir, ['logins', 'rotate-key'])
  assert.equal(missing.code, 1)
  assert.match(missing.stderr, /^error\[E-NOT-FOUND\]: nothing is kept in /)
  assert.deepEqual(readdirSync(folder.path), [])

  await using world = await startWorld()
  const kept = { tokenStore: 'file', dataDir } as const
  await using ana = createClient(world, { ...kept, account: 'ana' })
  await using mine = createClient(world, kept)
  await signInTo(world, ana)
  await signInTo(world, mine)

  const { stdout } = await sallyport(dataDir, ['logins', '--json'])
  const { logins } = JSON.parse(stdout)
  assert.deepEqual(
    logins.map((login: Record<string, unknown>) => [login['server'], login['account'], login['issuer'], login['kept'], login['renews']]),
    [
      [world.serverUrl, 'ana', world.issuer, 'file', true],
      [world.serverUrl, 'default', world.issuer, 'file', true],
    ],
  )
  const people = await sallyport(dataDir, ['logins'])
  assert.equal(people.stdout.trimEnd().split('\n').length, 2)
  for (const { text } of world.to('/token'))
    for (const [, value] of new URLSearchParams(text)) assert.ok(!stdout.includes(value) || value.length < 9 || value === world.serverUrl)

  const keyOf = (): Set<string> => {
    const files = readdirSync(join(dataDir, 'client')).filter((name) => name.endsWith('.sealed'))
    return new Set(files.map((name) => readFileSync(join(dataDir, 'client', name), 'utf8').split('.')[1] as string))
  }
  const [before] = keyOf()
  const rotated = await sallyport(dataDir, ['logins', 'rotate-key', '--json'])
  const { resealed, unreadable } = JSON.parse(rotated.stdout)
  assert.ok(resealed >= 2)
  assert.equal(unreadable, 0)
  assert.equal(keyOf().size, 1)
  assert.ok(!keyOf().has(before as string))
  await mine.callTool('echo')
  await using later = createClient(world, { ...kept, account: 'ana' })
  await later.callTool('echo')

  const wrong = await sallyport(dataDir, ['logins', 'rotate-key'], { SALLYPORT_MASTER_KEY: 'a'.repeat(64) })
  assert.equal(wrong.code, 2)
  assert.match(wrong.stderr, /^error\[E-CONFIG\]: SALLYPORT_MASTER_KEY: .*\nfix: then run: sallyport logins rotate-key --reseal/)
})
