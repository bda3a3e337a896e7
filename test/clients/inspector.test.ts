// MCP Inspector CLI 2.12 against a guarded server: with a key in either header, and through an OAuth sign-in that nobody attends.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { bin, type Finished, findFreePort, mcp, run } from '../support/index.ts'
import { type Files, guardFiles } from './files.ts'
import { createPerson } from './person.ts'

interface Listed {
  readonly result: { readonly tools: readonly { readonly name: string }[] }
}

let files: Files
before(async () => {
  files = await guardFiles()
})
after(() => files[Symbol.asyncDispose]())

const inspector = (args: readonly string[], env: Record<string, string> = {}): Promise<Finished> =>
  run(bin('mcp-inspector'), ['--cli', files.guard.url, '--transport', 'http', '--format', 'json', ...args], { env, timeoutMs: 45_000 })
const readNote = (): string[] => ['--method', 'tools/call', '--tool-name', 'read_text_file', '--tool-arg', `path=${files.note}`]
const names = (stdout: string): string[] => (JSON.parse(stdout) as Listed).result.tools.map((tool) => tool.name)

for (const header of ['Authorization: Bearer', 'X-API-Key:']) {
  test(`a key in ${header.split(':')[0]} lists and calls the read tools, and no others`, async () => {
    const key = await files.guard.key(['tools:read'])
    const credential = ['-q', '--header', `${header} ${key}`]

    const listed = await inspector([...credential, '--method', 'tools/list'])
    assert.equal(listed.code, 0, listed.stderr)
    assert.ok(names(listed.stdout).includes('read_text_file'))
    assert.ok(!names(listed.stdout).includes('write_file'))

    const called = await inspector([...credential, ...readNote()])
    assert.equal(called.code, 0, called.stderr)
    assert.match(called.stdout, new RegExp(files.text))

    // Inspector looks the tool up in its list first, and does not find it there.
    const write = { path: files.other, content: 'x' }
    const missing = await inspector([
      ...credential,
      '--method',
      'tools/call',
      '--tool-name',
      'write_file',
      '--tool-args-json',
      JSON.stringify(write),
    ])
    assert.notEqual(missing.code, 0)
    assert.match(missing.stderr, /write_file.* not found/)
    // A client that calls it all the same is told what would allow it.
    for (const version of ['2026-07-28', '2025-11-25'] as const) {
      const refused = await mcp(files.guard.url, { key, version }).call('write_file', write)
      assert.equal(refused.status, 200)
      assert.equal(refused.result.isError, true)
      assert.match(refused.result.content[0].text, /tools:execute/)
    }
  })
}

test('signs in by OAuth, calls a tool, and comes back later without the browser', async () => {
  await using ana = await createPerson(files.guard, 'ana')
  const env = { ...ana.env, MCP_AUTO_OPEN_ENABLED: 'true', MCP_INSPECTOR_SECRET_STORE: 'file' }
  const callback = ['--callback-url', `http://127.0.0.1:${await findFreePort()}/oauth/callback`]

  const listed = await inspector([...callback, '--method', 'tools/list'], env)
  assert.equal(listed.code, 0, `${listed.stderr}\n${await ana.visits()}`)
  assert.match(listed.stdout, /read_text_file/)
  assert.match(await ana.visits(), /returned to .*: 200/)

  const called = await inspector([...callback, '--stored-auth-only', '-q', ...readNote()], env)
  assert.equal(called.code, 0, called.stderr)
  assert.match(called.stdout, new RegExp(files.text))
  assert.equal((await ana.visits()).match(/^opened/gm)?.length, 1, 'the stored token was used')
})
