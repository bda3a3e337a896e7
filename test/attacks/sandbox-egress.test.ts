// Something in a sandbox that was granted a host or two wants to get elsewhere by way of the proxy: to the machine's own network, to
// where clouds keep credentials, or to another host behind the same front. None of it arrives, and all of it is noted.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import type { Connection } from '../../src/sandbox/index.ts'
import { readFirstWords } from '../../src/sandbox/network/first-words.ts'
import { verifies } from '../requirements.ts'
import { createTestAuthority } from '../support/certificates.ts'
import { listen, names, openEgress, readUntil, toEnd } from '../support/egress.ts'
import { startHttps } from '../support/https.ts'
import { until } from '../support/until.ts'

verifies('sandbox-network')

const NAME = 'api.example.com'
const here = { lookup: names({ [NAME]: ['127.0.0.1'] }), dangerouslyAllowPrivateHosts: [NAME] }
const connectTo = (target: string): string => `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`
const statusOf = (answer: string): string => answer.slice(9, 12)
const reasonsOf = (noted: readonly Connection[]): string[] => noted.map(({ reason }) => reason)

suite('a name that leads inwards (T22)', () => {
  const INWARDS = [
    '127.0.0.1',
    '10.0.0.1',
    '172.16.0.1',
    '192.168.1.1',
    '100.64.0.1',
    '169.254.1.1',
    '169.254.169.254',
    '100.100.100.200',
    '224.0.0.1',
    '0.0.0.0',
    '::1',
    '::',
    'fe80::1',
    'fd00::1',
    'fd00:ec2::254',
    'ff02::1',
    '::ffff:127.0.0.1',
    '::ffff:10.0.0.1',
    '::ffff:169.254.169.254',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
  ]
  for (const address of INWARDS)
    test(`is refused: ${address}`, async () => {
      await using canary = await listen()
      const port = canary.port
      await using egress = await openEgress([`${NAME}:${port}`], { lookup: names({ [NAME]: [address] }) })
      assert.equal(statusOf(await egress.say(connectTo(`${NAME}:${port}`))), '403')
      assert.equal(statusOf(await egress.say(`GET http://${NAME}:${port}/ HTTP/1.1\r\nHost: ${NAME}:${port}\r\n\r\n`)), '403')
      assert.deepEqual(reasonsOf(egress.noted), ['blocked_address', 'blocked_address'])
      assert.equal(canary.connections, 0)
    })

  test('is refused for one such address among good ones', async () => {
    await using canary = await listen()
    const lookup = names({ [NAME]: ['93.184.215.14', '127.0.0.1'] })
    await using egress = await openEgress([`${NAME}:${canary.port}`], { lookup })
    assert.equal(statusOf(await egress.say(connectTo(`${NAME}:${canary.port}`))), '403')
    assert.equal(canary.connections, 0)
  })

  test('is refused also where it has led outwards before, and is asked for once a connection', async () => {
    await using canary = await listen()
    const lookup = names({ [NAME]: ['192.0.2.1'] }, { [NAME]: ['127.0.0.1'] })
    await using egress = await openEgress([`${NAME}:${canary.port}`], { lookup })
    // 192.0.2.1 is reserved, so that nothing leaves this test; what counts is that the second answer is another.
    for (const asked of [1, 2, 3]) {
      assert.equal(statusOf(await egress.say(connectTo(`${NAME}:${canary.port}`))), '403')
      assert.equal(lookup.asked(), asked)
    }
    assert.equal(canary.connections, 0)
  })

  test('is dialled at the address that was checked, whatever the name server says next', async () => {
    await using echo = await listen()
    const lookup = names({ [NAME]: ['127.0.0.1'] }, { [NAME]: ['169.254.169.254'] })
    await using egress = await openEgress([`${NAME}:${echo.port}`], { lookup, dangerouslyAllowPrivateHosts: [NAME] })
    const socket = egress.dial()
    socket.end(`${connectTo(`${NAME}:${echo.port}`)}\0hello`)
    assert.match(await toEnd(socket), /\0hello$/)
    assert.equal(lookup.asked(), 1)
    // Even a name that may lead to private addresses leads to no metadata.
    assert.equal(statusOf(await egress.say(connectTo(`${NAME}:${echo.port}`))), '403')
  })

  test('is refused by every name below one that was granted', async () => {
    await using canary = await listen()
    const lookup = names({ 'localtest.example.com': ['127.0.0.1'] })
    await using egress = await openEgress([`*.example.com:${canary.port}`], { lookup })
    assert.equal(statusOf(await egress.say(connectTo(`localtest.example.com:${canary.port}`))), '403')
    assert.equal(canary.connections, 0)
  })
})

