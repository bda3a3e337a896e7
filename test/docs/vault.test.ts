/** docs/vault.md: its variables and numbers are the code's, and its errors are those that there are. */

import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { createProgram } from '../../src/cli/program.ts'
import { SOURCES } from '../../src/vault/master-keys.ts'
import { ROOT } from '../support/paths.ts'

const text = readFileSync(join(ROOT, 'docs/vault.md'), 'utf8')
const source = globSync('src/vault/*.ts', { cwd: ROOT })
  .map((file) => readFileSync(join(ROOT, file), 'utf8'))
  .join('\n')

test('docs/vault.md names every place that a master key comes from, and every option of its rotation', () => {
  const named = [...text.matchAll(/^\| `(SALLYPORT_\w+)` \|/gm)].map(([, name]) => name)
  assert.deepEqual(named, [...SOURCES, 'SALLYPORT_KMS'])
  const keys = createProgram([]).commands.find((command) => command.name() === 'keys')?.commands ?? []
  for (const [, command] of text.matchAll(/sallyport keys (\w+)/g)) assert.ok(keys.some((each) => each.name() === command))
  assert.ok(text.includes('--new-passphrase-file'))
})

test('docs/vault.md has the numbers of the code', () => {
  assert.match(source, /MIN_CHARACTERS = 16/)
  assert.match(source, /COST = \{ memory: 65_536, passes: 3 \}/)
})

test('every error that it explains is one', () => {
  const table = text.slice(text.indexOf('| the error says |'))
  const errors = [...table.matchAll(/^\| \*(.+?)\* \|/gm)].map(([, error]) => error as string)
  assert.equal(errors.length, 8)
  for (const error of errors) {
    const words = error.replace('ID', '${keyId}').replace(/^(master\.key|sallyport-keys\.db): /, '')
    assert.ok(source.includes(words), error)
  }
})
