/** What is pinned, looked after: listed, taken anew, installed again, forgotten. */

import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { silentLog } from '../../src/core/index.ts'
import { createPins, type Pins } from '../../src/gateway/launch/index.ts'
import { openLockFile } from '../../src/gateway/launch/lock-file.ts'
import { inTurn } from '../../src/gateway/launch/lock-turn.ts'
import { firstLine, run, start } from '../support/child.ts'
import { createLaunchPlace, type LaunchPlace, output } from '../support/launches.ts'
import { createTempDir, ROOT, withBin } from '../support/paths.ts'

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
  const folder = (await pins.install('notes')) ?? ''
  assert.equal(output(await place.start(['npx', 'tool@^1.0.0'], { env: { PATH: '/nowhere' } })), 'tool 1.1.0\n')

  // Changed files are put right.
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

test('programs that write the same lock file at the same time lose nothing of each other, and leave nothing beside it', async () => {
  await using folder = await createTempDir('lock')
  const file = join(folder.path, 'sallyport.lock')
  const [writers, entries] = [3, 20]
  // Each begins as soon as all are there.
  const program = `
    import { existsSync, readdirSync, writeFileSync } from 'node:fs'
    import { openLockFile } from ${JSON.stringify(pathToFileURL(join(ROOT, 'src/gateway/launch/lock-file.ts')).href)}
    const [, , name] = process.argv
    const lock = openLockFile(${JSON.stringify(file)})
    writeFileSync(${JSON.stringify(folder.path)} + '/here-' + name, '')
    while (readdirSync(${JSON.stringify(folder.path)}).filter((one) => one.startsWith('here-')).length < ${writers}) await new Promise((resolve) => setTimeout(resolve, 2))
    for (let at = 0; at < ${entries}; at++) lock.acceptLaunch(name + '-' + at, { command: 'node', args: [], accepted: '' })`
  const path = join(folder.path, 'writer.mjs')
  writeFileSync(path, program)
  const ended = await Promise.all(
    Array.from({ length: writers }, (_, at) => run(process.execPath, [path, `writer-${at}`], { timeoutMs: 50_000 })),
  )
  assert.deepEqual(
    ended.map(({ code, stderr }) => [code, stderr]),
    Array(writers).fill([0, '']),
  )
  const written = Object.keys(JSON.parse(readFileSync(file, 'utf8')).servers)
  assert.equal(written.length, writers * entries)
  assert.deepEqual(
    readdirSync(folder.path).filter((name) => name.includes('sallyport.lock')),
    ['sallyport.lock'],
  )
})

test('a program that dies while it writes the lock file stops nobody; one that does not let go is told of', async () => {
  await using folder = await createTempDir('lock')
  const file = join(folder.path, 'sallyport.lock')
  const launch = { command: 'node', args: [], accepted: '' }
  const holder = start(process.execPath, ['-e', HOLDS, join(folder.path, '.sallyport.lock.turn')], { env: withBin() })
  await firstLine(holder, 20_000)
  try {
    assert.throws(() => inTurn(file, () => 'not in turn', 50), { name: 'ConfigError', message: /another program has been changing it/ })
  } finally {
    holder.process.kill('SIGKILL')
  }
  openLockFile(file).acceptLaunch('one', launch)
  assert.deepEqual(Object.keys(JSON.parse(readFileSync(file, 'utf8')).servers), ['one'])
})
const HOLDS = `
const { DatabaseSync } = require('node:sqlite')
new DatabaseSync(process.argv[1]).exec('BEGIN EXCLUSIVE')
console.log('held')
setInterval(() => {}, 1000)`

test('what somebody has put in the place of a turn is left alone, and nothing is accepted until it is gone', async () => {
  await using folder = await createTempDir('launch-turn')
  const [file, turn, precious] = ['sallyport.lock', '.sallyport.lock.turn', 'precious'].map((name) => join(folder.path, name)) as [
    string,
    string,
    string,
  ]
  writeFileSync(precious, '')
  chmodSync(precious, 0o644)
  for (const put of [
    () => symlinkSync('precious', turn),
    () => symlinkSync('nowhere', turn),
    () => mkdirSync(turn),
    () => writeFileSync(turn, 'text'),
  ]) {
    put()
    assert.throws(() => inTurn(file, () => 'in turn'), { name: 'ConfigError', message: /\.turn: is in the way/ })
    rmSync(turn, { recursive: true })
  }
  assert.deepEqual(readdirSync(folder.path), ['precious'])
  assert.equal(statSync(precious).mode & 0o777, 0o644)
  assert.equal(
    inTurn(file, () => 'in turn'),
    'in turn',
  )
})

test('where a server is, is kept beside what was kept before of commands, and a server has one of the two', async () => {
  await using folder = await createTempDir('lock')
  const file = join(folder.path, 'sallyport.lock')
  const launch = { command: 'node', args: [], accepted: '2026-01-01T00:00:00.000Z' }
  writeFileSync(file, JSON.stringify({ version: 1, servers: { notes: { launch }, web: { launch } } }))
  const lock = openLockFile(file)
  assert.deepEqual(lock.launch('web'), launch)
  const endpoint = { url: 'https://mail.example/mcp', headers: { 'x-key': '${secret:A}' }, accepted: '2026-02-01T00:00:00.000Z' }
  lock.acceptLaunch('web', endpoint)
  assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')).servers, { notes: { launch }, web: { endpoint } })
  assert.deepEqual(openLockFile(file).launch('web'), endpoint)
  writeFileSync(file, JSON.stringify({ version: 1, servers: { web: { launch, endpoint } } }))
  assert.throws(() => openLockFile(file), /is not a sallyport\.lock/)
})

test('what is kept of a configuration that only its owner may read, only its owner may read', async () => {
  await using folder = await createTempDir('lock')
  const config = join(folder.path, 'sallyport.yaml')
  const file = join(folder.path, 'sallyport.lock')
  writeFileSync(config, '', { mode: 0o600 })
  openLockFile(file, { beside: config }).acceptLaunch('one', { command: 'node', args: [], accepted: '' })
  assert.equal(statSync(file).mode & 0o777, 0o600)
})
