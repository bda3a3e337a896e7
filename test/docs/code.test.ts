/** docs/code.md: its table is the schema, and its program and its code do what it says. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { configJsonSchema } from '../../src/gateway/index.ts'
import { toCodeSettings } from '../../src/server/index.ts'
import { needsBubblewrap } from '../support/bubblewrap.ts'
import { ROOT } from '../support/paths.ts'
import { runSnippet, type Snippet, snippetsIn } from '../support/snippets.ts'

const FILE = 'docs/code.md'
const text = readFileSync(join(ROOT, FILE), 'utf8')
const [, options = ''] = text.split(/^## Options$/m)
const [table = ''] = /(?:^\|.*\n)+/m.exec(options) ?? []
const rows = table
  .trim()
  .split('\n')
  .slice(2)
  .map((row) => row.slice(1, -1).split('|'))

test('the table has every key of the schema', () => {
  const keys = rows.flatMap(([names = '']) => [...names.matchAll(/`(\w+)`/g)].map(([, name]) => name))
  const { code } = (configJsonSchema() as { properties: Record<string, { properties: object }> }).properties
  assert.deepEqual(keys.toSorted(), Object.keys(code?.properties ?? {}).toSorted())
})

test('the defaults are what counts', () => {
  const { limits, name } = toCodeSettings({})
  const said = rows.map(([, , value = '']) => value.trim())
  for (const value of [
    limits.timeoutMs,
    limits.runSeconds,
    limits.memoryMb,
    `${limits.maxCalls}, ${limits.maxConcurrentCalls}`,
    limits.resultBytes,
  ])
    assert.ok(said.includes(String(value)), String(value))
  assert.ok(said.includes(`\`${name}\``))
})

test('the program runs the code that stands below it', needsBubblewrap, async () => {
  const [program] = await snippetsIn(FILE)
  const [, code] = /^```js\n([\s\S]*?)^```$/m.exec(text) ?? []
  await using ran = await runSnippet(program as Snippet)
  const client = await ran.connect()
  const { structuredContent } = await client.callTool('run_code', { code })
  assert.deepEqual(structuredContent, { result: 18, calls: 3 })
})
