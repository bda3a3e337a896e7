/** docs/keys.md: its commands and options are those that there are, and its numbers and its pattern the code's. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { createProgram } from '../../src/cli/program.ts'
import { API_KEY_PATTERN } from '../../src/oauth/index.ts'
import { ROOT } from '../support/paths.ts'

const text = readFileSync(join(ROOT, 'docs/keys.md'), 'utf8')
const commandsOf = (name: string) => createProgram([]).commands.find((command) => command.name() === name)?.commands ?? []

test('docs/keys.md names every command about keys and every option of a new one, and no other', () => {
  for (const group of ['key', 'keys']) {
    const named = [...text.matchAll(new RegExp(`sallyport ${group} (\\w+)`, 'g'))].map(([, name]) => name as string)
    const commands = commandsOf(group)
    assert.deepEqual([...new Set(named)].toSorted(), commands.map((command) => command.name()).toSorted(), group)
  }
  const create = commandsOf('key').find((command) => command.name() === 'create')
  const options = create?.options.map(({ long }) => long).filter((long) => !['--json', '--data-dir', '--name'].includes(long ?? ''))
  const documented = [...text.matchAll(/^\| `(--\w+)` \|/gm)].map(([, name]) => name)
  assert.deepEqual(documented, options)
})

test('docs/keys.md has the pattern and the times of the code', () => {
  assert.ok(text.includes(`\n${API_KEY_PATTERN}\n`))
  const source = (file: string) => readFileSync(join(ROOT, 'src/oauth', file), 'utf8')
  assert.match(source('signing-key-times.ts'), /PUBLISH_AHEAD_MS: number = 15 \* MINUTE_MS/)
  assert.match(source('signing-key-times.ts'), /VERIFIES_FOR_MS = 25 \* 60 \* MINUTE_MS/)
  assert.match(source('signing-keys.ts'), /maxAgeDays = 90/)
  assert.match(text, /15 minutes {2}90 days {9}25 hours/)
  assert.match(source('api-keys.ts'), /expiresInDays = 90/)
})
