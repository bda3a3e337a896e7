/** docs/references.md: its programs do what it says. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { parse } from 'yaml'
import { configSchema } from '../../src/gateway/config/schema.ts'
import { createTempDir, ROOT } from '../support/paths.ts'
import { runSnippet, type Snippet, snippetsIn } from '../support/snippets.ts'

const FILE = 'docs/references.md'

test('in the programs of docs/references.md what is referred to reaches the tool', async () => {
  const snippets = await snippetsIn(FILE)
  assert.equal(snippets.length, 2)
  await using ran = await runSnippet(snippets[0] as Snippet)
  const client = await ran.connect(['tools:execute', 'resources:read'])
  const analyze = async (documentId: string) => (await client.callTool('analyze_document', { documentId })).structuredContent
  assert.deepEqual(await analyze('doc-123'), { words: 5 })
  assert.equal(await analyze('../../etc'), undefined)
  const { uri } = await client.putResource(Buffer.alloc(1_000_001), { mimeType: 'text/plain' })
  assert.equal(await analyze(uri), undefined, 'a rule sees how large it is')
  assert.deepEqual((await client.callTool('measure', { file: uri })).structuredContent, { bytes: 1_000_001, type: 'text/plain' })

  await using folder = await createTempDir('references')
  const file = join(folder.path, 'client.ts')
  await writeFile(file, (snippets[1] as Snippet).program.replace("'sallyport'", `'${pathToFileURL(join(ROOT, 'src', 'index.ts')).href}'`))
  const { measure } = (await import(pathToFileURL(file).href)) as { measure(...given: unknown[]): Promise<unknown> }
  const measured = await measure(ran.server.url, await ran.key(), new Blob(['four'], { type: 'text/csv' }))
  assert.deepEqual(measured, { bytes: 4, type: 'text/csv' })
})

test('the configuration of docs/references.md is one', () => {
  const [, yaml] = /^```yaml\n([^]*?)^```$/m.exec(readFileSync(join(ROOT, FILE), 'utf8')) ?? []
  assert.deepEqual(configSchema.safeParse(parse(yaml as string)).error, undefined)
})
