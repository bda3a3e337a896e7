/** docs/client-sign-in.md: its program signs people in, and its table has every option of a person's sign-in. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { startWorld } from '../fixtures/sign-in-world.ts'
import { REDIRECT_URI } from '../support/client.ts'
import { createTempDir, ROOT } from '../support/paths.ts'
import { runSnippet, type Snippet, snippetsIn } from '../support/snippets.ts'

const FILE = 'docs/client-sign-in.md'
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8')

test('the program of docs/client-sign-in.md signs people in', async () => {
  const snippets = await snippetsIn(FILE)
  await using ran = await runSnippet(snippets[0] as Snippet)
  const { atThisMachine, wheneverNeeded } = ran.exports as Record<string, (...given: unknown[]) => Promise<unknown>>
  await using world = await startWorld()
  await using dir = await createTempDir('page')
  for (let start = 0; start < 2; start++)
    assert.deepEqual(await atThisMachine?.(world.serverUrl, dir.path, async (url: string) => void (await fetch(url))), ['echo'])
  assert.equal(world.to('/authorize').length, 1, 'the second start finds the sign-in')
  assert.deepEqual(await wheneverNeeded?.(world.serverUrl, REDIRECT_URI, (url: string) => world.visit(url)), ['echo'])
})

test('docs/client-sign-in.md has every option of a person’s sign-in, and no other', () => {
  const body = /^export interface OAuth2Options {\n([\s\S]*?)^}/m.exec(read('src/client/sign-in/auth-options.ts'))?.[1] ?? ''
  const members = [...body.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, name = '']) => name).filter((name) => name !== 'type')
  const table = read(FILE).split('## A person\n')[1]?.split('\n\n')[0] ?? ''
  const cells = [...table.matchAll(/^\| (`[^|]+`) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`(\w+)`/g)].map(([, name = '']) => name),
  )
  assert.deepEqual(cells.toSorted(), members.toSorted())
})
