/** docs/client-trust.md: its program does what it says, and its tables name every option and every finding. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { reasons } from '../../src/trust/finding-rules.ts'
import { ROOT } from '../support/paths.ts'
import { runSnippet, type Snippet, snippetsIn } from '../support/snippets.ts'

const text = readFileSync(join(ROOT, 'docs', 'client-trust.md'), 'utf8')
const rowsOf = (heading: string): string[] => {
  const section = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? ''
  return [...section.matchAll(/^\| (`.+?`) \| /gm)].flatMap(([, cell = '']) => [...cell.matchAll(/`(\w+)`/g)].map(([, name = '']) => name))
}

test('the program of docs/client-trust.md asks before it calls', async () => {
  const snippets = await snippetsIn('docs/client-trust.md')
  assert.equal(snippets.length, 1)
  await using ran = await runSnippet(snippets[0] as Snippet)
  const { url } = await ran.server.listen()
  const write = ran.exports['write'] as (url: string, key: string, ask: (question: string) => Promise<boolean>) => Promise<string>
  const asked: string[] = []
  const say = (answer: boolean) => async (question: string) => asked.push(question) > 0 && answer
  assert.equal(await write(url, await ran.key(), say(true)), 'Sent to Ana.')
  assert.deepEqual(asked, [`${new URL(url).host}: send {"to":"Ana"} (it says that it only reads)`])
  await assert.rejects(write(url, await ran.key(), say(false)), { name: 'TrustError', code: 'call_declined' })
})

test('docs/client-trust.md has every option and every finding', () => {
  const body =
    /^export interface TrustOptions {\n([\s\S]*?)^}/m.exec(readFileSync(join(ROOT, 'src/client/trusted/reports.ts'), 'utf8'))?.[1] ?? ''
  const options = [...body.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, name]) => name)
  assert.deepEqual(
    rowsOf('Options').filter((name) => name !== 'trust'),
    options,
  )
  assert.deepEqual(rowsOf('Findings'), Object.keys(reasons))
})
