/** A rule on a resource holds wherever the resource is spoken of: in what a prompt points to, and for who is told of its changes. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import type { MCPServerOptions } from '../../src/server/index.ts'
import { verifies } from '../requirements.ts'
import { mcp } from '../support/mcp.ts'
import { startServer } from '../support/server.ts'

verifies('conditions')

const when = '"hr" in principal.roles || args.who != "boss"'
// A library that asks somebody before it answers.
const variables = z.object({
  who: z
    .string()
    .max(20)
    .toLowerCase()
    .refine(async () => true),
})

test('a prompt points only to what its reader could read, whatever way the URI is written', async () => {
  let uri = ''
  await using world = await startServer({
    prompts: [{ name: 'letter', render: () => [{ role: 'user', content: { type: 'resource_link', uri, name: 'x' } }] }],
    resources: [{ uri: 'note://plain', name: 'n', permissions: { when: '"hr" in principal.roles' }, read: () => 'x' }],
    resourceTemplates: [{ uriTemplate: 'file://{who}', name: 'f', variables, permissions: { when }, read: () => 'x' }],
  } as unknown as MCPServerOptions)
  const [hr, other] = [await world.key(undefined, ['hr']), await world.key()]
  const get = async (key: string, of: string): Promise<unknown> => {
    uri = of
    const { result, error } = await mcp(world.url, { key }).request('prompts/get', { name: 'letter' })
    return error?.message ?? result.messages.length
  }
  for (const each of ['note://plain', 'file://boss', 'file://BOSS', 'file://b%6Fss']) {
    assert.equal(await get(hr, each), 1, each)
    assert.match(String(await get(other, each)), /refers to a resource that its reader may not have/, each)
  }
  for (const each of ['file://ana', 'https://elsewhere.example/boss']) assert.equal(await get(other, each), 1, each)
})

test('a subscription is acknowledged for what may be read, and of nothing else is told', async () => {
  await using world = await startServer({
    resourceTemplates: [{ uriTemplate: 'file://{who}', name: 'f', variables, permissions: { when }, read: () => 'x' }],
  } as unknown as MCPServerOptions)
  const stream = await mcp(world.url, { key: await world.key() }).open('subscriptions/listen', {
    notifications: { resourceSubscriptions: ['file://boss', 'file://BOSS', 'file://ana'] },
  })
  const { value: acknowledged } = await stream.messages.next()
  assert.deepEqual(acknowledged.params.notifications.resourceSubscriptions, ['file://ana'])
  for (const uri of ['file://boss', 'file://BOSS', 'file://ana']) world.server.resourceUpdated(uri)
  const { value: told } = await stream.messages.next()
  assert.equal(told.params.uri, 'file://ana')
  stream.abort()
})
