/** What is pinned, looked after: listed, taken anew, installed again, forgotten. */

import assert from 'node:assert/strict'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { silentLog } from '../../src/core/index.ts'
import { createPins, type Pins } from '../../src/gateway/launch/index.ts'
import { openLockFile } from '../../src/gateway/launch/lock-file.ts'
import { createLaunchPlace, type LaunchPlace, output } from '../support/launches.ts'
import { createTempDir } from '../support/paths.ts'

const pinsOf = ({ lockFile, folder, registry }: LaunchPlace): Pins =>
  createPins({
    lock: openLockFile(lockFile),
    packagesDir: join(folder, 'data', 'packages'),
    written: new Map(),
    log: silentLog,
    clock: Date.now,
    signal: new AbortController().signal,
    env: { PATH: process.env['PATH'], ...registry.env },
  })

test('a pin is listed, updated, installed and forgotten', async () => {
  await using place = await createLaunchPlace()
  const publish = (version: string): void =>
    place.registry.publish({ name: 'tool', version, bin: './cli.js', files: { 'cli.js': `console.log('tool ${version}')` } })
  publish('1.0.0')
  await place.start(['npx', 'tool@^1.0.0'], { accept: true })
  publish('1.1.0')
  publish('2.0.0')
  const pins = pinsOf(place)
  const [before] = pins.list()
  assert.deepEqual(
    { ...before?.package, accepted: '', integrity: '' },
    { package: 'tool@1.0.0', wants: 'tool@^1.0.0', dependencies: 0, scripts: [], installed: true, accepted: '', integrity: '' },
  )
  assert.equal(await pins.look('nobody'), undefined)

  const update = await pins.look('notes')
  assert.deepEqual([update?.was.package, update?.is.package, update?.isSame], ['tool@1.0.0', 'tool@1.1.0', false])
  // Until it is taken, nothing has changed.
  assert.equal(pins.list()[0]?.package?.package, 'tool@1.0.0')
  update?.take()
  assert.deepEqual([pins.list()[0]?.package?.package, pins.list()[0]?.package?.installed], ['tool@1.1.0', false])
  // Nobody runs the old one.
  assert.doesNotMatch(readFileSync(place.lockFile, 'utf8'), /tool@1\.0\.0/)
  assert.equal(output(await place.start(['npx', 'tool@^1.0.0'])), 'tool 1.1.0\n')

  // Changed files are put right.
  const folder = (await pins.install('notes')) ?? ''
  writeFileSync(join(folder, 'node_modules', 'tool', 'cli.js'), 'evil')
  await assert.rejects(place.start(['npx', 'tool@^1.0.0']), /sallyport pin install/)
  await pinsOf(place).install('notes')
  assert.equal(output(await place.start(['npx', 'tool@^1.0.0'])), 'tool 1.1.0\n')

  const last = pinsOf(place)
  assert.equal(last.remove('notes'), true)
  assert.equal(last.remove('notes'), false)
  assert.ok(!existsSync(folder))
  assert.deepEqual(last.list(), [])
})

test('a lock file of before is read, and what is in it stays when something is added', async () => {
  await using folder = await createTempDir('lock')
  const file = join(folder.path, 'sallyport.lock')
  const tools = { look: { class: 'read', definition: 'sha256-x', accepted: '2026-01-01T00:00:00.000Z' } }
  writeFileSync(file, JSON.stringify({ version: 1, servers: { notes: { tools } } }))
  const lock = openLockFile(file)
  assert.equal(lock.find('notes', 'look')?.class, 'read')
  assert.equal(lock.find('notes', 'constructor'), undefined)
  lock.acceptLaunch('notes', { command: 'node', args: ['b', 'a'], accepted: '2026-02-01T00:00:00.000Z' })
  assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), {
    version: 1,
    servers: { notes: { launch: { command: 'node', args: ['b', 'a'], accepted: '2026-02-01T00:00:00.000Z' }, tools } },
  })
  assert.deepEqual(lock.forget('notes'), [])
  assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), { version: 1, servers: { notes: { tools } } })
})

test('two programs that write the same lock file lose nothing of each other', async () => {
  await using folder = await createTempDir('lock')
  const file = join(folder.path, 'sallyport.lock')
  const [one, other] = [openLockFile(file), openLockFile(file)]
  const launch = { command: 'node', args: [], accepted: '2026-02-01T00:00:00.000Z' }
  one.acceptLaunch('one', launch)
  other.acceptLaunch('other', launch)
  one.acceptLaunch('another', launch)
  assert.deepEqual(Object.keys(JSON.parse(readFileSync(file, 'utf8')).servers), ['another', 'one', 'other'])
})

test('what is kept of a configuration that only its owner may read, only its owner may read', async () => {
  await using folder = await createTempDir('lock')
  const config = join(folder.path, 'sallyport.yaml')
  const file = join(folder.path, 'sallyport.lock')
  writeFileSync(config, '', { mode: 0o600 })
  openLockFile(file, { beside: config }).acceptLaunch('one', { command: 'node', args: [], accepted: '' })
  assert.equal(statSync(file).mode & 0o777, 0o600)
})
