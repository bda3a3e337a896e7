/** Packages that are run in place of npx: installed once, as they are pinned, and the same bytes from then on. */

import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { findLocal } from '../../src/gateway/launch/program.ts'
import { digestTree } from '../../src/gateway/launch/tree-digest.ts'
import type { Command } from '../../src/process/index.ts'
import { createLaunchPlace, type LaunchPlace, output } from '../support/launches.ts'

/** A server that says its version and that of what it depends on. */
function publish({ registry }: LaunchPlace, version: string, helper = version): void {
  registry.publish({
    name: 'helper',
    version: helper,
    files: { 'index.js': `exports.version = 'helper ${helper}'\n` },
  })
  registry.publish({
    name: '@acme/notes',
    version,
    bin: { 'acme-notes': './cli.js' },
    dependencies: { helper: '^1.0.0' },
    files: { 'cli.js': `#!/usr/bin/env node\nconsole.log('notes ${version}', require('helper').version, ...process.argv.slice(2))\n` },
  })
}

/** Where it was installed once: npm's runs are what takes the time here. */
let first: LaunchPlace
let command: Command
before(async () => {
  first = await createLaunchPlace()
  publish(first, '1.0.0')
  command = await first.start(['npx', '-y', '@acme/notes@1.0.0', '--deep', 'x y'])
})
after(() => first[Symbol.asyncDispose]())
/** What is pinned and installed there, with its registry. */
async function pinned(): Promise<LaunchPlace> {
  const place = await createLaunchPlace(first)
  publish(place, '1.0.0')
  return place
}

test('an exact version is installed once, pinned with all that it depends on, and started as Node with its own file; later without a network', async () => {
  assert.equal(command.command, process.execPath)
  assert.equal(output(command), 'notes 1.0.0 helper 1.0.0 --deep x y\n')
  assert.deepEqual(command.code?.length, 1)
  const lock = first.lock() as unknown as { servers: object; packages: Record<string, { tree: Record<string, object>; installed: object }> }
  assert.deepEqual(lock.servers, { notes: { package: { wants: '@acme/notes@1.0.0', uses: '@acme/notes@1.0.0' } } })
  const pin = lock.packages['@acme/notes@1.0.0']
  assert.deepEqual(Object.keys(pin?.tree ?? {}), ['node_modules/@acme/notes', 'node_modules/helper'])
  for (const one of Object.values(pin?.tree ?? {})) assert.match((one as { integrity: string }).integrity, /^sha512-/)
  assert.equal(Object.keys(pin?.installed ?? {}).length, 1)
  // A later start needs no registry, and no npm.
  await first.registry.close()
  assert.equal(output(await first.start(['npx', '@acme/notes@1.0.0'], { env: { PATH: '/nowhere' } })), 'notes 1.0.0 helper 1.0.0\n')
})

test('another machine gets what is pinned, though there is something newer; of two that start at once one installs; what was interrupted is done again', async () => {
  await using place = await pinned()
  publish(place, '1.0.1', '1.4.0')
  const before = readFileSync(place.lockFile, 'utf8')
  // A process that was killed on the way leaves this.
  const interrupted = join(place.folder, 'other', 'packages', '.new-interrupted')
  mkdirSync(interrupted, { recursive: true })
  chmodSync(join(interrupted, '..'), 0o700)
  const said: string[] = []
  const log = (_level: string, message: string): void => void said.push(message)
  const start = (): Promise<Command> => place.start(['npx', '@acme/notes@1.0.0'], { dataDir: 'other', log })
  const [one, other] = await Promise.all([start(), start()])
  assert.equal(output(one), 'notes 1.0.0 helper 1.0.0\n')
  assert.equal(output(one), output(other))
  assert.equal(said.filter((message) => message.startsWith('installing')).length, 1)
  assert.ok(!existsSync(interrupted))
  assert.equal(readFileSync(place.lockFile, 'utf8'), before)
})

test('a name without a version runs what was pinned for it once', async () => {
  await using place = await pinned()
  const asked: unknown[] = []
  const ask = (question: unknown): boolean => asked.push(question) > 0
  await place.start(['npx', '-y', '@acme/notes'], { ask })
  publish(place, '1.1.0')
  assert.equal(output(await place.start(['npx', '-y', '@acme/notes'])), 'notes 1.0.0 helper 1.0.0\n')
  assert.equal(asked.length, 1)
  // --accept is the same word, without a person.
  assert.equal(output(await place.start(['npx', '@acme/notes@^1.0.0'], { accept: true, id: 'other' })), 'notes 1.1.0 helper 1.1.0\n')
  const [{ wants, published, found }] = asked as [{ wants: string; published: string; found: { version: string } }]
  assert.deepEqual(
    { wants, published, version: found.version },
    { wants: '@acme/notes@latest', published: '2026-01-02T03:04:05.000Z', version: '1.0.0' },
  )
})

