// What a reference may not do: give a caller what the caller could not read, tell what there is, reach anything but this server, or fill it.

import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, beforeEach, describe, it } from 'node:test'
import { allow, type Entry, silentLog } from '../../src/core/index.ts'
import { createKeptResources } from '../../src/guards/kept/index.ts'
import { resource, resourceTemplate, tool } from '../../src/server/index.ts'
import { createServerEntries } from '../../src/server/server-entries.ts'
import { createMemoryStore, type Store } from '../../src/storage/index.ts'
import { createMemoryVault, type Vault } from '../../src/vault/index.ts'
import { verifies } from '../requirements.ts'
import { principal, type Rig, startEngine } from '../support/engine.ts'
import { type McpClient, mcp } from '../support/mcp.ts'

verifies('references-of-others', 'references-bounded')

let now = Date.now()
const clock = (): number => now
const given: unknown[] = []
const string = { type: 'string', maxLength: 500 } as const
const show = tool({
  name: 'show',
  parameters: { type: 'object', properties: { doc: { ...string, resourceRef: true } }, required: ['doc'] },
  execute({ doc }) {
    given.push(doc)
    return doc.text ?? 'bytes'
  },
})
const byId = tool({
  name: 'by_id',
  parameters: { type: 'object', properties: { doc: { ...string, resourceRef: { template: 'docs://{id}' } } }, required: ['doc'] },
  execute: ({ doc }) => doc.text ?? 'bytes',
})
const definitions = {
  tools: [show, byId],
  resources: [
    resource({ uri: 'plans://all', name: 'plans', permissions: { requiredScopes: ['plans:read'] }, read: () => 'CANARY plans' }),
    resource({ uri: 'plans://bosses', name: 'b', permissions: { requiredRoles: ['boss'] }, read: () => 'CANARY bosses' }),
    resource({ uri: 'plans://private', name: 'p', permissions: { access: 'private', users: ['raj'] }, read: () => 'CANARY private' }),
    resource({ uri: 'plans://ruled', name: 'r', permissions: { when: 'principal.subject == "raj"' }, read: () => 'CANARY ruled' }),
    resource({ uri: 'plans://asks', name: 'q', read: (context) => context.ask({ a: { method: 'roots/list', params: {} } }) }),
    resource({ uri: 'plans://none', name: 'n', read: () => undefined }),
    resource({ uri: 'notes://mine', name: 'm', read: ({ principal: { subject } }) => `a note of ${subject}` }),
  ],
  resourceTemplates: [
    resourceTemplate({ uriTemplate: 'docs://{id}', name: 'docs', read: ({ id }) => (id === 'one' ? 'document one' : undefined) }),
    resourceTemplate({ uriTemplate: 'files://{+path}', name: 'files', read: ({ path }) => `CANARY file ${path}` }),
  ],
}
const { entries, problems } = createServerEntries(definitions, {
  server: 'test',
  resultBytes: 1_000_000,
  log: silentLog,
})
/** An upstream that says that all of our URIs are its own. */
let asked = 0
const greedy: Entry = {
  kind: 'template',
  name: 'sallyport://{+anything}',
  definition: { uriTemplate: 'sallyport://{+anything}', name: 'greedy' },
  permission: { access: 'public' },
  ask: false,
  rule: 'test',
  check: undefined,
  mirrors: [],
  matches: (uri) => uri.startsWith('sallyport://'),
  origin: { server: 'greedy', name: 'greedy' },
  executor: {
    execute: () => {
      asked++
      return allow({ kind: 'result', result: { contents: [{ uri: 'x', text: 'swapped' }] } })
    },
  },
}
const UNKNOWN = 'Invalid arguments: arguments/doc must be a reference to something that you may read here'

