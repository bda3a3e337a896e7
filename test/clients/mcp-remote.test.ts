// mcp-remote 0.15 against both shapes of server: its one-shot client signs in by OAuth, then its stdio proxy, which is what a host
// starts, uses what there is with the token that was stored.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { bin, findFreePort, run, withBin } from '../support/index.ts'
import { createPerson } from './person.ts'
import { type Target, targets } from './targets.ts'

for (const [what, open] of Object.entries(targets))
  suite(what, () => {
    let target: Target
    before(async () => {
      target = await open()
    })
    after(() => target[Symbol.asyncDispose]())

    async function connect(args: readonly string[], env: Record<string, string>): Promise<Client> {
      const client = new Client({ name: 'host', version: '1.0.0' })
      const merged = Object.fromEntries(Object.entries(withBin(env)).filter((entry): entry is [string, string] => entry[1] !== undefined))
      const transport = new StdioClientTransport({
        command: bin('mcp-remote'),
        args: [target.url, '--transport', 'http-only', ...args],
        env: merged,
        stderr: 'ignore',
      })
      await client.connect(transport)
      return client
    }
    async function uses(client: Client): Promise<void> {
      const { read, prompt, uri, text } = target
      assert.deepEqual((await client.callTool(read)).content, [{ type: 'text', text }])
      if (prompt) {
        const got = await client.getPrompt({ name: prompt.name, arguments: prompt.arguments })
        assert.ok(JSON.stringify(got).includes(prompt.says))
      }
      if (uri) assert.deepEqual((await client.readResource({ uri })).contents, [{ uri, text }])
    }

    test('signs in by OAuth once, and the stdio proxy uses what there is with what was stored', async () => {
      await using ben = await createPerson(target, 'ben')
      const env = { ...ben.env, MCP_REMOTE_CONFIG_DIR: join(ben.env['HOME'] ?? '', 'mcp-auth') }
      const port = String(await findFreePort())

      const once = await run(bin('mcp-remote-client'), [target.url, port, '--transport', 'http-only'], {
        env,
        input: null,
        timeoutMs: 45_000,
      })
      assert.equal(once.code, 0, `${once.stderr}\n${await ben.visits()}`)
      assert.ok(once.stderr.includes(`"name": "${target.read.name}"`))
      assert.match(await ben.visits(), /returned to .*: 200/)

      const client = await connect([port], env)
      try {
        await uses(client)
      } finally {
        await client.close()
      }
      assert.equal((await ben.visits()).match(/^opened/gm)?.length, 1, 'the stored token was used')
    })

    test('carries an API key from the environment', async () => {
      const key = await target.key(['tools:read', 'prompts:read', 'resources:read'])
      await using nobody = await createPerson(target, 'cyd')
      const env = { ...nobody.env, AUTH_HEADER: `Bearer ${key}`, MCP_REMOTE_CONFIG_DIR: join(nobody.env['HOME'] ?? '', 'mcp-auth') }
      // mcp-remote fills it in itself.
      const client = await connect(['--header', 'Authorization:${AUTH_HEADER}'], env)
      try {
        const { tools } = await client.listTools()
        assert.ok(!tools.some((tool) => tool.name === target.write.name))
        await uses(client)
      } finally {
        await client.close()
      }
      assert.equal(await nobody.visits(), '', 'a key needs no browser')
    })
  })