test('install scripts are not run, and that is said; a program of several is chosen by name, and one that is not there is not started', async () => {
  await using place = await createLaunchPlace()
  place.registry.publish({
    name: 'many',
    version: '1.0.0',
    bin: { one: './one.js', two: './two.js' },
    scripts: { postinstall: "node -e \"require('node:fs').writeFileSync('ran', '')\"" },
    files: { 'one.js': "console.log('one', require('node:fs').existsSync(__dirname + '/ran'))", 'two.js': "console.log('two')" },
  })
  const said: string[] = []
  const log = (level: string, message: string): void => void (level === 'warn' && said.push(message))
  assert.equal(output(await place.start(['npx', '-p', 'many@1.0.0', 'one'], { log })), 'one false\n')
  assert.match(said.join(), /many@1\.0\.0: install scripts were not run/)
  assert.equal(output(await place.start(['npx', '-p', 'many@1.0.0', 'two'])), 'two\n')
  await assert.rejects(place.start(['npx', 'many@1.0.0']), /many@1\.0\.0 has no program of its own/)
  await assert.rejects(place.start(['npx', '-p', 'many@1.0.0', 'three']), /has no program of that name/)
})

test('npx NAME is what the project has installed, where it has it: nothing is fetched or pinned', async () => {
  await using place = await createLaunchPlace()
  const own = join(place.folder, 'node_modules', 'own-server')
  mkdirSync(own, { recursive: true })
  writeFileSync(join(own, 'package.json'), JSON.stringify({ name: 'own-server', version: '9.9.9', bin: 'cli.js' }))
  writeFileSync(join(own, 'cli.js'), "console.log('own', ...process.argv.slice(2))")
  const said: string[] = []
  const log = (_: string, message: string): void => void said.push(message)
  assert.equal(output(await place.start(['npx', '-y', 'own-server', 'x'], { log })), 'own x\n')
  assert.match(said.join(), /own-server that .* has installed: its bytes are not pinned/)
  assert.deepEqual(place.registry.requests(), [])
  assert.ok(!existsSync(place.lockFile))
  if (process.platform === 'win32') return
  chmodSync(own, 0o777)
  await assert.rejects(place.start(['npx', '-y', 'own-server']), /everybody can write to it/)
})

test('npx NAME is nothing that lies above the project', async () => {
  await using place = await createLaunchPlace()
  const above = join(place.folder, 'node_modules', 'own-server')
  const project = join(place.folder, 'project')
  for (const folder of [above, project]) mkdirSync(folder, { recursive: true })
  writeFileSync(join(above, 'package.json'), JSON.stringify({ name: 'own-server', version: '9.9.9', bin: 'cli.js' }))
  writeFileSync(join(above, 'cli.js'), '')
  assert.ok(findLocal(project, 'own-server'))
  writeFileSync(join(project, 'package.json'), '{}')
  assert.equal(findLocal(project, 'own-server'), undefined)
})

test('a link that leads out of its folder by way of another is no part of a package', async () => {
  await using place = await createLaunchPlace()
  const root = join(place.folder, 'tree')
  mkdirSync(join(root, 'a/b/c/d'), { recursive: true })
  mkdirSync(join(root, 'top'))
  symlinkSync('../../../../top', join(root, 'a/b/c/d/up'))
  symlinkSync('a', join(root, 'fine'))
  await digestTree(root)
  mkdirSync(join(place.folder, 'beside'))
  symlinkSync('up/../../beside', join(root, 'a/b/c/d/out'))
  await assert.rejects(digestTree(root), /a link in it that leads out/)
})

test('npm is handed nothing of ours', async () => {
  await using place = await createLaunchPlace()
  publish(place, '1.0.0')
  const bin = join(place.folder, 'bin')
  mkdirSync(bin)
  writeFileSync(join(bin, 'npm'), `#!/bin/sh\nenv > '${place.folder}/env'\nexit 1\n`, { mode: 0o755 })
  await assert.rejects(
    place.start(['npx', '@acme/notes@1.0.0'], {
      env: { PATH: `${bin}:/usr/bin:/bin`, SALLYPORT_MASTER_KEY: 'never', GITHUB_TOKEN: 'never', npm_config_local_prefix: '/elsewhere' },
    }),
    /its package cannot be started: npm failed \(exit 1\)/,
  )
  const handed = readFileSync(join(place.folder, 'env'), 'utf8')
  assert.match(handed, /^npm_config_registry=/m)
  assert.doesNotMatch(handed, /never|elsewhere/)
})

test('npm is none of the programs that packages have put into PATH', async () => {
  await using place = await pinned()
  const [bin, marker] = [join(place.folder, 'node_modules', '.bin'), join(place.folder, 'ran')]
  mkdirSync(bin, { recursive: true })
  for (const name of ['npm', 'node', 'git', 'sh']) writeFileSync(join(bin, name), `#!/bin/sh\ntouch '${marker}'\n`, { mode: 0o755 })
  const started = await place.start(['npx', '@acme/notes@1.0.0'], { dataDir: 'other', env: { PATH: `${bin}:${process.env['PATH']}` } })
  assert.match(output(started), /^notes 1\.0\.0/)
  assert.ok(!existsSync(marker))
})

test('where there is no npm, that is what is said', async () => {
  await using place = await createLaunchPlace()
  await assert.rejects(place.start(['npx', '@acme/notes@1.0.0'], { env: { PATH: '/nowhere' } }), /npm is needed for that and was not found/)
})
