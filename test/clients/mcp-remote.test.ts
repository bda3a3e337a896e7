// mcp-remote 0.15 against a guarded server: its one-shot client signs in by OAuth, then its stdio proxy, which is what a host starts,
// carries a tool call with the token that was stored.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { bin, findFreePort, run, withBin } from '../support/index.ts'
import { type Files, guardFiles } from './files.ts'
import { createPerson } from './person.ts'

let files: Files
before(async () => {
  files = await guardFiles()
})
after(() => files[Symbol.asyncDispose]())

const READ = (path: string) => ({ name: 'read_text_file', arguments: { path } })

async function connect(args: readonly string[], env: Record<string, string>): Promise<Client> {
  const client = new Client({ name: 'host', version: '1.0.0' })
  const merged = Object.fromEntries(Object.entries(withBin(env)).filter((entry): entry is [string, string] => entry[1] !== undefined))
  const transport = new StdioClientTransport({
    command: bin('mcp-remote'),
    args: [files.guard.url, '--transport', 'http-only', ...args],
    env: merged,
    stderr: 'ignore',
  })
  await client.connect(transport)
  return client
}

test('signs in by OAuth once, and the stdio proxy calls a tool with what was stored', async () => {
  await using ben = await createPerson(files.guard, 'ben')
  const env = { ...ben.env, MCP_REMOTE_CONFIG_DIR: join(ben.env['HOME'] ?? '', 'mcp-auth') }
  const port = String(await findFreePort())

  const once = await run(bin('mcp-remote-client'), [files.guard.url, port, '--transport', 'http-only'], {
    env,
    input: null,
    timeoutMs: 45_000,
  })
  assert.equal(once.code, 0, `${once.stderr}\n${await ben.visits()}`)
  assert.match(once.stderr, /"name": "read_text_file"/)
  assert.match(await ben.visits(), /returned to .*: 200/)

  const client = await connect([port], env)
  try {
    const result = await client.callTool(READ(files.note))
    assert.match(JSON.stringify(result.content), new RegExp(files.text))
  } finally {
    await client.close()
  }
  assert.equal((await ben.visits()).match(/^opened/gm)?.length, 1, 'the stored token was used')
})

test('carries an API key from the environment', async () => {
  const key = await files.guard.key(['tools:read'])
  await using nobody = await createPerson(files.guard, 'cyd')
  const env = { ...nobody.env, AUTH_HEADER: `Bearer ${key}`, MCP_REMOTE_CONFIG_DIR: join(nobody.env['HOME'] ?? '', 'mcp-auth') }
  // mcp-remote fills it in itself.
  const client = await connect(['--header', 'Authorization:${AUTH_HEADER}'], env)
  try {
    const { tools } = await client.listTools()
    assert.ok(!tools.some((tool) => tool.name === 'write_file'))
    assert.match(JSON.stringify((await client.callTool(READ(files.note))).content), new RegExp(files.text))
  } finally {
    await client.close()
  }
  assert.equal(await nobody.visits(), '', 'a key needs no browser')
})
