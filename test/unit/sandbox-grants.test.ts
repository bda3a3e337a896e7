// The one language of grants: what is written, and what is made of it.

import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  beyond,
  type Destination,
  lowered,
  matchesDestination,
  parseDestination,
  type SandboxOptions,
  sandboxSchema,
  serverLimits,
  showDestination,
  toGrants,
  together,
  toolLimits,
} from '../../src/sandbox/index.ts'
import { verifies } from '../requirements.ts'

verifies('sandbox-grants')

const parsed = (written: string): Destination => {
  const found = parseDestination(written)
  if ('problem' in found) assert.fail(`${written}: ${found.problem}`)
  return found
}
const isRefused = (written: string): boolean => 'problem' in parseDestination(written)

test('a destination is a host and a port, as the URL parser writes the host', () => {
  assert.deepEqual(parsed('API.Example.com:443'), { host: 'api.example.com', port: 443 })
  assert.deepEqual(parsed('api.example.com.:443'), { host: 'api.example.com', port: 443 }, 'a final dot is the same host')
  assert.deepEqual(parsed('faß.example:443'), { host: 'xn--fa-hia.example', port: 443 })
  assert.deepEqual(parsed('192.0.2.7:5432'), { host: '192.0.2.7', port: 5432 })
  assert.deepEqual(parsed('0xc0.2.7:80'), { host: '192.2.0.7', port: 80 }, 'an old way to write an address')
  assert.deepEqual(parsed('[2001:DB8:0::1]:443'), { host: '2001:db8::1', port: 443 })
  assert.deepEqual(parsed('*.Example.com:443'), { host: '*.example.com', port: 443 })
  assert.deepEqual(parsed('localhost:00080'), { host: 'localhost', port: 80 })
})

test('what is no destination is refused, and so is what looks like another one', () => {
  for (const written of [
    '',
    ':443',
    'example.com',
    'example.com:',
    'example.com:0',
    'example.com:65536',
    'example.com:443/x',
    'https://example.com:443',
    'user@example.com:443',
    'example.com:443:443',
    'exa mple.com:443',
    'example.com\n:443',
    'example.com\\@evil.example:443',
    '2001:db8::1:443',
    '[2001:db8::1]',
    '[fe80::1%eth0]:80',
    '[example.com]:443',
    '[]:443',
    '999.1.1.1:80',
    '%65xample.com:443',
    'a..example.com:443',
    '.example.com:443',
    `${`${'a'.repeat(63)}.`.repeat(4)}com:443`,
    'exam\u00adple.com:443',
    'exam\u200bple.com:443',
  ])
    assert.ok(isRefused(written), JSON.stringify(written))
})

test('a star stands at the beginning, for every name below a domain', () => {
  for (const written of [
    '*:443',
    '*.:443',
    '*.com:443',
    '*.192.0.2.1:443',
    'a.*.com:443',
    '*a.example.com:443',
    '**.example.com:443',
    '*.*.example.com:443',
  ])
    assert.ok(isRefused(written), written)
  const below = parsed('*.example.com:443')
  assert.ok(matchesDestination(below, { host: 'a.example.com', port: 443 }))
  assert.ok(matchesDestination(below, { host: 'a.b.example.com', port: 443 }))
  for (const host of ['example.com', '.example.com', 'badexample.com', 'example.com.evil.test', 'a.example.com.'])
    assert.ok(!matchesDestination(below, { host, port: 443 }), host)
  assert.ok(!matchesDestination(below, { host: 'a.example.com', port: 80 }), 'another port')
})

test('a destination without a star is that host and that port', () => {
  const host = parsed('example.com:443')
  assert.ok(matchesDestination(host, { host: 'example.com', port: 443 }))
  for (const other of [
    { host: 'example.com', port: 8443 },
    { host: 'a.example.com', port: 443 },
    { host: 'example.co', port: 443 },
  ])
    assert.ok(!matchesDestination(host, other), showDestination(other))
})

test('no text breaks the parser, and what it makes of one it makes of what it shows', () => {
  const written = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 80 }),
    fc.tuple(fc.domain(), fc.integer({ min: 0, max: 70_000 })).map(([host, port]) => `${host}:${port}`),
    fc.tuple(fc.ipV6(), fc.nat(70_000)).map(([host, port]) => `[${host}]:${port}`),
    fc
      .tuple(fc.constantFrom('*.', '*', '.', '[', 'a.', '\u200b', '\\', '%41'), fc.domain(), fc.nat(70_000))
      .map(([a, b, c]) => `${a}${b}:${c}`),
  )
  fc.assert(
    fc.property(written, (text) => {
      const found = parseDestination(text)
      if ('problem' in found) return assert.ok(found.problem.length > 0)
      assert.deepEqual(parseDestination(showDestination(found)), found)
      assert.match(found.host, /^(?:\*\.)?[\x21-\x7e]+$/)
      assert.ok(found.port >= 1 && found.port <= 65_535)
    }),
    { numRuns: 1000 },
  )
})

test('a star matches exactly the names that end in what is after it', () => {
  fc.assert(
    fc.property(fc.domain(), fc.domain(), fc.boolean(), (above, other, isBelow) => {
      const grant = parsed(`*.${above}:443`)
      const host = (isBelow ? `${other}.${above}` : other).toLowerCase()
      const expected = host.endsWith(`.${above.toLowerCase()}`)
      assert.equal(matchesDestination(grant, { host, port: 443 }), expected)
    }),
  )
})

