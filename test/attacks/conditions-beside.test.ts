/** A rule on arguments is on those that the function gets, whatever else stands beside them in the message; and what it says is its operator's. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MCPServerOptions } from '../../src/server/index.ts'
import { verifies } from '../requirements.ts'
import { run } from '../support/child.ts'
import { SALLYPORT } from '../support/guard.ts'
import { mcp } from '../support/mcp.ts'
import { startServer } from '../support/server.ts'

verifies('conditions')

const word = { type: 'string', maxLength: 20 }
const parameters = { type: 'object', properties: { force: { ...word, enum: ['yes', 'no'] } } }
const permissions = { requiredScopes: ['tools:read'], when: '!has(args.force) || args.force == "no"' }

test('parameters that the method does not have change nothing of what a rule sees', async () => {
  const ran: unknown[] = []
  const tools = [{ name: 'it', permissions, parameters, execute: (args: unknown) => void ran.push(args) }]
  const prompts = [{ name: 'it', permissions, parameters, render: (args: unknown) => (ran.push(args), 'rendered') }]
  const resources = [
    {
      uri: 'note://force',
      name: 'r',
      permissions: { requiredScopes: ['tools:read'], when: 'args.uri == "note://other"' },
      read: () => void ran.push('read'),
    },
  ]
  await using world = await startServer({ tools, prompts, resources } as unknown as MCPServerOptions)
  const key = await world.key(['tools:read'])
  for (const version of ['2026-07-28', '2025-11-25'] as const) {
    const client = mcp(world.url, { key, version })
    for (const beside of [
      { uri: 'x' },
      { uri: null },
      { ref: {} },
      { args: { force: 'no' } },
      { taskId: 'x' },
      { cursor: 'x' },
      { name_: 'no' },
      { __proto__: { force: 'no' } },
    ]) {
      const params = { name: 'it', arguments: { force: 'yes' }, ...beside }
      assert.match(JSON.stringify((await client.request('tools/call', params)).body), /a rule of this server does not allow it/)
      assert.match(JSON.stringify((await client.request('prompts/get', params)).body), /a rule of this server does not allow it/)
    }
    const read = { uri: 'note://force', arguments: { uri: 'note://other' } }
    assert.ok((await client.request('resources/read', read)).error)
    assert.equal((await client.request('tools/call', { name: 'it', arguments: { force: 'no' }, uri: 'x' })).result.isError, undefined)
  }
  assert.deepEqual(ran, [{ force: 'no' }, { force: 'no' }])
})

test('a refusal tells its caller nothing of what the rule says, and its operator all of it', async () => {
  const secret = { requiredScopes: ['tools:read'], when: 'principal.subject == "ceo@acme.example" || args.force == "project-falcon"' }
  const tools = [{ name: 'it', permissions: secret, parameters, execute: () => 'ran' }]
  const resources = [
    { uri: 'note://x', name: 'r', permissions: { ...secret, when: 'principal.subject == "ceo@acme.example"' }, read: () => 'x' },
  ]
  await using world = await startServer({ tools, resources } as unknown as MCPServerOptions)
  const client = mcp(world.url, { key: await world.key(['tools:read']) })
  const called = (await client.call('it', { force: 'no' })).result
  const read = (await client.request('resources/read', { uri: 'note://x' })).error
  for (const answer of [called, read]) assert.doesNotMatch(JSON.stringify(answer), /ceo|falcon|principal|subject/)
  assert.match(
    called.content[0].text,
    /^The tool it may not be used with these arguments: a rule of this server does not allow it\. \(dec_/,
  )
  assert.match(read.message, /^This resource may not be read: a rule of this server does not allow it\./)
  // Records are written in batches.
  await world.server.close()
  const id = called._meta['sallyport/decision']
  const { stdout } = await run(process.execPath, [SALLYPORT, 'why', id, '--data-dir', world.dataDir])
  assert.match(stdout, /facts +condition=principal\.subject == "ceo@acme\.example" \|\| args\.force == "project-falcon"/)
})
