/** docs/results.md: its programs run, its configurations are ones that start, and its numbers are the code's. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { configSchema } from '../../src/gateway/config/schema.ts'
import { resultsSchema, toResults } from '../../src/guards/index.ts'
import { ROOT } from '../support/paths.ts'
import { runSnippet, type Snippet, snippetsIn } from '../support/snippets.ts'

const text = readFileSync(join(ROOT, 'docs/results.md'), 'utf8')
const source = (file: string): string => readFileSync(join(ROOT, 'src/guards', file), 'utf8')
const snippets = await snippetsIn('docs/results.md')

test('the first one sends a head and a link', async () => {
  await using ran = await runSnippet(snippets[0] as Snippet)
  const client = await ran.connect()
  const { content } = await client.callTool('read_log')
  assert.deepEqual(
    content.map(({ type }) => type),
    ['text', 'text', 'resource_link'],
  )
  const { uri } = content[2] as { uri: string }
  const { contents } = await client.readResource(`${uri}?offset=1699983&length=100`)
  assert.equal((contents[0] as { text: string }).text, 'one line of many\n')
  await client.close()
})

test('every configuration satisfies the schema', () => {
  const blocks = [...text.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, block]) => block as string)
  assert.equal(blocks.length, 2)
  for (const block of blocks) assert.deepEqual(configSchema.safeParse(parse(block)).error?.issues, undefined, block)
})

test('its numbers are those of the code', () => {
  const { keepSeconds, stored, storedBytes } = toResults()
  assert.deepEqual([keepSeconds, stored, storedBytes], [3_600, 256, 128 * 1024 ** 2])
  assert.match(source('results/options.ts'), /DEFAULT_RESULT_BYTES: number = 256 \* 1024/)
  assert.match(source('results/read-range.ts'), /LENGTH = 65_536[\s\S]*MAX_MATCHES = 20/)
  assert.match(source('results/stored-results.ts'), /PART_BYTES = 128 \* 1024/)
  assert.match(source('../core/work.ts'), /192 \* 1024 \* 1024/)
  assert.match(source('release/cut.ts'), /HEAD_BYTES = 8_192/)
  assert.match(source('release/size.ts'), /IMAGE_TOKENS = 1_600/)
  assert.match(source('release/slices.ts'), /OVERLAP = 24 \* 1024/)
})

test('it names every option of the block, and no other', () => {
  const shape = (resultsSchema as unknown as { readonly shape: object }).shape
  for (const name of Object.keys(shape)) assert.match(text, new RegExp(`\\b${name}\\b`), name)
})
