/** How much one caller may have watched, on all its streams and in all its sessions, and what an update costs however many listen. */

import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it, mock, test } from 'node:test'
import { createSessionWatches } from '../../src/catalogue/session-watches.ts'
import { createMemoryStore, type RecordKind, type Records, type Store } from '../../src/storage/index.ts'
import { verifies } from '../requirements.ts'
import { principal, type Rig, say, startEngine, tool } from '../support/engine.ts'
import { type McpClient, mcp } from '../support/mcp.ts'
import { until } from '../support/until.ts'

verifies('subscription-bounds')

const entries = [
  {
    ...tool('test://{+path}', () => say('')),
    kind: 'template' as const,
    permission: { access: 'protected', scopes: ['resources:read'], roles: [] } as const,
    matches: (uri: string) => uri.startsWith('test://'),
  },
]
const principals = { ana: principal('ana'), ben: principal('ben') }
const urisOf = (group: string, count: number, length = 0): string[] =>
  Array.from({ length: count }, (_, n) => `test://${group}/${n}/`.padEnd(length, 'x'))

let rig: Rig
/** How often the settings of a session were read. */
let reads = 0
beforeEach(async () => {
  reads = 0
  const kept = createMemoryStore()
  const counting: Store = {
    ...kept,
    records<T>(kind: RecordKind): Records<T> {
      const records = kept.records<T>(kind)
      return kind === 'session_setting' ? { ...records, get: (id) => (reads++, records.get(id)) } : records
    },
  }
  rig = await startEngine(entries, principals, {}, undefined, { store: counting })
})
afterEach(() => rig.close())

const modern = (token: 'ana' | 'ben') => mcp(rig.url, { token })
const session = (token: 'ana' | 'ben') => mcp(rig.url, { token, version: '2025-11-25' })
const listen = (client: McpClient, uris: readonly string[]) =>
  client.open('subscriptions/listen', { notifications: { resourceSubscriptions: uris } })

/** How many of them it is told of. */
async function subscribe(client: McpClient, uris: readonly string[]): Promise<number> {
  await client.request('ping')
  const answers = await Promise.all(uris.map((uri) => client.request('resources/subscribe', { uri })))
  for (const { error } of answers) assert.match(error?.message ?? 'may', /may|already/)
  return answers.filter(({ error }) => error === undefined).length
}

describe('what one caller wants to hear of', () => {
  it('is counted over all its streams and sessions together, and is its own', async () => {
    const streams = [await listen(modern('ana'), urisOf('a', 256)), await listen(modern('ana'), urisOf('b', 256))]
    assert.deepEqual([await subscribe(session('ana'), urisOf('c', 256)), await subscribe(session('ana'), urisOf('d', 250))], [256, 250])
    assert.equal(await subscribe(session('ana'), urisOf('e', 10)), 6)
    const refused = await modern('ana').request('subscriptions/listen', { notifications: { resourceSubscriptions: urisOf('f', 1) } })
    assert.deepEqual([refused.status, /1024 resources and tasks already/.test(refused.error.message)], [503, true])
    assert.equal(await subscribe(session('ben'), urisOf('a', 10)), 10)
    // One that ends gives back what it had; what was refused took nothing.
    streams[0]?.abort()
    await until('there is room again', async () => (await subscribe(session('ana'), ['test://again'])) === 1)
    assert.equal(await subscribe(session('ana'), urisOf('g', 256)), 255)
    streams[1]?.abort()
  })
  it('comes back when a session ends, or wants to hear of it no more', async () => {
    const clients = await Promise.all(['a', 'b', 'c', 'd'].map(async (group) => ({ group, client: session('ana') })))
    for (const { client, group } of clients) assert.equal(await subscribe(client, urisOf(group, 256)), 256)
    assert.equal(await subscribe(session('ana'), ['test://more']), 0)
    await clients[0]?.client.request('resources/unsubscribe', { uri: 'test://a/0/' })
    assert.equal(await subscribe(session('ana'), ['test://more', 'test://too-many']), 1)
  })
  it('is bounded in what is kept of it: of each session, and of all of a caller’s', async () => {
    assert.equal(await subscribe(session('ana'), urisOf('a', 20, 4_000)), 16)
    let kept = 16
    for (let n = 0; n < 20; n++) kept += await subscribe(session('ana'), urisOf(`b${n}`, 16, 4_000))
    assert.ok(kept > 200 && kept < 270, String(kept))
    const [key] = [JSON.stringify(['test', 'ana'])]
    assert.ok((await rig.store.records('session_setting').usage(key)).bytes <= 1_048_576)
    assert.equal(await subscribe(session('ana'), ['test://short']), 1)
    assert.equal(await subscribe(session('ben'), urisOf('a', 1, 4_000)), 1)
  })
})

test('an update is told to every stream of a session, and reads what the session has set once at most', async () => {
  const headers = { authorization: 'Bearer ana', 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
  let session = {}
  const post = (method: string, params: object) =>
    fetch(rig.url, { method: 'POST', headers: { ...headers, ...session }, body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }) })
  const begun = await post('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } })
  session = { 'mcp-session-id': begun.headers.get('mcp-session-id') }
  for (const uri of ['test://told', ...urisOf('a', 100)]) assert.equal((await post('resources/subscribe', { uri })).status, 200)
  const streams = await Promise.all(
    Array.from({ length: 8 }, async () => (await fetch(rig.url, { headers: { ...headers, ...session } })).body!.getReader()),
  )
  async function hear(uri: string): Promise<void> {
    rig.engine.resourceUpdated(uri)
    for (const reader of streams) {
      let heard = ''
      while (!heard.includes(`"${uri}"`)) heard += new TextDecoder().decode((await reader.read()).value)
    }
  }
  await hear('test://told')
  reads = 0
  for (const uri of urisOf('b', 100)) rig.engine.resourceUpdated(uri)
  await hear('test://told')
  assert.equal(reads, 0)
  await post('resources/subscribe', { uri: 'test://later' })
  reads = 0
  await hear('test://later')
  assert.equal(reads, 1)
  for (const reader of streams) await reader.cancel()
})

test('what a session without a stream subscribed to is given up, by one timer for all', (t) => {
  mock.timers.enable({ apis: ['setInterval'] })
  t.after(() => mock.timers.reset())
  const timers = t.mock.method(globalThis, 'setInterval')
  const open = new Set(['listens'])
  const watches = createSessionWatches(() => open)
  const stopped: string[] = []
  const watch = (key: string, uri: string): boolean => watches.watch(key, uri, () => () => stopped.push(`${key} ${uri}`))
  for (const key of ['listens', 'left']) for (const uri of ['a', 'b']) assert.equal(watch(key, uri), true)
  assert.equal(timers.mock.callCount(), 1)
  mock.timers.tick(3_600_000)
  assert.deepEqual(stopped, [])
  watch('new', 'c')
  mock.timers.tick(3_600_000)
  assert.deepEqual(stopped, ['left a', 'left b'])
  open.clear()
  mock.timers.tick(3_600_000)
  assert.deepEqual(stopped, ['left a', 'left b', 'new c'])
  watches.stop('listens', 'a')
  watches.forget('listens')
  assert.deepEqual(stopped.slice(3), ['listens a', 'listens b'])
  watches.close()
})
