/**
 * The set-up behind `npm start` and `npm test`, on a small repository of the same shape, with the real npm and no network: its
 * workspaces have no dependencies. A registry that cannot be reached is a closed port of this machine.
 */

import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { suite, test } from 'node:test'
import { createTempDir, ROOT, type RunOptions, run } from '../support/index.ts'

const workspaces = ['runtime', 'examples/notes', 'test/servers', 'test/clients', 'test/conformance', 'bench']
const program = `
  const { [process.argv[3] ?? 'setUp']: setUp } = await import(${JSON.stringify(new URL('../../scripts/set-up.mjs', import.meta.url).href)})
  try { await setUp(process.argv[1], process.argv[2]) } catch (error) { console.error('error: ' + error.message); process.exit(1) }`

function write(folder: string, file: string, value: unknown): void {
  const path = join(folder, file)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value))
}

function repository(folder: string, dependencies: Record<string, string> = {}): void {
  write(folder, 'package.json', { name: 'small', version: '1.0.0', private: true, workspaces, dependencies })
  write(folder, '.npmrc', 'ignore-scripts=true\n')
  const packages: Record<string, unknown> = { '': { name: 'small', version: '1.0.0', workspaces, dependencies } }
  for (const workspace of workspaces) {
    const name = `@small/${workspace.replace('/', '-')}`
    write(folder, `${workspace}/package.json`, { name, version: '0.0.0', private: true })
    packages[`node_modules/${name}`] = { resolved: workspace, link: true }
    packages[workspace] = { name, version: '0.0.0' }
  }
  for (const [name, version] of Object.entries(dependencies)) packages[`node_modules/${name}`] = { version, integrity: 'sha512-AAAA' }
  write(folder, 'package-lock.json', { name: 'small', version: '1.0.0', lockfileVersion: 3, requires: true, packages })
}

const setUp = (folder: string, set: string, env: RunOptions['env'] = {}, how = 'setUp') =>
  run(process.execPath, ['--input-type=module', '-e', program, folder, set, how], {
    cwd: folder,
    env: { npm_config_cache: join(folder, '.npm'), npm_config_registry: 'http://127.0.0.1:9', npm_config_fetch_retries: '0', ...env },
  })
const stampOf = (folder: string) => JSON.parse(readFileSync(join(folder, 'node_modules/.sallyport-set-up.json'), 'utf8'))

test('installs once, says so, and has nothing to do the second time', async () => {
  await using temp = await createTempDir('set-up')
  repository(temp.path)
  const first = await setUp(temp.path, 'start')
  assert.equal(first.code, 0, first.stderr)
  assert.match(first.stderr, /Installing what `npm start` needs from package-lock.json .* 0 s\n/)
  assert.match(first.stderr, /Installed what `npm start` needs in \d+ s\./)
  assert.equal(first.stdout, '', 'stdout belongs to what is run')
  assert.equal(stampOf(temp.path).set, 'start')
  assert.equal(readlinkSync(join(temp.path, 'node_modules/.bin/sallyport')), '../../bin/sallyport.js')

  // An npm that cannot run proves that none is needed.
  const again = await setUp(temp.path, 'start', { PATH: '/nowhere', npm_execpath: undefined })
  assert.deepEqual({ code: again.code, stderr: again.stderr }, { code: 0, stderr: '' })
})

test('a larger set is added to, covers the smaller one, and a changed lock file is noticed', async () => {
  await using temp = await createTempDir('set-up')
  repository(temp.path)
  await setUp(temp.path, 'start')
  write(temp.path, 'node_modules/of-somebody/file', 'kept')
  assert.equal((await setUp(temp.path, 'test')).code, 0)
  assert.equal(stampOf(temp.path).set, 'test')
  const start = await setUp(temp.path, 'start', { PATH: '/nowhere', npm_execpath: undefined })
  assert.deepEqual({ code: start.code, stderr: start.stderr }, { code: 0, stderr: '' })

  write(temp.path, 'runtime/package.json', { name: '@small/runtime', version: '0.0.0', private: true, description: 'changed' })
  const changed = await setUp(temp.path, 'start')
  assert.match(changed.stderr, /Installing what `npm test` needs/, 'what was there stays there')
})

