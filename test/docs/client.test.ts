/** docs/client.md: its program does what it says, and its tables name every option, every method and every hook. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { startWorld } from '../fixtures/sign-in-world.ts'
import { REDIRECT_URI } from '../support/client.ts'
import { ROOT } from '../support/paths.ts'
import { runSnippet, type Snippet, snippetsIn } from '../support/snippets.ts'

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8')
const text = read('docs/client.md')
const firstCells = (heading: string): string[] => {
  const section = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? ''
  const cells = [...section.matchAll(/^\| (`[^|]+`) \|/gm)].flatMap(([, cell = '']) => [...cell.matchAll(/`([^`]*)`/g)])
  return cells.map(([, code = '']) => code)
}
const membersOf = (file: string, name: string): string[] => {
  const body = new RegExp(`^(?:export )?interface ${name} (?:extends [\\w, ]+ )?{\\n([\\s\\S]*?)^}`, 'm').exec(read(file))?.[1] ?? ''
  return [...body.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, member = '']) => member)
}

test('the program of docs/client.md does what it says', async () => {
  const snippets = await snippetsIn('docs/client.md')
  assert.equal(snippets.length, 1)
  await using ran = await runSnippet(snippets[0] as Snippet)
  const { url } = await ran.server.listen()
  const { withKey, withPerson } = ran.exports as Record<string, (...given: unknown[]) => Promise<unknown>>
  assert.equal(await withKey?.(url, await ran.key()), 'Booked: accept.')
  await using world = await startWorld({})
  assert.ok(Array.isArray(await withPerson?.(world.serverUrl, REDIRECT_URI, (to: string) => world.visit(to))))
  assert.ok(world.to('/token').length > 0, 'somebody has signed in')
})

test('docs/client.md has every option, every kind of auth, every method and every function that answers', () => {
  const sorted = (names: readonly string[]): string[] => [...new Set(names)].sort()
  const options = membersOf('src/client/options.ts', 'MCPClientOptions')
  assert.ok(options.length > 8)
  const plain = (cells: readonly string[]): string[] => cells.filter((cell) => /^\w+$/.test(cell))
  assert.deepEqual(sorted(plain(firstCells('Options'))), sorted(options))
  const kinds: Readonly<Record<string, readonly string[]>> = {
    'src/client/options.ts': ['ApiKeyOptions'],
    'src/client/sign-in/auth-options.ts': ['OAuth2Options'],
    'src/client/sign-in/machine-options.ts': [
      'RegisteredClient',
      'OneIssuer',
      'ClientCredentialsOptions',
      'EnterpriseOptions',
      'WorkloadOptions',
    ],
  }
  const ofAuth = Object.entries(kinds).flatMap(([file, names]) => names.flatMap((name) => membersOf(file, name)))
  const auth = firstCells('Options')
    .filter((cell) => cell.startsWith('{'))
    .join()
  assert.deepEqual(sorted(ofAuth), sorted([...auth.matchAll(/\b(\w+)(?=[:,} ])(?!')/g)].map(([, name = '']) => name)))
  const methods = [...read('src/client/client.ts').matchAll(/^ {2}(?:async )?(\w+)\(/gm)].map(([, name = '']) => name)
  const named = firstCells('Methods').map((cell) => cell.replace(/\(.*/, ''))
  assert.deepEqual(sorted(named), sorted(methods.filter((name) => name !== 'constructor')))
  const hooks = membersOf('src/client/connection/input-hooks.ts', 'InputHooks').map((name) => `onInput.${name}`)
  assert.deepEqual(sorted(firstCells('What a server asks')), sorted(hooks))
})
