/**
 * The store whose key is in the platform's keychain, with a real one: GNOME Keyring on a session bus of its own. On a machine without
 * `dbus-daemon` and `gnome-keyring-daemon` this is skipped, and says so.
 */

import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { createFileTokenStore, createKeychainTokenStore } from '../../src/client/store/file-store.ts'
import { ROOT } from '../support/paths.ts'
import { until } from '../support/until.ts'
import { describeTokenStore } from './token-store.ts'

const has = (program: string): boolean => spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined
const skip =
  process.platform === 'linux' && has('dbus-daemon') && has('gnome-keyring-daemon')
    ? false
    : 'needs dbus-daemon and gnome-keyring-daemon (Debian: apt-get install dbus gnome-keyring)'

const NAME = 'sign-in/a/default'
/** Without the services that a bus starts by itself: it would start a keyring that is locked. */
const busConfig = (folder: string): string => `<busconfig>
  <type>session</type>
  <listen>unix:dir=${folder}</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
`

let home: string
const children: ChildProcess[] = []

before(async () => {
  if (skip) return
  home = mkdtempSync(join(tmpdir(), 'sallyport-'))
  const config = join(home, 'bus.conf')
  writeFileSync(config, busConfig(home))
  const bus = spawn('dbus-daemon', [`--config-file=${config}`, '--nofork', '--print-address'], { stdio: ['ignore', 'pipe', 'ignore'] })
  children.push(bus)
  const { value: address } = await createInterface({ input: bus.stdout })[Symbol.asyncIterator]().next()
  // The native module reads the environment of this process.
  process.env['DBUS_SESSION_BUS_ADDRESS'] = String(address)
  const env = { ...process.env, HOME: home, XDG_DATA_HOME: join(home, 'data'), XDG_RUNTIME_DIR: home, XDG_CONFIG_HOME: home }
  const daemon = spawn('gnome-keyring-daemon', ['--foreground', '--unlock', '--components=secrets'], {
    env,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  children.push(daemon)
  daemon.stdin.end('password of the keyring')
  const probe = createKeychainTokenStore({ dataDir: join(home, 'probe'), env: {} })
  await until('the keychain answers', () =>
    probe.write(NAME, 'x').then(
      () => true,
      () => false,
    ),
  )
})

after(() => {
  for (const child of children) child.kill('SIGKILL')
  if (home) rmSync(home, { recursive: true })
})

const folder = (): string => mkdtempSync(join(tmpdir(), 'sallyport-'))

describeTokenStore(
  'keychain',
  async (clock) => {
    const dataDir = folder()
    const open = () => createKeychainTokenStore({ dataDir, env: {}, clock })
    return { store: open(), other: open(), end: () => rm(dataDir, { recursive: true }) }
  },
  skip,
)

describe('what the keychain holds', { skip }, () => {
  test('is the key: there is none on disk, and a file store cannot open what is sealed with it', async () => {
    const dataDir = folder()
    await createKeychainTokenStore({ dataDir, env: {} }).write(NAME, 'secret-token')
    assert.deepEqual(readdirSync(dataDir), ['client-keychain'])
    for (const file of readdirSync(join(dataDir, 'client-keychain')))
      assert.ok(!readFileSync(join(dataDir, 'client-keychain', file)).includes('secret-token'))
    assert.equal(await createFileTokenStore({ dataDir, env: {} }).read(NAME), undefined)
    assert.equal(await createKeychainTokenStore({ dataDir, env: {} }).read(NAME), 'secret-token')
    rmSync(dataDir, { recursive: true })
  })

  test('is one key, however many start at once', async () => {
    const dataDir = folder()
    const stores = Array.from({ length: 8 }, () => createKeychainTokenStore({ dataDir, env: {} }))
    await Promise.all(stores.map((store, n) => store.write(`pins/${n}`, String(n))))
    for (const [n] of stores.entries()) assert.equal(await stores[0]?.read(`pins/${n}`), String(n))
    rmSync(dataDir, { recursive: true })
  })

  test('is a new key after a rotation, and the old one is gone; who runs with the old one follows', async () => {
    const dataDir = folder()
    const running = createKeychainTokenStore({ dataDir, env: {} })
    await running.write(NAME, 'one')
    const [file = ''] = readdirSync(join(dataDir, 'client-keychain')).filter((name) => name.endsWith('.sealed'))
    const keyOf = (): string => readFileSync(join(dataDir, 'client-keychain', file), 'utf8').split('.')[1] as string
    const before = keyOf()
    assert.deepEqual(await createKeychainTokenStore({ dataDir, env: {} }).rotateKey(), { resealed: 1, unreadable: 0 })
    const after = keyOf()
    assert.notEqual(after, before)
    assert.equal(await running.read(NAME), 'one')
    await running.write(NAME, 'two')
    assert.equal(keyOf(), after)
    assert.equal(await createKeychainTokenStore({ dataDir, env: {} }).read(NAME), 'two')
    rmSync(dataDir, { recursive: true })
  })
})

/** In a process of its own, from `src` in `root`: what it says where it cannot keep a record. */
function tryToKeep(root: string, dataDir: string, env: NodeJS.ProcessEnv): string {
  const module = pathToFileURL(join(root, 'src/client/store/file-store.ts')).href
  const program = `
    const { createKeychainTokenStore } = await import(${JSON.stringify(module)})
    try {
      await createKeychainTokenStore({ dataDir: ${JSON.stringify(dataDir)}, env: {} }).write(${JSON.stringify(NAME)}, 'secret-token')
      console.log('kept')
    } catch (error) {
      console.log(error.name + ': ' + error.message)
    }`
  return spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    env: { ...process.env, ...env },
    encoding: 'utf8',
  }).stdout.trim()
}

const onlyLinux = { skip: process.platform === 'linux' ? false : 'the bus is one of Linux' }

test('without a keychain it is an error that names the fix: no key is kept elsewhere instead', onlyLinux, () => {
  const dataDir = folder()
  const said = tryToKeep(ROOT, dataDir, { DBUS_SESSION_BUS_ADDRESS: `unix:path=${join(dataDir, 'no-bus')}` })
  assert.match(said, /^ConfigError: tokenStore "keychain": .*Secret Service.*or use "file"\.$/)
  assert.deepEqual(readdirSync(dataDir), ['client-keychain'])
  assert.deepEqual(readdirSync(join(dataDir, 'client-keychain')), [])
  rmSync(dataDir, { recursive: true })
})

test('without the package it is an error that names it', () => {
  const root = folder()
  cpSync(join(ROOT, 'src'), join(root, 'src'), { recursive: true })
  cpSync(join(ROOT, 'package.json'), join(root, 'package.json'))
  mkdirSync(join(root, 'node_modules'))
  for (const name of ['zod', 're2js', 'undici', 'ws', 'jose'])
    symlinkSync(join(ROOT, 'node_modules', name), join(root, 'node_modules', name), 'junction')
  const said = tryToKeep(root, join(root, 'data'), {})
  assert.match(said, /^ConfigError: tokenStore "keychain" needs a package.*npm install @napi-rs\/keyring, or use "file"\.$/)
  assert.ok(!readdirSync(root).includes('data'))
  rmSync(root, { recursive: true })
})