test('paths are relative to whoever says so, "~/" is the home of whoever starts it, and links are followed', () => {
  const base = realpathSync(mkdtempSync(join(tmpdir(), 'grants-')))
  mkdirSync(join(base, 'data'))
  symlinkSync(join(base, 'data'), join(base, 'link'))
  const { read, write, run } = toGrants(
    { read: ['./data', 'data', 'link', '~/notes', '~', 'not-there', '~other'], write: ['/srv/x/../y'], run: ['git', './tool', '~/bin/x'] },
    base,
    toolLimits,
  )
  const home = realpathSync(homedir())
  assert.deepEqual(read, [join(base, 'data'), join(home, 'notes'), home, join(base, 'not-there'), join(base, '~other')])
  assert.deepEqual(write, ['/srv/y'])
  assert.deepEqual(run, ['git', join(base, 'tool'), join(home, 'bin/x')])
})

test('where a link leads later grants nothing', () => {
  const base = realpathSync(mkdtempSync(join(tmpdir(), 'grants-')))
  for (const name of ['a', 'b']) writeFileSync(join(base, name), name)
  symlinkSync(join(base, 'a'), join(base, 'link'))
  assert.deepEqual(toGrants({ read: ['link'] }, base, toolLimits).read, [join(base, 'a')])
})

test('nothing named is nothing granted, and every limit is in place', () => {
  const { limits, ...granted } = toGrants({}, '/', serverLimits)
  assert.deepEqual(granted, { read: [], write: [], net: [], env: [], run: [] })
  assert.deepEqual(limits, serverLimits)
  assert.deepEqual(toGrants({ memoryMb: 128, cpuSeconds: 1 }, '/', toolLimits).limits, { ...toolLimits, memoryMb: 128, cpuSeconds: 1 })
})

test('what is asked for lies within what is said to be the most, or is named; and all that is named would allow it', () => {
  const within = (asked: SandboxOptions, atMost: SandboxOptions): SandboxOptions =>
    beyond(
      toGrants(asked, '/none', lowered(toolLimits, toGrants(atMost, '/none', toolLimits).limits)),
      toGrants(atMost, '/none', toolLimits),
    )
  assert.deepEqual(within({ read: ['a/b', '/c'] }, { read: ['a'], write: ['/c'] }), {}, 'what may be written may be read')
  assert.deepEqual(within({ write: ['a'], read: ['ab', '..'] }, { read: ['a'] }), { read: ['/none/ab', '/'], write: ['/none/a'] })
  assert.deepEqual(within({ net: ['b.a.example:1', '*.b.a.example:1'] }, { net: ['*.a.example:1'] }), {})
  for (const net of ['a.example:1', 'b.a.example:2', '*.example.org:1', 'ba.example:1', '127.0.0.1:1', '[::1]:1'])
    assert.deepEqual(within({ net: [net] }, { net: ['*.a.example:1'] }), { net: [net] })
  assert.deepEqual(within({ net: ['*.a.example:1'] }, { net: ['b.a.example:1', 'a.example:1'] }), { net: ['*.a.example:1'] })
  assert.deepEqual(within({ memoryMb: 100, timeoutMs: 30_001 }, { memoryMb: 99 }), { memoryMb: 100, timeoutMs: 30_001 })
  assert.deepEqual(within({ memoryMb: 100 }, { memoryMb: 100 }), {})
  assert.deepEqual(lowered(toolLimits, { ...serverLimits, memoryMb: 100 }), { ...toolLimits, memoryMb: 100 })
  assert.equal(lowered(toolLimits, { ...toolLimits, cpuSeconds: 2 }).cpuSeconds, 2)
  const lists = (...values: string[]): fc.Arbitrary<string[]> => fc.subarray(values)
  const options: fc.Arbitrary<SandboxOptions> = fc.record(
    {
      read: lists('/a', '/a/b', '/c'),
      write: lists('/a', '/a/b', '/d'),
      net: lists('x.example:1', '*.x.example:1', 'y.x.example:1', '*.y.x.example:1'),
      env: lists('A', 'B'),
      run: lists('git', '/bin/git'),
      timeoutMs: fc.integer({ min: 1, max: 60_000 }),
      cpuSeconds: fc.integer({ min: 1, max: 20 }),
    },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(options, options, (asked, atMost) => {
      assert.deepEqual(within(atMost, atMost), {})
      assert.deepEqual(within(asked, together(atMost, within(asked, atMost))), {})
    }),
  )
})

test('what is written wrongly is named, and nothing of it is taken', () => {
  for (const wrong of [
    { reads: ['x'] },
    { read: 'x' },
    { read: [''] },
    { read: ['a\0b'] },
    { net: ['example.com'] },
    { env: ['A=B'] },
    { env: ['SALLYPORT_MASTER_KEY'] },
    { env: ['sallyport_x'] },
    { memoryMb: 1 },
    { timeoutMs: 0 },
    { cpuSeconds: 0.5 },
    { maxProcesses: 1 },
    { run: Array.from({ length: 257 }, () => 'x') },
  ])
    assert.ok(!sandboxSchema.safeParse(wrong).success, JSON.stringify(wrong).slice(0, 60))
  const right = { read: ['x'], write: [], net: ['example.com:443'], env: ['TZ'], run: ['git'], memoryMb: 256, timeoutMs: 1000 }
  assert.deepEqual(sandboxSchema.parse(right), right)
})