let rig: Rig
let store: Store
let vault: Vault
let ana: McpClient
let raj: McpClient
before(async () => {
  assert.deepEqual(problems, [])
  store = createMemoryStore({ clock })
  vault = createMemoryVault()
  const people = {
    ana: principal('ana', { credential: 'token' }),
    raj: principal('raj', { credential: 'token' }),
    reader: principal('reader', { scopes: ['resources:read'] }),
    nobody: principal('nobody', { credential: 'none' }),
  }
  rig = await startEngine([greedy, ...entries], people, { references: { stored: 20, maxBytes: 3_000_000 } }, undefined, {
    store,
    vault,
    clock,
  })
  ana = mcp(rig.url, { token: 'ana' })
  raj = mcp(rig.url, { token: 'raj' })
})
after(() => rig?.close())
beforeEach(() => void (now += 100_000_000))

const put = async (client: McpClient, text: string, more: object = {}): Promise<string> => {
  const { result, error } = await client.request('sallyport/resources/put', { text, ...more })
  assert.equal(error, undefined)
  return result.uri
}
/** Without the decision's id. */
const said = async (client: McpClient, doc: string, name = 'show'): Promise<string> => {
  const { result } = await client.call(name, { doc })
  return result.content[0].text.replace(/ \(dec_\w+\)$/, '')
}

describe('a reference that is not the caller’s to read', () => {
  it('is answered like one that never was, whatever it is that forbids it', async () => {
    const others = await put(raj, 'CANARY of raj')
    const expired = await put(ana, 'CANARY expired', { ttlSeconds: 10 })
    now += 11_000
    const deleted = await put(ana, 'CANARY deleted')
    await ana.request('sallyport/resources/delete', { uri: deleted })
    const half = (await ana.request('sallyport/resources/put', { blob: Buffer.alloc(524_288, 'x').toString('base64'), more: true })).result
      .uri
    const prefix = others.slice(0, others.lastIndexOf('/') + 1)
    const forbidden = ['plans://all', 'plans://bosses', 'plans://private', 'plans://ruled', 'plans://asks', 'plans://none']
    const invented = [`${prefix}${'0'.repeat(26)}`, prefix, `${others}?offset=0`, `${others}x`]
    for (const doc of [others, expired, deleted, half, ...forbidden, ...invented, 'nothing://here', 'doc-123', '', '\u0000', '𝒳'])
      assert.equal(await said(ana, doc), UNKNOWN, JSON.stringify(doc))
    assert.equal(given.length, 0, 'no function has run')
    // And the same is true of every other way to it.
    for (const uri of [others, half]) {
      assert.equal((await ana.request('resources/read', { uri })).error.message, 'Resource not found')
      if (uri === others) assert.equal((await ana.request('sallyport/resources/delete', { uri })).error.message, 'Resource not found')
      if (uri === others)
        assert.equal((await ana.request('sallyport/resources/put', { uri, offset: 13, text: 'more' })).error.message, 'Resource not found')
    }
    assert.equal(await said(raj, others), 'CANARY of raj')
    assert.equal(await said(raj, 'plans://private'), 'CANARY private')
    assert.equal(await said(ana, 'notes://mine'), 'a note of ana', 'read in the name of its caller')
  })

  it('an id leads nowhere but into its template', async () => {
    assert.equal(await said(ana, 'one', 'by_id'), 'document one')
    assert.equal(await said(ana, 'docs://one', 'by_id'), 'document one')
    const injected = [
      '../../etc',
      '..',
      '.',
      'one/../one',
      '%2e%2e',
      'one?x=1',
      'one#x',
      'a/b',
      'files://etc/passwd',
      'plans://none',
      'docs://../one',
    ]
    for (const doc of [...injected, 'docs://one/../../x', 'docs:one', 'DOCS://one', '\ud800', 'one\n', '{id}', '$&', "$'one"])
      assert.equal(await said(ana, doc, 'by_id'), UNKNOWN, JSON.stringify(doc))
    assert.equal(await said(ana, await put(ana, 'what was put'), 'by_id'), 'what was put')
  })

  it('nothing is fetched from anywhere', async () => {
    let hits = 0
    const trap = createServer((_, response) => {
      hits++
      response.end('fetched')
    }).listen(0, '127.0.0.1')
    try {
      await new Promise((resolve) => trap.once('listening', resolve))
      const { port } = trap.address() as AddressInfo
      for (const doc of [
        `http://127.0.0.1:${port}/`,
        `https://127.0.0.1:${port}/`,
        'file:///etc/passwd',
        'data:text/plain,x',
        `//127.0.0.1:${port}/`,
      ])
        assert.equal(await said(ana, doc), UNKNOWN)
      assert.equal(hits, 0)
    } finally {
      trap.close()
    }
  })

  it('an upstream that claims our URIs is not asked about them', async () => {
    const uri = await put(ana, 'mine')
    assert.equal((await ana.request('resources/read', { uri })).result.contents[0].text, 'mine')
    assert.equal((await raj.request('resources/read', { uri })).error.code, -32602)
    assert.equal(asked, 0)
    // Of a Sallyport behind this one it is.
    assert.equal(await said(ana, uri.replace(/[0-9a-f]{8}/, '00000000')), 'swapped')
  })

  it('two callers at the same time never get each other’s', async () => {
    const one = async (client: McpClient, who: string, at: number): Promise<void> => {
      const text = `${who} ${at}`
      const uri = await put(client, text)
      assert.equal(await said(client, uri), text)
      assert.equal(await said(client === ana ? raj : ana, uri), UNKNOWN)
      await client.request('sallyport/resources/delete', { uri })
    }
    for (let round = 0; round < 50; round++) await Promise.all([one(ana, 'ana', round), one(raj, 'raj', round)])
  })

  it('who may call no tool with references, or is nobody, finds no such method', async () => {
    for (const token of ['reader', 'nobody']) {
      const client = mcp(rig.url, { token })
      for (const method of ['sallyport/resources/put', 'sallyport/resources/delete'])
        assert.equal((await client.request(method, { text: 'x', uri: 'x' })).error.code, -32601)
      const { capabilities } = (await client.request('server/discover')).result
      assert.equal(capabilities.extensions?.['sallyport/resources'], undefined)
    }
    assert.equal((await ana.request('server/discover')).result.capabilities.extensions['sallyport/resources'].partBytes, 524_288)
    const legacy = await mcp(rig.url, { token: 'ana', version: '2025-11-25' }).request('initialize', {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'x', version: '1' },
    })
    assert.equal(legacy.result.capabilities.experimental['sallyport/resources'].partBytes, 524_288)
  })

  it('whoever is forgotten has nothing here any more, and the store has nothing in clear', async () => {
    const uri = await put(ana, 'CANARY at rest')
    const rows = [...(await store.records('kept_resource').list()), ...(await store.records('stored_part').list())]
    assert.ok(rows.length >= 2)
    const kept = JSON.stringify(rows)
    for (const canary of ['CANARY at rest', Buffer.from('CANARY at rest').toString('base64').slice(0, 12), 'text/plain'])
      assert.ok(!kept.includes(canary))
    await vault.shred({ subject: 'ana' })
    assert.equal(await said(ana, uri), UNKNOWN)
  })
})

