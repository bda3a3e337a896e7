/** What is published, and what must not be written into any file of the repository. */

import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ROOT } from '../support/paths.ts'

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))

test('the export map is what it was: adding to it is a decision', () => {
  assert.deepEqual(manifest.exports, {
    '.': { types: './dist/index.d.ts', default: './dist/index.js' },
    './client': { types: './dist/client-entry.d.ts', default: './dist/client-entry.js' },
    './schema.json': './schema.json',
    './package.json': './package.json',
  })
  assert.deepEqual(manifest.bin, { sallyport: 'bin/sallyport.js' })
})

test('the entry exports what it did: adding to it is a decision', async () => {
  const entry = await import('../../src/index.ts')
  assert.deepEqual(Object.keys(entry).sort(), [
    'AuthorizationError',
    'ConfigError',
    'InputRequired',
    'MCPClient',
    'MCPRequestError',
    'MCPServer',
    'TokenStoreError',
    'ToolError',
    'TransportError',
    'TrustError',
    'asContent',
    'configJsonSchema',
    'createFileTokenStore',
    'createGuard',
    'createKeychainTokenStore',
    'createLog',
    'createRedactor',
    'directory',
    'elicit',
    'elicitUrl',
    'listRoots',
    'loadConfig',
    'prompt',
    'resource',
    'resourceTemplate',
    'sample',
    'tool',
    'toolsFrom',
  ])
})

test('the client has an entry of its own, whose names are the package’s, and which loads no server', async () => {
  const entry = await import('../../src/client-entry.ts')
  assert.deepEqual(Object.keys(entry).sort(), [
    'AuthorizationError',
    'ConfigError',
    'MCPClient',
    'MCPRequestError',
    'TokenStoreError',
    'TransportError',
    'TrustError',
    'createFileTokenStore',
    'createKeychainTokenStore',
  ])
  const all = (await import('../../src/index.ts')) as Record<string, unknown>
  for (const [name, value] of Object.entries(entry)) assert.equal(all[name], value)
  const text = readFileSync(join(ROOT, 'src/client-entry.ts'), 'utf8')
  assert.deepEqual(
    [...text.matchAll(/from '(.*)'/g)].map(([, from]) => from),
    ['./client/index.ts', './core/index.ts', './trust/index.ts'],
  )
})

test('nothing of ours runs when somebody installs the package', () => {
  const hooks = Object.keys(manifest.scripts).filter((name) => /install|prepare|^pre|^post/.test(name))
  assert.deepEqual(hooks, [])
})

test('the lock file brings no native module and no install script to those who install the package', () => {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'))
  const seen = new Set<string>()
  const visit = (names: object | undefined, from: string): void => {
    for (const name of Object.keys(names ?? {})) {
      const nested = `${from}/node_modules/${name}`
      const path = packages[nested] ? nested : `node_modules/${name}`
      if (seen.has(path) || !packages[path]) continue
      seen.add(path)
      assert.notEqual(packages[path].hasInstallScript, true, path)
      assert.equal(packages[path].os, undefined, `${path} is made for one platform`)
      visit(packages[path].dependencies, path)
    }
  }
  visit(manifest.dependencies, '')
  assert.ok(seen.size >= Object.keys(manifest.dependencies).length)
})

test('every dependency has an exact version', () => {
  for (const folder of ['.', ...manifest.workspaces, 'test/clients-large', 'test/hosts']) {
    const { dependencies, devDependencies, optionalDependencies } = JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8'))
    for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies }))
      assert.match(String(version), /^\d+\.\d+\.\d+(-[\w.]+)?$/, `${folder}: ${name}`)
  }
})

test('no file names a place of one machine, or a registry', () => {
  // Written in pieces, so that this file is not what it finds.
  const forbidden = [
    ['/', 'work/'],
    ['/', 'root/'],
    ['/', 'home/'],
    ['/', 'Users/'],
    ['registry', '.npmjs'],
  ].map((pieces) => pieces.join(''))
  const files = globSync(['**/*', '.*', '.ci/*'], {
    cwd: ROOT,
    exclude: (entry) => /^(node_modules|dist|\.git|\.cache|\.sallyport|artefacts)$/.test(entry),
  })
  const found: string[] = []
  for (const file of files) {
    if (!/\.(ts|mjs|js|json|jsonc|md|yaml|yml|txt|sh)$|(^|[\\/])(run|LICENSE|\.npmrc|\.gitignore)$/.test(file)) continue
    // The home that every program has in its sandbox is no place of a machine.
    const text = readFileSync(join(ROOT, file), 'utf8').replaceAll(['/', 'home/sandbox'].join(''), '')
    for (const place of forbidden) if (text.includes(place)) found.push(`${file}: ${place}`)
  }
  assert.ok(files.length > 60, 'the files were found')
  assert.deepEqual(found, [])
})
