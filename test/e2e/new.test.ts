/** `sallyport new` from a checkout, which no registry has: the server that it writes takes this checkout, and the real npm installs it. */

import assert from 'node:assert/strict'
import { cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { createTempDir, ROOT, run } from '../support/index.ts'

test('a server that is written from a checkout depends on it, and says how it is built first', async () => {
  await using temp = await createTempDir('new')
  // A checkout that nothing was built in.
  const checkout = join(temp.path, 'checkout')
  for (const part of ['bin', 'src', 'templates', 'package.json']) cpSync(join(ROOT, part), join(checkout, part), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(checkout, 'node_modules'))
  const beside = join(temp.path, 'beside')
  mkdirSync(beside)
  const made = (cwd: string) => run(process.execPath, [join(checkout, 'bin/sallyport.js'), 'new', 'dice'], { cwd, env: { NO_COLOR: '1' } })
  const dependency = (cwd: string): string => JSON.parse(readFileSync(join(cwd, 'dice/package.json'), 'utf8')).dependencies.sallyport

  const inside = await made(checkout)
  assert.equal(inside.code, 0, inside.stderr)
  assert.equal(dependency(checkout), 'file:..')
  assert.match(inside.stdout, /^Next: {2}npm --prefix '\.' run build && cd dice && npm install && npm test && npm start$/m)

  const outside = await made(beside)
  assert.equal(dependency(beside), 'file:../../checkout')
  assert.match(outside.stdout, /^Next: {2}npm --prefix '\.\.\/checkout' run build && cd dice && /m)

  // Once it is built, there is nothing to say.
  mkdirSync(join(checkout, 'dist'))
  cpSync(join(ROOT, 'package.json'), join(checkout, 'dist/index.js'))
  const again = await run(process.execPath, [join(checkout, 'bin/sallyport.js'), 'new', 'more'], { cwd: beside, env: { NO_COLOR: '1' } })
  assert.match(again.stdout, /^Next: {2}cd more && npm install/m)
})
