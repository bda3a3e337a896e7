/** docs/retention.md: its program runs and its file loads, and its commands and options are those that there are. */

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { createProgram } from '../../src/cli/program.ts'
import { loadConfig } from '../../src/gateway/index.ts'
import { toRetention } from '../../src/retention/index.ts'
import { createTempDir, ROOT } from '../support/paths.ts'
import { runSnippet, snippetsIn } from '../support/snippets.ts'

const text = readFileSync(join(ROOT, 'docs/retention.md'), 'utf8')

test('the program of docs/retention.md runs, and its file says the same', async () => {
  const snippets = await snippetsIn('docs/retention.md')
  for (const snippet of snippets) await (await runSnippet(snippet))[Symbol.asyncDispose]()
  await using folder = await createTempDir('retention')
  const [, yaml = ''] = /^```yaml\n([\s\S]*?)^```$/m.exec(text) ?? []
  writeFileSync(join(folder.path, 'sallyport.yaml'), yaml)
  const { retention, audit, servers } = loadConfig({ cwd: folder.path, env: {} })
  assert.deepEqual(toRetention(retention), { auditRecordsMs: 180 * 86_400_000, auditArgumentsMs: 7 * 86_400_000 })
  assert.deepEqual([audit.arguments, servers[0]?.audit?.[0]?.keepsArguments], ['sealed', false])
})

test('docs/retention.md names every command about data and every option of forgetting', () => {
  const data = createProgram([]).commands.find((command) => command.name() === 'data')
  const named = new Set([...text.matchAll(/sallyport data (\w+)/g)].map(([, name]) => name))
  assert.deepEqual([...named].toSorted(), data?.commands.map((command) => command.name()).toSorted())
  const forget = data?.commands.find((command) => command.name() === 'forget')
  for (const { long } of forget?.options ?? [])
    if (!['--json', '--data-dir'].includes(long ?? '')) assert.ok(text.includes(`\`${long}`), long)
})