test('an install that was interrupted is redone from nothing', async () => {
  await using temp = await createTempDir('set-up')
  repository(temp.path)
  await setUp(temp.path, 'start')
  // What a killed install leaves: its marker, with the number of a process that is gone, and half of the files.
  const gone = await run(process.execPath, ['-p', 'process.pid'])
  write(temp.path, 'node_modules/.sallyport-installing', gone.stdout.trim())
  write(temp.path, 'node_modules/half/package.json', '{"name":"half"')
  const { code, stderr } = await setUp(temp.path, 'start')
  assert.equal(code, 0, stderr)
  assert.match(stderr, /interrupted: starting again from nothing/)
  assert.equal(existsSync(join(temp.path, 'node_modules/half')), false)
  assert.equal(existsSync(join(temp.path, 'node_modules/.sallyport-installing')), false)
})

test('what somebody installed by hand from the same lock file is taken as it is', async () => {
  await using temp = await createTempDir('set-up')
  repository(temp.path)
  await setUp(temp.path, 'all')
  rmSync(join(temp.path, 'node_modules/.sallyport-set-up.json'))
  const { code, stderr } = await setUp(temp.path, 'test', { PATH: '/nowhere', npm_execpath: undefined })
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  assert.equal(stampOf(temp.path).set, 'all')
})

test('without a network it says so, and the next run starts again', async () => {
  await using temp = await createTempDir('set-up')
  repository(temp.path, { 'never-published-by-anybody-here': '1.0.0' })
  const { code, stderr } = await setUp(temp.path, 'start')
  assert.equal(code, 1)
  assert.match(stderr, /error: installing failed: the package registry could not be reached: is there a network\?/)
  assert.match(stderr, /fix: connect once, then run the command again/)
  assert.match((await setUp(temp.path, 'start')).stderr, /interrupted: starting again/)
})

suite('a folder with a lock file of its own', () => {
  const manifest = (optionalDependencies: object) => ({ name: 'large', version: '0.0.0', private: true, optionalDependencies })
  function large(folder: string, dependencies: Record<string, string>, description = ''): void {
    const packages: Record<string, unknown> = { '': manifest(dependencies) }
    for (const [name, version] of Object.entries(dependencies)) {
      if (version.startsWith('file:')) {
        packages[`node_modules/${name}`] = { resolved: name, link: true }
        packages[name] = { version: '1.0.0', optional: true }
        write(folder, `large/${name}/package.json`, { name, version: '1.0.0' })
      } else packages[`node_modules/${name}`] = { version, integrity: 'sha512-AAAA', optional: true }
    }
    write(folder, 'large/package.json', manifest(dependencies))
    write(folder, 'large/package-lock.json', { ...manifest({}), lockfileVersion: 3, requires: true, description, packages })
  }
  const install = (folder: string, env: RunOptions['env'] = {}) => setUp(folder, 'large', env, 'setUpFolder')

  test('is installed once, beside the rest, and from nothing when the lock file changes', async () => {
    await using temp = await createTempDir('set-up')
    repository(temp.path)
    large(temp.path, { near: 'file:near' })
    const first = await install(temp.path)
    assert.equal(first.code, 0, first.stderr)
    assert.match(first.stderr, /Installed large, which is large, in \d+ s\./)
    assert.equal(first.stdout, '')
    const again = await install(temp.path, { PATH: '/nowhere', npm_execpath: undefined })
    assert.deepEqual({ code: again.code, stderr: again.stderr }, { code: 0, stderr: '' })
    assert.equal(existsSync(join(temp.path, 'node_modules/.sallyport-set-up.json')), false, 'the rest was left alone')
    write(temp.path, 'large/node_modules/half/package.json', '{"name":"half"')
    large(temp.path, { near: 'file:near' }, 'changed')
    assert.match((await install(temp.path)).stderr, /Installed large/)
    assert.equal(existsSync(join(temp.path, 'large/node_modules/half')), false)
  })

  test('says which package it did not get, and asks again the next time', async () => {
    await using temp = await createTempDir('set-up')
    repository(temp.path)
    large(temp.path, { 'never-published-by-anybody-here': '1.0.0' })
    for (const _ of [1, 2]) {
      const { code, stderr } = await install(temp.path)
      assert.equal(code, 0, stderr)
      assert.match(
        stderr,
        /The registry did not give never-published-by-anybody-here, or could not be reached: the next run asks again\.\n/,
      )
    }
  })
})

test('the runner reads on the oldest Node that npm 10 has, and refuses what it does not know', async () => {
  const { code, stderr } = await run(process.execPath, [join(ROOT, 'scripts/run.mjs'), 'fly'])
  assert.equal(code, 2)
  assert.match(
    stderr,
    /takes one of start, build, test, types, bench, bench:memory, conformance, conformance:client, conformance:server, servers, servers:sandboxed, soak:sign-in, eval:redaction, clients, clients:hosts, pages, docs, ci\n/,
  )
})
