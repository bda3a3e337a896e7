/** docs/packages.md: its configuration is one that starts, its commands are those that there are, and its question is the one that is asked. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { packageLines } from '../../src/cli/launch-questions.ts'
import { createProgram } from '../../src/cli/program.ts'
import { configSchema } from '../../src/gateway/config/schema.ts'
import { ROOT } from '../support/paths.ts'

const text = readFileSync(join(ROOT, 'docs/packages.md'), 'utf8')

test('every configuration of docs/packages.md satisfies the schema', () => {
  const blocks = [...text.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, block]) => block as string)
  assert.ok(blocks.length > 0)
  for (const block of blocks) assert.deepEqual(configSchema.safeParse(parse(block)).error?.issues, undefined, block)
})

test('docs/packages.md has every command of `sallyport pin`, and no other', () => {
  const pin = createProgram([]).commands.find((command) => command.name() === 'pin')
  const commands = pin?.commands.map((command) => command.name()) ?? []
  const named = [...text.matchAll(/^\| `sallyport pin (\w+)/gm)].map(([, name]) => name)
  assert.deepEqual(named.sort(), [...commands].sort())
})

test('docs/packages.md shows the question as it is asked', () => {
  const view = {
    package: '@modelcontextprotocol/server-filesystem@2026.8.31',
    integrity: 'sha512-…',
    dependencies: 106,
    scripts: [],
  }
  for (const line of packageLines(view, '2026-08-31T10:00:00.000Z')) assert.ok(text.includes(line), line)
})
