import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, test } from 'node:test'
import { request } from 'undici'
import { classifyAddress, createDialer, type DialerOptions } from '../../src/net/index.ts'
import { matchTemplate } from '../../src/protocol/index.ts'
import { cpuMs } from '../support/cpu.ts'

let hits = 0
const server = createServer((incoming, response) => {
  hits++
  if (incoming.url === '/away') response.writeHead(302, { location: 'http://169.254.169.254/' }).end()
  else response.end('hello')
})
await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
const { port } = server.address() as AddressInfo
after(() => server.close())

async function get(host: string, options: DialerOptions, path = '/'): Promise<string> {
  const pool = createDialer(options).pool(`http://${host}:${port}`)
  try {
    const { statusCode, body } = await request(`http://${host}:${port}${path}`, { dispatcher: pool })
    return `${statusCode} ${await body.text()}`
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? (error as Error).message
  } finally {
    await pool.destroy()
  }
}
const answers =
  (...addresses: string[]): NonNullable<DialerOptions['lookup']> =>
  (_, answer) =>
    answer(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )

test('addresses are told apart, however they are written', () => {
  for (const [address, expected] of [
    ['8.8.8.8', 'public'],
    ['2606:4700:4700::1111', 'public'],
    ['127.0.0.1', 'loopback'],
    ['127.255.1.2', 'loopback'],
    ['::1', 'loopback'],
    ['::ffff:127.0.0.1', 'loopback'],
    ['::ffff:7f00:1', 'loopback'],
    ['[::1]', 'loopback'],
    ['10.1.2.3', 'private'],
    ['172.31.255.255', 'private'],
    ['172.32.0.1', 'public'],
    ['192.168.0.1', 'private'],
    ['100.64.0.1', 'private'],
    ['fd12:3456::1', 'private'],
    ['::ffff:10.0.0.1', 'private'],
    ['169.254.1.1', 'link-local'],
    ['fe80::1%eth0', 'link-local'],
    ['169.254.169.254', 'metadata'],
    ['::ffff:169.254.169.254', 'metadata'],
    ['fd00:ec2::254', 'metadata'],
    ['224.0.0.1', 'multicast'],
    ['ff02::1', 'multicast'],
    ['0.0.0.0', 'reserved'],
    ['::', 'reserved'],
    ['255.255.255.255', 'reserved'],
    ['198.51.100.7', 'reserved'],
    ['64:ff9b::7f00:1', 'reserved'],
    ['::ffff:0:7f00:1', 'reserved'],
    ['2002:7f00:1::', 'reserved'],
    ['2001:db8::1', 'reserved'],
    ['localhost', 'invalid'],
    ['0x7f.1', 'invalid'],
    ['127.1', 'invalid'],
    ['2130706433', 'invalid'],
    ['', 'invalid'],
  ] as const)
    assert.equal(classifyAddress(address), expected, address)
})

test('only public addresses are dialled, unless private ones are allowed', async () => {
  const before = hits
  for (const host of [
    '127.0.0.1',
    'localhost',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '127.1',
    '0x7f000001',
    '2130706433',
    '0177.0.0.1',
    '0.0.0.0',
  ]) {
    assert.equal(await get(host, { allowPrivate: false }), 'ERR_BLOCKED_ADDRESS', host)
  }
  assert.equal(hits, before)
  assert.equal(await get('127.0.0.1', { allowPrivate: true }), '200 hello')
  assert.equal(await get('rebound.example', { allowPrivate: true, lookup: answers('127.0.0.1') }), '200 hello')
})

test('only loopback or only private addresses may be allowed', async () => {
  assert.equal(await get('127.0.0.1', { allowPrivate: 'loopback' }), '200 hello')
  assert.equal(await get('127.0.0.1', { allowPrivate: 'private' }), 'ERR_BLOCKED_ADDRESS')
  assert.equal(await get('x.example', { allowPrivate: 'loopback', lookup: answers('127.0.0.1', '10.0.0.1') }), 'ERR_BLOCKED_ADDRESS')
})

test('metadata and link-local addresses are never dialled', async () => {
  for (const host of ['169.254.169.254', '[fe80::1]', '[fd00:ec2::254]', '0.0.0.0'])
    assert.equal(await get(host, { allowPrivate: true }), 'ERR_BLOCKED_ADDRESS', host)
  assert.equal(await get('x.example', { allowPrivate: true, lookup: answers('169.254.169.254') }), 'ERR_BLOCKED_ADDRESS')
})

test('every address of a name is checked, and a name is resolved once for a connection', async () => {
  assert.equal(await get('x.example', { allowPrivate: false, lookup: answers('93.184.216.34', '127.0.0.1') }), 'ERR_BLOCKED_ADDRESS')
  assert.equal(await get('x.example', { allowPrivate: true, lookup: answers('127.0.0.1', '169.254.169.254') }), 'ERR_BLOCKED_ADDRESS')
  assert.equal(await get('x.example', { allowPrivate: true, lookup: answers() }), 'ERR_BLOCKED_ADDRESS')
  let asked = 0
  // A name server that answers differently the second time is not asked a second time.
  const lookup: NonNullable<DialerOptions['lookup']> = (host, answer) =>
    (asked++ === 0 ? answers('127.0.0.1') : answers('169.254.169.254'))(host, answer)
  assert.equal(await get('x.example', { allowPrivate: true, lookup }), '200 hello')
  assert.equal(asked, 1)
})

test('a dialer for one host dials no other, and redirects are not followed', async () => {
  const options = { allowPrivate: true, onlyHost: '127.0.0.1' }
  assert.equal(await get('127.0.0.1', options), '200 hello')
  assert.equal(await get('localhost', options), 'ERR_BLOCKED_ADDRESS')
  assert.equal(await get('127.0.0.1', options, '/away'), '302 ')
})

test('a template matches its expansions and nothing else, in linear time', () => {
  for (const [template, uri, expected] of [
    ['file:///{path}', 'file:///a.txt', true],
    ['file:///{path}', 'file:///a/b', false],
    ['file:///{path}', 'file:///', false],
    ['file:///{+path}', 'file:///a/b', true],
    ['x://{a}/data', 'x://1/data', true],
    ['x://{a}/data', 'x://1/other', false],
    ['x://{a}-{b}/z', 'x://1-2-3/z', true],
    ['x://{+a}/x{b}', 'x://p/xq/xr', true],
    ['x://{a}{b}', 'x://q', true],
    ['x://s{?q,r}', 'x://s', true],
    ['x://s{?q,r}', 'x://s?q=1', true],
    ['x://s{/p*}', 'x://s/a/b', true],
    ['x://plain', 'x://plain', true],
    ['x://plain', 'x://plain/more', false],
    ['{+all}', 'anything/at/all', true],
  ] as const)
    assert.equal(matchTemplate(template)?.(uri), expected, `${template} ${uri}`)
  for (const broken of ['x://{', 'x://}', 'x://{}', 'x://{a b}', 'x://{a{b}}']) assert.equal(matchTemplate(broken), undefined, broken)
  const matches = matchTemplate(`${'{+a}x'.repeat(10)}!`)
  assert.ok(cpuMs(() => assert.equal(matches?.('x'.repeat(4000)), false)) < 500)
})
