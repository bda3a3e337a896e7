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

test('logins says until when each is kept, and prune removes what is unused, tells what it was and revokes nothing', async () => {
  await using folder = await createTempDir('prune')
  const dataDir = join(folder.path, 'data')
  const nothing = await sallyport(dataDir, ['logins', 'prune', '--json'])
  assert.deepEqual(JSON.parse(nothing.stdout), { removed: [], busy: 0 })
  assert.deepEqual(readdirSync(folder.path), [])

  await using world = await startWorld()
  const now = Date.now()
  const kept = { tokenStore: 'file', dataDir } as const
  await using old = createClient(world, { ...kept, account: 'ana', clock: () => now - 40 * 86_400_000 })
  await using mine = createClient(world, kept)
  await signInTo(world, old)
  await old.listTools()
  await signInTo(world, mine)
  const endOf = (days: number): string => new Date(now + days * 86_400_000).toISOString().slice(0, 10)
  const listed = (await sallyport(dataDir, ['logins'])).stdout.trimEnd().split('\n')
  assert.match(listed[0] ?? '', new RegExp(`ana .*kept until ${endOf(50)}$`))
  assert.match(listed[1] ?? '', new RegExp(`default .*kept until ${endOf(90)}$`))

  const wrong = await sallyport(dataDir, ['logins', 'prune', '--unused', '1d'])
  assert.deepEqual([wrong.code, wrong.stdout], [2, ''])
  assert.match(wrong.stderr, /^error\[E-USAGE\]: --unused must be two days at least\nfix: /)
  const none = await sallyport(dataDir, ['logins', 'prune'])
  assert.deepEqual([none.code, none.stdout.trimEnd()], [0, 'Nothing is unused for so long.'])
  const pruned = await sallyport(dataDir, ['logins', 'prune', '--unused', '30d'])
  assert.equal(pruned.code, 0)
  assert.match(pruned.stdout, new RegExp(`^sign-in +${world.serverUrl} +ana +last used ${endOf(-40)}\n.*1 record removed\n$`))
  assert.match(pruned.stderr, /Nothing was revoked.*sallyport logout URL/)
  assert.equal(world.to('/revoke').length, 0)
  const { logins } = JSON.parse((await sallyport(dataDir, ['logins', '--json'])).stdout)
  assert.deepEqual(
    logins.map(({ account }: { account: string }) => account),
    ['default'],
  )
  await mine.callTool('echo')
})
