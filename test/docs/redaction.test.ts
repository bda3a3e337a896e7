/** The program in docs/redaction.md does what is said of it, and so does the command; the page names what there is. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { PERSONAL_ACTIONS, PERSONAL_KINDS } from '../../src/core/index.ts'
import { patterns } from '../../src/core/redact/patterns/index.ts'
import { run } from '../support/child.ts'
import { ROOT } from '../support/paths.ts'
import { runSnippet, snippetsIn } from '../support/snippets.ts'

const page = readFileSync(join(ROOT, 'docs/redaction.md'), 'utf8')

test('the tool of docs/redaction.md answers without personal data, each kind as it is said', async () => {
  const [program = assert.fail('no program')] = await snippetsIn('docs/redaction.md')
  await using ran = await runSnippet(program)
  const client = await ran.connect()
  const { content } = await client.callTool('read_order', {})
  assert.match(JSON.stringify(content), /tok_email_[a-z2-7]{26} paid with \[redacted:card\], call "/)
  await client.close()
})

test('the command of docs/redaction.md prints what the page shows', async () => {
  const [, input = '', output = ''] = /\$ echo '(.*)' \| sallyport redact\n(.*)\n/.exec(page) ?? []
  const { code, stdout } = await run(process.execPath, [join(ROOT, 'bin/sallyport.js'), 'redact'], { input: `${input}\n` })
  assert.deepEqual([code, stdout], [0, `${output}\n`])
})

test('docs/redaction.md names every kind and action, and about as many kinds of secrets as there are', () => {
  for (const word of [...PERSONAL_KINDS, ...PERSONAL_ACTIONS]) assert.ok(page.includes(`\`${word}\``), word)
  const count = new Set(patterns.map(({ id }) => id)).size
  assert.ok(Math.abs(count - 210) <= 8, String(count))
})
