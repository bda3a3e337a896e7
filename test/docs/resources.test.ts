/** docs/resources.md: its program does what it says. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runSnippet, type Snippet, snippetsIn } from '../support/snippets.ts'
import type { Json } from '../support/sse.ts'

test('the program of docs/resources.md reads what it says', async () => {
  const snippets = await snippetsIn('docs/resources.md')
  assert.equal(snippets.length, 1)
  await using ran = await runSnippet(snippets[0] as Snippet, { 'notes/bread.md': 'Flour', 'notes/.draft.md': 'Not yet' })
  const client = await ran.connect(['resources:read'])
  const read = async (uri: string): Promise<string> => ((await client.readResource(uri)) as Json).contents[0].text
  assert.equal(await read('stats://visitors'), '1')
  assert.equal(await read('file:///notes/bread.md'), 'Flour')
  assert.equal(await read('weather://oslo'), 'Snow for 1 days')
  assert.equal(await read('weather://oslo?days=7'), 'Snow for 7 days')
  for (const uri of ['weather://bonn', 'weather://Oslo', 'weather://oslo?days=07', 'weather://oslo?days=8', 'file:///notes/.draft.md'])
    await assert.rejects(read(uri), { code: -32602 }, uri)
})
