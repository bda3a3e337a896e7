/** A rule on arguments is on those that the function gets, whatever else stands beside them in the message. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MCPServerOptions } from '../../src/server/index.ts'
import { verifies } from '../requirements.ts'
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
      assert.match(JSON.stringify((await client.request('tools/call', params)).body), /may be used only where this holds/)
      assert.match(JSON.stringify((await client.request('prompts/get', params)).body), /may be used only where this holds/)
    }
    const read = { uri: 'note://force', arguments: { uri: 'note://other' } }
    assert.ok((await client.request('resources/read', read)).error)
    assert.equal((await client.request('tools/call', { name: 'it', arguments: { force: 'no' }, uri: 'x' })).result.isError, undefined)
  }
  assert.deepEqual(ran, [{ force: 'no' }, { force: 'no' }])
})