describe('what is put here is bounded', () => {
  const owner = principal('owner')
  const bounds = { stored: 64, storedBytes: 1_000_000, maxBytes: 600, ttlSeconds: 60, maxTtlSeconds: 100 }
  const about = { mimeType: 'text/plain', name: undefined, ttlSeconds: undefined }
  const part = (offset: number, size: number, isLast: boolean) => ({ offset, bytes: Buffer.alloc(size, 'x'), isLast })
  const create = (more: object = {}) => {
    const records = createMemoryStore({ clock })
    const vault = createMemoryVault()
    const node = () =>
      createKeptResources({ store: records, vault, instance: 'test', bounds: { ...bounds, ...more }, partBytes: 256, clock })
    return { kept: node(), node, records, left: async () => (await records.records('stored_part').list()).length }
  }

  it('10,000 puts leave 64, and none of another caller’s is in their way', async () => {
    const { kept, left } = create()
    let refused = 0
    for (let at = 0; at < 10_000; at++) {
      const receipt = await kept.begin(owner, about, part(0, 10, true))
      if (!receipt.allowed) refused++
      if (!receipt.allowed) assert.equal(receipt.denial.reason, 'overloaded')
    }
    assert.deepEqual([refused, await left()], [9_936, 64])
    assert.ok((await kept.begin(principal('other'), about, part(0, 10, true))).allowed)
    now += 61_000
    assert.ok((await kept.begin(owner, about, part(0, 10, true))).allowed, 'what has expired counts no more')
  })

  it('by bytes, of one and of all', async () => {
    const { kept } = create({ storedBytes: 5_000 })
    const large = await kept.begin(owner, about, part(0, 256, false))
    assert.ok(large.allowed)
    const { uri } = large.value
    assert.ok((await kept.append(owner, uri, part(256, 256, false))).allowed)
    assert.equal((await kept.append(owner, uri, part(512, 256, true))).allowed, false, 'larger than one may be')
    assert.ok((await kept.append(owner, uri, part(512, 88, true))).allowed)
    let whole = 0
    while (whole < 100 && (await kept.begin(owner, about, part(0, 256, true))).allowed) whole++
    assert.ok(whole > 3 && whole < 14, `${whole}`)
  })

  it('parts come in order, of the length that was told, and one that is not whole is not there', async () => {
    const { kept } = create()
    assert.equal((await kept.begin(owner, about, part(1, 10, true))).allowed, false)
    assert.equal((await kept.begin(owner, about, part(0, 10, false))).allowed, false)
    assert.equal((await kept.begin(owner, about, part(0, 257, true))).allowed, false)
    assert.equal((await kept.begin(owner, { ...about, ttlSeconds: 101 }, part(0, 1, true))).allowed, false)
    const begun = await kept.begin(owner, about, part(0, 256, false))
    assert.ok(begun.allowed)
    const { uri } = begun.value
    for (const wrong of [part(0, 10, true), part(255, 10, true), part(512, 10, true), part(256, 10, false)])
      assert.equal((await kept.append(owner, uri, wrong)).allowed, false)
    assert.equal(await kept.find(uri, owner), undefined)
    const both = await Promise.all([kept.append(owner, uri, part(256, 10, true)), kept.append(owner, uri, part(256, 10, true))])
    assert.equal(both.filter(({ allowed }) => allowed).length, 1)
    const found = await kept.find(uri, owner)
    assert.equal((await found?.read(0, 266))?.length, 266)
    assert.equal((await kept.append(owner, uri, part(266, 1, true))).allowed, false, 'a whole one is not added to')
    assert.equal(await kept.find(uri, principal('other')), undefined)
  })

  it('what is left half is swept, parts and all', async () => {
    const { kept, records, left } = create()
    for (let at = 0; at < 10; at++) assert.ok((await kept.begin(owner, about, part(0, 256, false))).allowed)
    const whole = await kept.begin(owner, { ...about, ttlSeconds: 100 }, part(0, 256, true))
    assert.deepEqual([await left(), whole.allowed], [11, true])
    now += 59_000
    await kept.sweep()
    assert.equal(await left(), 11, 'there is time to go on')
    now += 600_000
    await kept.sweep()
    await records.sweep()
    assert.deepEqual([await left(), (await records.records('kept_resource').list()).length], [0, 0])
  })

  it('what was begun here and made whole by another node stays for its time', async () => {
    const { kept, node, left } = create({ maxTtlSeconds: 10_000 })
    const begun = await kept.begin(owner, { ...about, ttlSeconds: 10_000 }, part(0, 256, false))
    assert.ok(begun.allowed)
    const other = node()
    now += 500_000
    assert.ok((await other.append(owner, begun.value.uri, part(256, 256, false))).allowed)
    now += 200_000
    await kept.sweep()
    assert.ok((await other.append(owner, begun.value.uri, part(512, 10, true))).allowed, 'there is time to go on')
    now += 700_000
    await kept.sweep()
    await other.sweep()
    assert.equal((await (await kept.find(begun.value.uri, owner))?.read(0, 522))?.length, 522)
    assert.equal(await left(), 3)
  })
})
