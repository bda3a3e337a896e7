/** The program in docs/context.md runs, and does what is said of it. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runSnippet, snippetsIn } from '../support/snippets.ts'

test('the catalogue of docs/context.md is cut, and the whole can be found', async () => {
  const [program = assert.fail('no program'), ...others] = await snippetsIn('docs/context.md')
  assert.equal(others.length, 0)
  await using ran = await runSnippet(program)
  const client = await ran.connect()
  const tools = await Array.fromAsync(client.listTools())
  assert.deepEqual(
    tools.map(({ name }) => name),
    ['find_tools', 'add_note', 'search_notes'],
  )
  const cut = tools.at(-1)?.description ?? ''
  assert.ok(cut.length <= 400 && cut.endsWith('notes.…'), cut)
  const found = JSON.stringify(await client.callTool('find_tools', { query: 'search' }))
  assert.ok(found.includes('Searches notes. '.repeat(40)))
  await client.close()
})
