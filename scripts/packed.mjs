/**
 * Proves that what would be published works: builds and packs into a temporary folder, installs the tarball in an empty one with the versions of
 * our lock file, and there starts a guard in front of a real server. Checks the size, and that nothing private or
 * executable at install time is inside. Prints what it found; any doubt ends in exit code 1.
 */

import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const temp = mkdtempSync(join(tmpdir(), 'sallyport-packed-'))
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const quiet = ['--loglevel=error', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--workspaces=false']
const shell = process.platform === 'win32'

function sh(command, args, cwd) {
  try {
    return execFileSync(command, args, { cwd, encoding: 'utf8', shell, stdio: ['ignore', 'pipe', 'inherit'] })
  } catch (error) {
    // A compiler says on stdout what is wrong.
    throw new Error(`${command} ${args[0]} failed:\n${error.stdout}`, { cause: error.code })
  }
}

try {
  const tarball = pack()
  const folder = install(tarball)
  await start(folder)
  newServer(folder)
} finally {
  rmSync(temp, { recursive: true, force: true })
}

function pack() {
  const stage = join(temp, 'stage')
  mkdirSync(stage)
  // Built apart from dist/, which may hold files whose source is gone.
  const flags = [
    '--outDir',
    join(stage, 'dist'),
    '--composite',
    'false',
    '--incremental',
    'false',
    '--declaration',
    'true',
    '--sourceMap',
    'false',
  ]
  sh(join(root, 'node_modules/.bin/tsc'), ['-p', 'tsconfig.json', '--tsBuildInfoFile', 'null', ...flags], root)
  for (const name of ['package.json', ...manifest.files.filter((name) => !name.startsWith('!') && name !== 'dist')]) {
    assert.ok(existsSync(join(root, name)), `package.json lists ${name}, which is not there`)
    cpSync(join(root, name), join(stage, name), { recursive: true })
  }
  const [packed] = Object.values(JSON.parse(sh('npm', ['pack', '--json', '--pack-destination', temp, ...quiet], stage)))
  const files = packed.files.map(({ path }) => path)
  const unexpected = files.filter(
    (path) => !/^(bin|dist|templates)\/|^(package\.json|schema\.json|README\.md|LICENSE|SECURITY\.md)$/.test(path),
  )
  assert.deepEqual(unexpected, [], 'only what package.json lists')
  assert.deepEqual(
    files.filter((path) => /\.(node|tsbuildinfo)$|(^|\/)test\//.test(path)),
    [],
    'no native module, no test, no build state',
  )
  assert.deepEqual(
    Object.keys(manifest.scripts).filter((name) => /install|prepare/.test(name)),
    [],
    'no install scripts',
  )
  for (const target of targets(manifest.exports)) assert.ok(files.includes(target.slice(2)), `exports names ${target}, which is not packed`)
  assert.ok(packed.size < 5_000_000, `${packed.size} bytes are more than 5 MB`)
  console.log(`${packed.filename}: ${files.length} files, ${Math.round(packed.size / 1000)} kB`)
  return join(temp, packed.filename)
}

function install(tarball) {
  const folder = join(temp, 'empty')
  mkdirSync(folder)
  const own = { name: 'empty', version: '1.0.0', private: true, dependencies: { sallyport: `file:${tarball}` } }
  writeFileSync(join(folder, 'package.json'), JSON.stringify(own))
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(lockFor(own, tarball)))
  sh('npm', ['install', '--engine-strict', ...quiet], folder)
  const native = sh('find', ['node_modules', '-name', '*.node'], folder).trim()
  assert.equal(native, '', 'no dependency brings a native module')
  assert.equal(sh(command(folder), ['--version'], folder).trim(), manifest.version)
  console.log(`installed in an empty folder on Node ${process.versions.node}`)
  return folder
}

/** Our lock file, cut down to what the package needs: the same versions and hashes, and no question to a registry. */
function lockFor(own, tarball) {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  const { name, version, dependencies, bin, engines, license } = manifest
  const kept = { '': own, 'node_modules/sallyport': { name, version, resolved: `file:${tarball}`, license, dependencies, bin, engines } }
  const visit = (from, names) => {
    for (const dependency of Object.keys(names ?? {})) {
      let place = from
      while (place && !packages[`${place}/node_modules/${dependency}`])
        place = place.slice(0, Math.max(0, place.lastIndexOf('/node_modules/')))
      const path = place ? `${place}/node_modules/${dependency}` : `node_modules/${dependency}`
      if (!packages[path] || kept[path]) continue
      kept[path] = packages[path]
      visit(path, packages[path].dependencies)
    }
  }
  visit('', dependencies)
  return { name: own.name, version: own.version, lockfileVersion: 3, requires: true, packages: kept }
}

async function start(folder) {
  const server = join(root, 'node_modules/@modelcontextprotocol/server-filesystem/dist/index.js')
  const dataDir = join(folder, 'data')
  const began = Date.now()
  const guard = spawn(
    command(folder),
    ['guard', '--port', '0', '--ready-json', '--data-dir', dataDir, '--allow-read', folder, '--', process.execPath, server, folder],
    { cwd: folder, shell, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let said = ''
  guard.stderr.on('data', (bytes) => {
    said += bytes
  })
  const gone = new Promise((resolve) => guard.once('exit', (code) => resolve(code)))
  const timer = setTimeout(() => guard.kill('SIGKILL'), 30_000)
  try {
    const line = await Promise.race([
      new Promise((resolve) => createInterface({ input: guard.stdout }).once('line', resolve)),
      gone.then((code) => assert.fail(`guard ended with ${code} before it was ready:\n${said}`)),
    ])
    const { url } = JSON.parse(line)
    console.log(`accepts requests after ${Date.now() - began} ms`)
    assert.equal((await fetch(url)).status, 401, 'no answer without a credential')
    const created = sh(
      command(folder),
      ['key', 'create', '--name', 'packed', '--scope', 'tools:execute', '--data-dir', dataDir, '--json'],
      folder,
    )
    const headers = {
      authorization: `Bearer ${JSON.parse(created).key}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/list',
    }
    const _meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': { name: 'packed', version: '1' },
      'io.modelcontextprotocol/clientCapabilities': {},
    }
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta } })
    const answer = await (await fetch(url, { method: 'POST', headers, body })).json()
    assert.ok(answer.result?.tools?.length > 0, `tools/list was answered with ${JSON.stringify(answer).slice(0, 300)}`)
    console.log(`lists ${answer.result.tools.length} tools`)
    guard.kill('SIGTERM')
    assert.equal(await gone, 0, 'ends in peace when asked to')
    assert.ok(statSync(dataDir).isDirectory())
  } finally {
    clearTimeout(timer)
    guard.kill('SIGKILL')
  }
}

/** What `sallyport new` writes compiles against the packed types, and its own tests pass. */
function newServer(folder) {
  sh(command(folder), ['new', 'my-notes'], folder)
  const made = join(folder, 'my-notes')
  // Its own npm install would bring these; here they come from our lock file.
  const types = ['--typeRoots', join(root, 'node_modules', '@types')]
  sh(join(root, 'node_modules', '.bin', 'tsc'), ['-p', made, ...types], made)
  sh('npm', ['test'], made)
  console.log('a new server compiles, and its tests pass')
}

function command(folder) {
  return join(folder, 'node_modules', '.bin', shell ? 'sallyport.cmd' : 'sallyport')
}

function targets(exports) {
  return Object.values(exports).flatMap((value) => (typeof value === 'string' ? [value] : targets(value)))
}
