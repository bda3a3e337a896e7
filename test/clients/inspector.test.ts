// MCP Inspector CLI 2.12 against both shapes of server: with a key in either header, and through an OAuth sign-in that nobody attends.

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { bin, type Finished, findFreePort, mcp, run } from '../support/index.ts'
import { createPerson } from './person.ts'
import { type Target, type ToolCall, targets } from './targets.ts'

interface Listed {
  readonly result: { readonly tools: readonly { readonly name: string }[] }
}

for (const [what, open] of Object.entries(targets))
  suite(what, () => {
    let target: Target
    before(async () => {
      target = await open()
    })
    after(() => target[Symbol.asyncDispose]())

    const inspector = (args: readonly string[], env: Record<string, string> = {}): Promise<Finished> =>
      run(bin('mcp-inspector'), ['--cli', target.url, '--transport', 'http', '--format', 'json', ...args], { env, timeoutMs: 45_000 })
    const call = ({ name, arguments: args }: ToolCall): string[] => [
      '--method',
      'tools/call',
      '--tool-name',
      name,
      '--tool-args-json',
      JSON.stringify(args),
    ]
    const names = (stdout: string): string[] => (JSON.parse(stdout) as Listed).result.tools.map((tool) => tool.name)

    /** Calls, gets and reads, with flags that say who is calling. */
    async function uses(flags: readonly string[], env?: Record<string, string>): Promise<void> {
      const { read, prompt, uri, text } = target
      const called = await inspector([...flags, ...call(read)], env)
      assert.equal(called.code, 0, called.stderr)
      assert.ok(called.stdout.includes(text))
      if (prompt) {
        const args = Object.entries(prompt.arguments).map(([name, value]) => `${name}=${value}`)
        const got = await inspector([...flags, '--method', 'prompts/get', '--prompt-name', prompt.name, '--prompt-args', ...args], env)
        assert.equal(got.code, 0, got.stderr)
        assert.ok(got.stdout.includes(prompt.says), got.stdout)
      }
      if (uri) {
        const got = await inspector([...flags, '--method', 'resources/read', '--uri', uri], env)
        assert.equal(got.code, 0, got.stderr)
        assert.ok(got.stdout.includes(text))
      }
    }

    for (const [header, era] of [
      ['Authorization: Bearer', 'modern'],
      ['X-API-Key:', 'legacy'],
    ] as const) {
      test(`a key in ${header.split(':')[0]} lists and uses what it may in the ${era} era, and nothing else`, async () => {
        const key = await target.key(['tools:read', 'prompts:read', 'resources:read'])
        const credential = ['-q', '--protocol-era', era, '--header', `${header} ${key}`]

        const listed = await inspector([...credential, '--method', 'tools/list'])
        assert.equal(listed.code, 0, listed.stderr)
        assert.ok(names(listed.stdout).includes(target.read.name))
        assert.ok(!names(listed.stdout).includes(target.write.name))
        await uses(credential)

        // Inspector looks the tool up in its list first, and does not find it there.
        const missing = await inspector([...credential, ...call(target.write)])
        assert.notEqual(missing.code, 0)
        assert.match(missing.stderr, new RegExp(`${target.write.name}.* not found`))
        // A client that calls it all the same is told what would allow it.
        for (const version of ['2026-07-28', '2025-11-25'] as const) {
          const refused = await mcp(target.url, { key, version }).call(target.write.name, target.write.arguments)
          assert.equal(refused.status, 200)
          assert.equal(refused.result.isError, true)
          assert.match(refused.result.content[0].text, /tools:execute/)
        }
        assert.equal(await target.wasWritten(), false)
      })
    }

    test('signs in by OAuth, uses what there is, and comes back later without the browser', async () => {
      await using ana = await createPerson(target, 'ana')
      const env = { ...ana.env, MCP_AUTO_OPEN_ENABLED: 'true', MCP_INSPECTOR_SECRET_STORE: 'file' }
      const callback = ['--callback-url', `http://127.0.0.1:${await findFreePort()}/oauth/callback`]

      const listed = await inspector([...callback, '--method', 'tools/list'], env)
      assert.equal(listed.code, 0, `${listed.stderr}\n${await ana.visits()}`)
      assert.ok(listed.stdout.includes(target.read.name))
      assert.match(await ana.visits(), /returned to .*: 200/)

      await uses([...callback, '--stored-auth-only', '-q'], env)
      assert.equal((await ana.visits()).match(/^opened/gm)?.length, 1, 'the stored token was used')
    })
  })
