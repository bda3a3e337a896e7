// What `sallyport guard` loads before it listens. Whatever only some configurations or some requests need is loaded by those: each of
// these takes from 10 to 250 ms and some megabytes.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { ROOT, run } from '../support/index.ts'

const file = (path: string): string => pathToFileURL(join(ROOT, path)).href
const list = (names: readonly string[]): string => `
  import { registerHooks } from 'node:module'
  const loaded = new Set()
  registerHooks({ resolve(name, context, next) { const found = next(name, context); loaded.add(found.url); return found } })
  for (const name of ${JSON.stringify(names)}) await import(name)
  for (const name of process.moduleLoadList) loaded.add(name.replace('NativeModule ', 'own:'))
  console.log(JSON.stringify([...loaded]))`

async function loadedWith(...names: readonly string[]): Promise<ReadonlySet<string>> {
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', list(names)])
  const loaded: readonly string[] = JSON.parse(stdout)
  return new Set(loaded.map((url) => /\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? /\/src\/(client)\//.exec(url)?.[1] ?? url))
}
const later = [
  'client',
  'undici',
  'own:internal/deps/undici/undici',
  'yaml',
  'oidc-provider',
  'jose',
  'ws',
  'ajv',
  '@marcbachmann/cel-js',
  '@simplewebauthn/server',
  'openid-client',
  'qr',
]

test('the guard loads what only some need when they need it', async () => {
  const loaded = await loadedWith(file('src/cli/commands/guard.ts'))
  // It was loaded at all.
  assert.ok(loaded.has('zod'))
  assert.deepEqual(
    later.filter((name) => loaded.has(name)),
    [],
  )
})

test('each of them would be seen', async () => {
  const loaded = await loadedWith('node:http', file('src/client/index.ts'), ...later.filter((name) => !/^own:|^client$/.test(name)))
  assert.deepEqual(
    later.filter((name) => !loaded.has(name)),
    [],
  )
})