suite('an address in place of a name (T22)', () => {
  const WAYS = [
    '127.0.0.1',
    '127.1',
    '0x7f.1',
    '2130706433',
    '017700000001',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    'localhost',
    '%6c%6f%63%61%6c%68%6f%73%74',
    '0.0.0.0',
  ]
  for (const host of WAYS)
    test(`is nothing that a name was granted for: ${host}`, async () => {
      await using canary = await listen()
      await using egress = await openEgress([`${NAME}:${canary.port}`, `*.example.com:${canary.port}`])
      const target = `${host}:${canary.port}`
      assert.match(await egress.say(connectTo(target)), /^HTTP\/1.1 40[03] /)
      assert.match(await egress.say(`GET http://${target}/ HTTP/1.1\r\nHost: ${target}\r\n\r\n`), /^HTTP\/1.1 40[03] /)
      assert.equal(canary.connections, 0)
      assert.equal(egress.noted.length, 2)
    })

  test('is never where clouds keep credentials, even where somebody granted that', async () => {
    await using egress = await openEgress(['169.254.169.254:80', '[fd00:ec2::254]:80', '[fe80::1]:80'])
    for (const target of ['169.254.169.254:80', '[fd00:ec2::254]:80', '[fe80::1]:80'])
      assert.equal(statusOf(await egress.say(connectTo(target))), '403')
    assert.deepEqual(reasonsOf(egress.noted), ['blocked_address', 'blocked_address', 'blocked_address'])
  })

  test('is reached where it was granted as what it is', async () => {
    await using echo = await listen()
    await using egress = await openEgress([`127.0.0.1:${echo.port}`])
    // However it is written: it is one address.
    for (const host of ['127.0.0.1', '0x7f.1']) {
      const socket = egress.dial()
      socket.end(`${connectTo(`${host}:${echo.port}`)}hello`)
      assert.match(await toEnd(socket), /hello$/)
    }
  })

  test('is reached by a redirect no more than without one', async () => {
    await using canary = await listen()
    await using moved = await listen((socket) => {
      socket.end(`HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:${canary.port}/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`)
    })
    await using egress = await openEgress([`${NAME}:${moved.port}`], here)
    const host = `${NAME}:${moved.port}`
    assert.equal(statusOf(await egress.say(`GET http://${host}/ HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)), '302')
    const next = `127.0.0.1:${canary.port}`
    assert.equal(statusOf(await egress.say(`GET http://${next}/ HTTP/1.1\r\nHost: ${next}\r\n\r\n`)), '403')
    assert.equal(canary.connections, 0)
  })
})

suite('another host behind the same front', () => {
  test('is not reached by the name in TLS', async () => {
    const authority = await createTestAuthority()
    await using https = await startHttps(await authority.issue([NAME, 'other.example.org']))
    await using egress = await openEgress([`${NAME}:${https.port}`], here)
    const handshake = async (servername: string): Promise<string> => {
      const socket = egress.dial()
      socket.write(connectTo(`${NAME}:${https.port}`))
      await readUntil(socket, '\r\n\r\n')
      const tls = connectTls({ socket, servername, ca: authority.cert, checkServerIdentity: () => undefined })
      const done = await new Promise<string>((resolve) => {
        tls.once('secureConnect', () => resolve('connected'))
        tls.on('error', () => resolve('refused'))
      })
      tls.destroy()
      return done
    }
    assert.equal(await handshake('other.example.org'), 'refused')
    assert.equal(await handshake(''), 'refused')
    assert.deepEqual(reasonsOf(egress.noted), ['name_mismatch', 'name_mismatch'])
    assert.equal(https.heard(), 0)
    assert.equal(await handshake(NAME), 'connected')
    await egress.note(2)
    assert.equal(egress.noted[2]?.reason, 'allowed')
  })

  test('is not reached by names that only begin with it or end in it', () => {
    for (const [name, expected] of [
      ['api.example.com', 'api.example.com'],
      ['API.Example.COM', 'api.example.com'],
      ['api.example.com.evil.org', 'api.example.com.evil.org'],
    ] as const)
      assert.deepEqual(readFirstWords(hello([serverName(name)])), { kind: 'tls', name: expected })
  })

  test('is not reached by a first message that can be read in two ways', () => {
    const once = serverName(NAME)
    for (const [what, bytes] of [
      ['two names, one after the other', hello([once, serverName('evil.org')])],
      ['two names in one list', hello([serverName(NAME, 'evil.org')])],
      ['a name with a zero in it', hello([serverName(`${NAME}\0.evil.org`)])],
      ['an empty name', hello([serverName('')])],
      ['a length that leads out', hello([Buffer.from([0, 0, 0, 9, 0, 255, 0, 0, 4, 101, 118, 105, 108])])],
      ['something behind the extensions', hello([once], Buffer.from('more'))],
      ['a record of another kind', Buffer.from([22, 3, 1, 0, 4, 2, 0, 0, 0])],
      ['an empty record', Buffer.from([22, 3, 1, 0, 0])],
      ['a record for each of its bytes', inRecords(hello([serverName(NAME)]).subarray(5), 1)],
      ['a record that is too large', Buffer.from([22, 3, 1, 0xff, 0xff])],
      ['a message of megabytes', Buffer.from([22, 3, 1, 0, 4, 1, 0xff, 0xff, 0xff])],
    ] as const)
      assert.deepEqual(readFirstWords(bytes), { kind: 'malformed' }, what)
    assert.deepEqual(readFirstWords(hello([])), { kind: 'tls', name: undefined })
  })

  test('is not reached in pieces: what is cut anywhere is the same', () => {
    const whole = hello([serverName(NAME)])
    for (let cut = 0; cut < whole.length; cut++) assert.deepEqual(readFirstWords(whole.subarray(0, cut)), { kind: 'more' }, String(cut))
    const records = inRecords(whole.subarray(5), 7)
    assert.deepEqual(readFirstWords(records), { kind: 'tls', name: NAME })
  })

  test('is not reached by Host, in the first request or in a later one', async () => {
    await using front = await listen((socket) => {
      socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'))
    })
    await using egress = await openEgress([`${NAME}:${front.port}`], here)
    const host = `${NAME}:${front.port}`
    const asProxy = (field: string): string => `GET http://${host}/ HTTP/1.1\r\n${field}\r\n\r\n`
    for (const field of [`Host: other.example.org`, `Host: ${host}\r\nHost: other.example.org`, `Host: ${NAME}`, `Host: ${host}@evil.org`])
      assert.match(await egress.say(asProxy(field)), /^HTTP\/1.1 40[03] /, field)
    assert.equal(front.connections, 0)

    const socket = egress.dial()
    socket.write(connectTo(host))
    await readUntil(socket, '\r\n\r\n')
    socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
    await readUntil(socket, '200 OK')
    socket.write('GET / HTTP/1.1\r\nHost: other.example.org\r\n\r\n')
    assert.match(await toEnd(socket), /^HTTP\/1.1 403 /)
    assert.ok(!front.heard.includes('other.example.org'))
  })

  test('is not reached by what looks like no HTTP at first', async () => {
    for (const begins of [
      '\r\n\r\nGET / HTTP/1.1\r\n',
      'GET\t/ HTTP/1.1\r\n',
      'get / http/1.1\n',
      'MADE-UP / HTTP/1.0\r\n',
      'PRI * HTTP/2.0\r\n',
    ])
      assert.deepEqual(readFirstWords(Buffer.from(begins)), { kind: 'http' }, JSON.stringify(begins))
    for (const begins of ['EHLO me\r\n', '\0\0\0\x08\x04\xd2\x16\x2f', '*1\r\n$4\r\nPING\r\n', 'SSH-2.0-OpenSSH_9.9 x\r\n'])
      assert.deepEqual(readFirstWords(Buffer.from(begins, 'latin1')), { kind: 'other' }, JSON.stringify(begins))
  })

  test('is not reached by another protocol on the ports of the web', async () => {
    await using egress = await openEgress([`${NAME}:80`, '127.0.0.1:80'], here)
    const socket = egress.dial()
    socket.write(`${connectTo(`${NAME}:80`)}\x16\x03\x01\0\x01\0`)
    assert.match(await toEnd(socket), /established\r\n\r\nHTTP\/1.1 400 /)
    assert.deepEqual(reasonsOf(egress.noted), ['malformed_request'])
  })
})

suite('a request within another', () => {
  test('is not smuggled in a body whose length can be read in two ways', async () => {
    await using front = await listen(
      (socket) => void socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')),
    )
    await using egress = await openEgress([`${NAME}:${front.port}`], here)
    const host = `${NAME}:${front.port}`
    const inner = 'GET /inner HTTP/1.1\r\nHost: other.example.org\r\n\r\n'
    for (const fields of [
      `Content-Length: ${inner.length}\r\nTransfer-Encoding: chunked`,
      'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity',
      'Transfer-Encoding: gzip, chunked',
      'Transfer-Encoding: xchunked',
      'Transfer-Encoding : chunked',
      'Content-Length: 0\r\nContent-Length: 5',
      'Content-Length: +5',
      'Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 5',
    ]) {
      const answer = await egress.say(`POST http://${host}/ HTTP/1.1\r\nHost: ${host}\r\n${fields}\r\n\r\n0\r\n\r\n${inner}`)
      assert.match(answer, /^HTTP\/1.1 400 /, fields)
    }
    assert.equal(front.connections, 0)
  })

  test('is not smuggled past a body that is framed anew', async () => {
    await using front = await listen(
      (socket) => void socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')),
    )
    await using egress = await openEgress([`${NAME}:${front.port}`], here)
    const host = `${NAME}:${front.port}`
    // Of a GET without a length there is no body: what follows is a request of its own, and judged.
    const socket = egress.dial()
    socket.write(`GET http://${host}/ HTTP/1.1\r\nHost: ${host}\r\n\r\nGET http://${host}/2 HTTP/1.1\r\nHost: other.example.org\r\n\r\n`)
    assert.match(await toEnd(socket), /^HTTP\/1.1 200 [^]*HTTP\/1.1 403 /)
    assert.equal(front.connections, 1)
    assert.ok(!front.heard.includes('/2'))
  })

  test('is no CONNECT to elsewhere', async () => {
    await using canary = await listen()
    await using front = await listen((socket) => {
      socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'))
    })
    await using egress = await openEgress([`${NAME}:${front.port}`, `127.0.0.1:${canary.port}`], here)
    const host = `${NAME}:${front.port}`
    const socket = egress.dial()
    socket.write(connectTo(host))
    await readUntil(socket, '\r\n\r\n')
    socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
    await readUntil(socket, '200 OK')
    socket.write(connectTo(`127.0.0.1:${canary.port}`))
    assert.match(await toEnd(socket), /^HTTP\/1.1 400 /)
    assert.equal(canary.connections, 0)
    for (const target of [
      `${NAME}:${front.port}@127.0.0.1:${canary.port}`,
      `127.0.0.1:${canary.port}#${host}`,
      `*.example.com:${front.port}`,
      '/',
      '',
      `${host}/`,
      `http://${host}`,
    ])
      assert.match(await egress.say(`CONNECT ${target} HTTP/1.1\r\nHost: x\r\n\r\n`), /^(?:HTTP\/1.1 400 |$)/, target)
  })

  test('has no target that two could read as two hosts', async () => {
    await using canary = await listen()
    await using egress = await openEgress([`${NAME}:${canary.port}`], here)
    const host = `${NAME}:${canary.port}`
    for (const url of [
      `http://${host}@evil.org/`,
      `http://evil.org\\@${host}/`,
      `http://evil.org#@${host}/`,
      `https://${host}/`,
      `ftp://${host}/`,
      `//${host}/`,
      '/',
      '*',
    ])
      assert.match(await egress.say(`GET ${url} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`), /^HTTP\/1.1 40[03] /, url)
    assert.equal(canary.connections, 0)
  })
})

suite('a host that answers as nobody does', () => {
  const ANSWERS = [
    'HTTP/1.1 099 Low\r\n\r\n',
    'HTTP/1.1 200 \x01\x02\r\nContent-Length: 0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nX: \x01\r\nContent-Length: 0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nshort',
    `HTTP/1.1 200 OK\r\nX: ${'y'.repeat(100_000)}\r\n\r\n`,
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: other\r\nConnection: Upgrade\r\n\r\nmore',
    'HTTP/1.1 100 Continue\r\n\r\n',
    'no HTTP at all',
    '',
  ]
  for (const [at, answer] of ANSWERS.entries())
    test(`breaks its own connection and nothing else: ${at} ${JSON.stringify(answer.slice(0, 40))}`, async () => {
      await using odd = await listen((socket) => void socket.once('data', () => socket.end(answer, 'latin1')))
      await using echo = await listen()
      await using egress = await openEgress([`${NAME}:${odd.port}`, `127.0.0.1:${echo.port}`], here)
      const host = `${NAME}:${odd.port}`
      for (const fields of ['Connection: close', 'Connection: Upgrade\r\nUpgrade: websocket'])
        await egress.say(`GET http://${host}/ HTTP/1.1\r\nHost: ${host}\r\n${fields}\r\n\r\n`)
      await until('both are noted', () => egress.noted.length === 2)
      const socket = egress.dial()
      socket.end(`${connectTo(`127.0.0.1:${echo.port}`)}still here`)
      assert.match(await toEnd(socket), /still here$/)
    })
})

suite('a flood', () => {
  test('of fields ends at their bound', async () => {
    await using egress = await openEgress([`${NAME}:80`])
    const answer = await egress.say(`GET http://${NAME}/ HTTP/1.1\r\nHost: ${NAME}\r\n`, `X: ${'y'.repeat(20_000)}\r\n`)
    assert.match(answer, /^HTTP\/1.1 4\d\d /)
    assert.equal((await egress.note()).reason, 'malformed_request')
  })

  test('of connections ends at theirs, and others go on when some have ended', async () => {
    await using echo = await listen()
    await using egress = await openEgress([`127.0.0.1:${echo.port}`], { limits: { connections: 4 } })
    const open = Array.from({ length: 10 }, () => egress.dial())
    for (const socket of open) socket.write(connectTo(`127.0.0.1:${echo.port}`))
    await until('six are turned away', () => egress.noted.filter(({ reason }) => reason === 'too_many_connections').length === 6)
    await until('four are connected', () => echo.connections === 4)
    for (const socket of open) socket.destroy()
    await until('they are gone', () => reasonsOf(egress.noted).filter((reason) => reason === 'allowed').length === 4)
    const socket = egress.dial()
    socket.end(`${connectTo(`127.0.0.1:${echo.port}`)}again`)
    assert.match(await toEnd(socket), /again$/)
  })

  test('of connections that ask for nothing ends at theirs', async () => {
    await using egress = await openEgress(['127.0.0.1:80'], { limits: { connections: 4 } })
    const open = Array.from({ length: 10 }, () => egress.dial())
    await until('six are turned away', () => egress.noted.length === 6)
    await until('they are closed', () => open.slice(4).every((socket) => socket.closed))
    assert.ok(open.slice(0, 4).every((socket) => !socket.closed))
    for (const socket of open) socket.destroy()
  })

  test('of requests on one connection makes no more than as many of ours', async () => {
    await using silent = await listen(() => {})
    await using egress = await openEgress([`127.0.0.1:${silent.port}`], { limits: { connections: 4 } })
    const host = `127.0.0.1:${silent.port}`
    const socket = egress.dial()
    for (let n = 0; n < 50; n++) socket.write(`GET http://${host}/${n} HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
    await until('the rest is refused', () => egress.noted.some(({ reason }) => reason === 'too_many_connections'))
    assert.ok(silent.connections <= 4)
    socket.destroy()
  })

  test('of silence ends: before the key, before a request, in a name, and once connected', async () => {
    await using silent = await listen(() => {})
    const limits = { headersTimeoutMs: 100, idleMs: 300 }
    await using egress = await openEgress([`${NAME}:443`, `${NAME}:${silent.port}`, `127.0.0.1:${silent.port}`], { ...here, limits })
    const beforeKey = egress.dial('')
    const beforeRequest = egress.dial()
    beforeRequest.write('GET http://x/ HTTP/1.1\r\nX: ')
    const inName = egress.dial()
    inName.write(`${connectTo(`${NAME}:${silent.port}`)}\x16\x03\x01`)
    const connected = egress.dial()
    connected.write(connectTo(`127.0.0.1:${silent.port}`))
    await Promise.all([beforeKey, beforeRequest, inName, connected].map(toEnd))
    await until('those that were connected are noted', () => egress.noted.length >= 2)
    assert.ok(reasonsOf(egress.noted).includes('timeout'))
  })
})

/** A ClientHello with these extensions, in one record. */
function hello(extensions: readonly Buffer[], after: Buffer = Buffer.alloc(0)): Buffer {
  const list = Buffer.concat(extensions)
  const body = Buffer.concat([
    Buffer.from([3, 3]),
    Buffer.alloc(32),
    Buffer.from([0]),
    Buffer.from([0, 2, 0x13, 0x01]),
    Buffer.from([1, 0]),
    uint16(list.length),
    list,
    after,
  ])
  const message = Buffer.concat([Buffer.from([1, 0]), uint16(body.length), body])
  return Buffer.concat([Buffer.from([22, 3, 1]), uint16(message.length), message])
}

function serverName(...hosts: readonly string[]): Buffer {
  const list = Buffer.concat(hosts.map((host) => Buffer.concat([Buffer.from([0]), uint16(host.length), Buffer.from(host, 'latin1')])))
  return Buffer.concat([uint16(0), uint16(list.length + 2), uint16(list.length), list])
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(value)
  return bytes
}

function inRecords(message: Buffer, size: number): Buffer {
  const records: Buffer[] = []
  for (let at = 0; at < message.length; at += size) {
    const part = message.subarray(at, at + size)
    records.push(Buffer.from([22, 3, 1]), uint16(part.length), part)
  }
  return Buffer.concat(records)
}
