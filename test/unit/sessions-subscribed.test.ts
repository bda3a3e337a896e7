/**
 * What a session of 2025-11-25 hears on its open stream: of what it subscribes to after the stream was opened, after other things were
 * set, and by requests that another node answers; and of nothing else.
 */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createLocalBus, createMemoryStore } from '../../src/storage/index.ts'
import { createMemoryKeyRing } from '../../src/vault/index.ts'
import { principal, type Rig, say, startEngine, tool } from '../support/engine.ts'

const LAST = 'test://last'
const URIS = ['test://a', 'test://b', 'test://secret', LAST]
const readers = { access: 'protected', scopes: ['resources:read'], roles: [] } as const
const entries = URIS.map((uri) => ({
  ...tool(uri, () => say('')),
  kind: 'resource' as const,
  definition: { uri, name: uri },
  permission: uri.endsWith('secret') ? ({ access: 'denied' } as const) : readers,
}))

let nodes: readonly Rig[]
before(async () => {
  const shared = { store: createMemoryStore(), bus: createLocalBus(), keyRing: createMemoryKeyRing() }
  const start = (): Promise<Rig> => startEngine(entries, { ana: principal('ana') }, {}, undefined, shared)
  nodes = [await start(), await start()]
})
after(() => Promise.all(nodes.map((node) => node.close())))

const [one, other] = [0, 1] as const
const headers = { authorization: 'Bearer ana', 'content-type': 'application/json', accept: 'application/json, text/event-stream' }

async function post(node: 0 | 1, session: string | undefined, method: string, params: object): Promise<Response> {
  const answer = await fetch(nodes[node]?.url as string, {
    method: 'POST',
    headers: { ...headers, ...(session !== undefined && { 'mcp-session-id': session }) },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  })
  assert.equal(answer.status, 200)
  return answer
}

test('a stream tells of what was subscribed to later, here or on another node, and not of what is no longer', async () => {
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } }
  const session = (await post(one, undefined, 'initialize', params)).headers.get('mcp-session-id') as string
  const stream = await fetch(nodes[one]?.url as string, { headers: { ...headers, 'mcp-session-id': session } })
  assert.equal(stream.status, 200)
  const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader()
  let heard = ''
  /** Everything changes; what is heard of it. */
  async function hear(): Promise<string[]> {
    for (const uri of URIS) nodes[other]?.engine.resourceUpdated(uri)
    while (!heard.includes(LAST)) heard += (await reader?.read())?.value ?? ''
    const uris = [...heard.matchAll(/resources\/updated","params":\{"uri":"([^"]+)"/g)].map(([, uri]) => uri as string)
    heard = ''
    return uris.filter((uri) => uri !== LAST)
  }

  await post(one, session, 'resources/subscribe', { uri: LAST })
  assert.deepEqual(await hear(), [])
  await post(one, session, 'logging/setLevel', { level: 'error' })
  await post(other, session, 'resources/subscribe', { uri: 'test://a' })
  assert.deepEqual(await hear(), ['test://a'])
  await post(one, session, 'resources/subscribe', { uri: 'test://b' })
  assert.deepEqual(await hear(), ['test://a', 'test://b'])
  await post(other, session, 'resources/unsubscribe', { uri: 'test://a' })
  assert.deepEqual(await hear(), ['test://b'])
  await reader?.cancel()
})
