/** The decisions about a client's metadata document that need no network: its address, how long it holds, what of it is kept. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createClientCopies } from '../../src/oauth/cimd-copies.ts'
import { checkDocument } from '../../src/oauth/cimd-document.ts'
import { createClientDocuments } from '../../src/oauth/cimd-documents.ts'
import { createFailures } from '../../src/oauth/cimd-failures.ts'
import { freshForMs } from '../../src/oauth/cimd-freshness.ts'
import { isClientIdUrl } from '../../src/oauth/cimd-url.ts'
import { createMemoryCounters, createMemoryStore } from '../../src/storage/index.ts'

test('a client id is a URL where it is https with a path, in its normal form', () => {
  for (const id of [
    'https://claude.ai/oauth/claude-code-client-metadata',
    'https://a.example:8443/x?y=1',
    'https://a.example/x/',
    'https://xn--bcher-kva.example/x',
  ])
    assert.ok(isClientIdUrl(id), id)
  for (const id of [
    'cl_x',
    'https://a.example',
    'https://a.example:443/x',
    'https://a.example/x y',
    `https://a.example/${'x'.repeat(1024)}`,
    'https://bücher.example/x',
  ])
    assert.ok(!isClientIdUrl(id), id)
  fc.assert(
    fc.property(fc.oneof(fc.webUrl({ withFragments: true, withQueryParameters: true }), fc.string()), (id) => {
      if (isClientIdUrl(id)) assert.equal(new URL(id).href, id)
    }),
  )
})

test('a document holds as long as its headers say, an hour where they say nothing, between a minute and a day', () => {
  const minutes = (headers: Record<string, string>) => freshForMs(headers) / 60_000
  const [date, inTwoHours] = ['Fri, 27 Nov 2026 10:00:00 GMT', 'Fri, 27 Nov 2026 12:00:00 GMT']
  for (const [headers, expected] of [
    [{}, 60],
    [{ 'cache-control': 'public' }, 60],
    [{ 'cache-control': 'max-age=600' }, 10],
    [{ 'cache-control': 'Public, Max-Age="600"' }, 10],
    [{ 'cache-control': 'max-age=600', age: '300' }, 5],
    [{ 'cache-control': 'max-age=600', age: 'x' }, 10],
    [{ 'cache-control': 'max-age=600', expires: inTwoHours, date }, 10],
    [{ 'cache-control': 'max-age=600, no-store' }, 1],
    [{ 'cache-control': 'no-cache' }, 1],
    [{ 'cache-control': 'max-age=0' }, 1],
    [{ 'cache-control': 'max-age=99999999999999999999' }, 60],
    [{ 'cache-control': 'max-age=9999999999' }, 1440],
    [{ expires: inTwoHours, date }, 120],
    [{ expires: inTwoHours }, 1],
    [{ expires: '0', date }, 1],
    [{ expires: date, date: inTwoHours }, 1],
  ] as const)
    assert.equal(minutes(headers as Record<string, string>), expected, JSON.stringify(headers))
})

test('of a document only what is used is kept, whatever else it says', () => {
  const url = 'https://a.example/client.json'
  const read = (document: object) =>
    checkDocument(
      url,
      Buffer.from(JSON.stringify({ client_id: url, client_name: 'A', redirect_uris: ['http://localhost/cb'], ...document })),
    )
  assert.deepEqual(
    read({ logo_uri: 'https://a.example/l', scope: 'tools:execute', application_type: 'web', id_token_signed_response_alg: 'none' }),
    {
      metadata: {
        client_name: 'A',
        redirect_uris: ['http://localhost/cb'],
        response_types: ['code'],
        application_type: 'native',
        token_endpoint_auth_method: 'none',
        client_id: url,
      },
    },
  )
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (document) => {
      const described = read(document)
      if ('metadata' in described) assert.equal(described.metadata['client_id'], url)
    }),
  )
  for (const body of ['', 'null', '[]', '{', '"x"', '\xff']) assert.ok('problem' in checkDocument(url, Buffer.from(body, 'latin1')), body)
})

test('of the clients that come up within a minute only so many are asked for: of one host, and in all', async () => {
  let now = Date.now()
  const clock = () => now
  const asked: string[] = []
  const fetch = Object.assign(
    async (url: string) => {
      asked.push(url)
      return { answered: true, status: 404, headers: {}, body: Buffer.alloc(0) } as const
    },
    { close() {} },
  )
  const copies = createClientCopies({ store: createMemoryStore({ clock }), clock })
  const documents = createClientDocuments({ copies, counters: createMemoryCounters({ clock }), clock, fetch })
  const find = async (host: string, count: number) => {
    asked.length = 0
    for (let at = 0; at < count; at++) await documents.find(`https://${host}/client-${now}-${at}.json`)
    return asked.length
  }
  assert.equal(await find('one.example', 30), 20)
  assert.match(documents.problemOf(`https://one.example/client-${now}-29.json`) ?? '', /too many such clients/)
  let others = 0
  for (let host = 0; host < 20; host++) others += await find(`host-${host}.example`, 20)
  assert.equal(20 + others, 300)
  now += 61_000
  assert.equal(await find('one.example', 30), 20)
})

test('failures are remembered for half a minute, and a thousand of them', () => {
  let now = 0
  const failures = createFailures({ clock: () => now })
  const failure = { problem: 'no', isFinal: false }
  for (let index = 0; index <= 1000; index++) failures.add(`https://a.example/${index}`, failure)
  assert.equal(failures.find('https://a.example/0'), undefined, 'the oldest made room')
  assert.equal(failures.find('https://a.example/1'), failure)
  now = 30_000
  assert.equal(failures.find('https://a.example/1000'), undefined)
})

test('a copy is forgotten an hour after it was fetched, and 90 days after its last use once somebody allowed it something', async () => {
  const DAY = 86_400_000
  let now = 0
  const clock = () => now
  const copies = createClientCopies({ store: createMemoryStore({ clock }), clock })
  const [unused, used] = ['https://a.example/unused', 'https://a.example/used']
  for (const url of [unused, used]) await copies.put(url, { client_id: url }, 60_000)
  await copies.used(unused)
  await copies.keep(used)
  now = 3_600_001
  assert.equal(await copies.get(unused), undefined)
  for (now of [80 * DAY, 160 * DAY]) {
    await copies.put(used, { client_id: used, again: now }, 60_000)
    await copies.used(used)
  }
  assert.deepEqual((await copies.get(used))?.metadata, { client_id: used, again: 160 * DAY })
  now = 249 * DAY
  await copies.put(used, { client_id: used }, 60_000)
  now = 251 * DAY
  assert.equal(await copies.get(used), undefined, 'fetching it is no use of it')
})
