// T22: whoever names a URL that we fetch (a client's metadata document, an issuer's keys) names what only this machine or network can reach,
// in every spelling, by redirects, and by names that change what they stand for. A canary counts connections: none may come.

import assert from 'node:assert/strict'
import { createServer as createHttpServer, type RequestListener } from 'node:http'
import { createServer } from 'node:https'
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { createGuardedFetch, type Fetched, type GuardedFetchOptions, type Lookup } from '../../src/net/index.ts'
import { verifies } from '../requirements.ts'
import { createTestAuthority, type TestAuthority } from '../support/certificates.ts'

verifies('T22', 'A6')

/** On all that loopback is, on one port: 127.0.0.1 and ::1. */
let canary: { readonly port: number; readonly connections: () => number; forget(): void }
let authority: TestAuthority
let pem: { cert: string; key: string }
const open: Server[] = []

before(async () => {
  authority = await createTestAuthority()
  pem = await authority.issue(['public.example', 'other.example', 'localhost', '127.0.0.1', '::1'])
  let connections = 0
  const count = () => createTcpServer((socket) => void (connections++, socket.destroy()))
  const first = await listening(count(), 0, '127.0.0.1')
  await listening(count(), first, '::1').catch(() => {})
  canary = { port: first, connections: () => connections, forget: () => void (connections = 0) }
})
after(() => {
  for (const server of open) {
    server.close()
    ;(server as { closeAllConnections?: () => void }).closeAllConnections?.()
  }
})

async function listening(server: Server, port: number, host: string): Promise<number> {
  open.push(server)
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve))
  return (server.address() as AddressInfo).port
}
/** A site with a certificate for its names; where `to` says so, it is `public.example`, and only by being named is it let be on loopback. */
const site = (handler: RequestListener) => listening(createServer(pem, handler), 0, '127.0.0.1')
const json: RequestListener = (_, response) => void response.setHeader('content-type', 'application/json').end('{"a":1}')

const told = (options: GuardedFetchOptions = {}): GuardedFetchOptions => ({
  ca: [authority.cert],
  dangerouslyAllowPrivateHosts: ['public.example'],
  lookup: (_, answer) => answer(null, [{ address: '127.0.0.1', family: 4 }]),
  ...options,
})
const problemOf = (fetched: Fetched): string => (fetched.answered ? `answered ${fetched.status}` : fetched.problem)
async function ask(url: string, options?: GuardedFetchOptions): Promise<string> {
  const fetch = createGuardedFetch(options)
  try {
    return problemOf(await fetch(url))
  } finally {
    fetch.close()
  }
}
const spellings = [
  '127.0.0.1',
  '127.1',
  '127.0.1',
  '0x7f.1',
  '0x7f000001',
  '2130706433',
  '0177.0.0.1',
  '017700000001',
  '①②⑦.⓪.⓪.①',
  '127.0.0.1.',
  '127.255.255.254',
  '0.0.0.0',
  '0',
  '[::1]',
  '[0:0:0:0:0:0:0:1]',
  '[::]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[::127.0.0.1]',
  '[64:ff9b::7f00:1]',
  '[2002:7f00:1::]',
  '169.254.169.254',
  '[::ffff:169.254.169.254]',
  '0xa9fea9fe',
  '169.254.170.2',
  '100.100.100.200',
  '[fd00:ec2::254]',
  '10.0.0.1',
  '172.16.0.1',
  '192.168.0.1',
  '100.64.0.1',
  '[fc00::1]',
  '[fdff:ffff::1]',
  '[fe80::1]',
  '224.0.0.1',
  '255.255.255.255',
]

describe('T22: an address of this machine or network', () => {
  it('is not dialled in any spelling', async () => {
    for (const host of spellings) assert.equal(await ask(`https://${host}:${canary.port}/`), 'address_blocked', host)
    assert.equal(canary.connections(), 0)
  })
  it('is not dialled by a name that stands for it, alone or beside a public one', async () => {
    for (const address of spellings.map((each) => URL.parse(`https://${each}`)?.hostname.replace(/^\[|\]$/g, '') ?? '')) {
      const family = address.includes(':') ? 6 : 4
      const alone: Lookup = (_, answer) => answer(null, [{ address, family }])
      const beside: Lookup = (_, answer) =>
        answer(null, [
          { address: '203.0.114.1', family: 4 },
          { address, family },
        ])
      for (const lookup of [alone, beside])
        assert.equal(await ask(`https://innocent.example:${canary.port}/`, { lookup }), 'address_blocked', address)
    }
    assert.equal(await ask(`https://localhost:${canary.port}/`), 'address_blocked')
    assert.equal(canary.connections(), 0)
    await ask(`https://localhost:${canary.port}/`, { dangerouslyAllowPrivateHosts: ['localhost'] })
    assert.ok(canary.connections() > 0, 'the canary hears what is let through')
    canary.forget()
    assert.equal(canary.connections(), 0)
  })
  it('is not dialled over anything but https', async () => {
    const addresses = ['http://127.0.0.1', 'http://localhost', 'http://[::1]', 'ftp://127.0.0.1', 'ws://127.0.0.1', 'gopher://127.0.0.1']
    for (const url of addresses) assert.equal(await ask(`${url}:${canary.port}/`), 'insecure_url', url)
    for (const url of ['file:///etc/passwd', 'data:application/json,{}', 'javascript:1', '', '//127.0.0.1/', 'https://'])
      assert.equal(await ask(url), 'insecure_url', url)
    assert.equal(
      await ask('http://public.example/', told()),
      'insecure_url',
      'whoever is named but not on this machine is asked over https',
    )
    assert.equal(canary.connections(), 0)
  })
  it('is not dialled for a name with a user before it', async () => {
    for (const url of [`https://public.example@127.0.0.1:${canary.port}/`, `https://public.example:443@localhost:${canary.port}/`])
      assert.equal(await ask(url, told()), 'insecure_url', url)
    assert.equal(canary.connections(), 0)
  })
})

describe('T22: a resolver that flips its answers', () => {
  // On loopback only a host that was named is dialled at all; what it must not become is an address that nobody may dial.
  const flipping = (): { lookup: Lookup; asked: () => number } => {
    let asked = 0
    return {
      lookup: (_, answer) => answer(null, [{ address: asked++ === 0 ? '127.0.0.1' : '169.254.169.254', family: 4 }]),
      asked: () => asked,
    }
  }
  it('is asked once, and what was checked is what is dialled', async () => {
    const { lookup, asked } = flipping()
    assert.equal(await ask(`https://public.example:${await site(json)}/`, told({ lookup })), 'answered 200')
    assert.equal(asked(), 1)
  })
  it('has its next answer checked like the first: no connection outlives its request', async () => {
    const { lookup } = flipping()
    const fetch = createGuardedFetch(told({ lookup }))
    const url = `https://public.example:${await site(json)}/`
    assert.equal(problemOf(await fetch(url)), 'answered 200')
    assert.equal(problemOf(await fetch(url)), 'address_blocked')
  })
  it('has it checked within one request, too, where a redirect asks again', async () => {
    const { lookup } = flipping()
    const port = await site((_, response) => void response.writeHead(302, { location: '/again' }).end())
    assert.equal(await ask(`https://public.example:${port}/`, told({ lookup })), 'address_blocked')
  })
})

describe('T22: a redirect', () => {
  it('leads to no address of this machine or network, after however many hops', async () => {
    for (const target of [
      `https://127.0.0.1:${canary.port}/`,
      `https://0x7f.1:${canary.port}/`,
      `https://[::1]:${canary.port}/`,
      `https://localhost:${canary.port}/`,
      'https://169.254.169.254/latest/meta-data/',
      `//127.0.0.1:${canary.port}/`,
    ]) {
      const port = await site((request, response) => {
        const hops = Number(new URL(request.url ?? '/', 'https://x').searchParams.get('hops'))
        response.writeHead(302, { location: hops > 0 ? `/?hops=${hops - 1}` : target }).end()
      })
      for (const hops of [0, 2])
        assert.equal(await ask(`https://public.example:${port}/?hops=${hops}`, told()), 'address_blocked', `${target} after ${hops}`)
    }
    assert.equal(canary.connections(), 0)
  })
  it('leads to nothing but https', async () => {
    for (const target of [`http://public.example:${canary.port}/`, `http://127.0.0.1:${canary.port}/`, 'file:///etc/passwd']) {
      const port = await site((_, response) => void response.writeHead(307, { location: target }).end())
      assert.equal(await ask(`https://public.example:${port}/`, told()), 'insecure_url', target)
    }
    assert.equal(canary.connections(), 0)
  })
  it('is followed three times, and never after a POST or where none may be', async () => {
    let asked = 0
    const port = await site((request, response) => {
      asked++
      const hops = Number(request.url?.slice(1))
      if (hops === 0) json(request, response)
      else response.writeHead(302, { location: `/${hops - 1}` }).end()
    })
    const at = (hops: number) => `https://public.example:${port}/${hops}`
    assert.equal(await ask(at(3), told()), 'answered 200')
    assert.equal(await ask(at(4), told()), 'redirected')
    const guarded = createGuardedFetch(told())
    asked = 0
    assert.equal(problemOf(await guarded(at(1), { body: '{}' })), 'redirected')
    assert.equal(problemOf(await guarded(at(1), { maxRedirects: 0 })), 'redirected')
    assert.equal(asked, 2)
  })
  it('takes no header along to another host, and no cookie anywhere', async () => {
    const seen: Record<string, unknown>[] = []
    const second = await site((request, response) => {
      seen.push(request.headers)
      json(request, response)
    })
    const first = await site((request, response) => {
      seen.push(request.headers)
      response.writeHead(302, { location: `https://public.example:${second}/`, 'set-cookie': 'a=b; Path=/' }).end()
    })
    const fetch = createGuardedFetch(told())
    const asked = await fetch(`https://public.example:${first}/`, { headers: { authorization: 'Basic secret' } })
    assert.equal(problemOf(asked), 'answered 200')
    assert.equal(seen[0]?.['authorization'], 'Basic secret')
    assert.equal(seen[1]?.['authorization'], undefined)
    assert.ok(seen.every((headers) => !('cookie' in headers) && !('referer' in headers)))
  })
})

describe('T22: an answer', () => {
  it('is read where it is small, unencoded JSON that came over a trusted certificate, and not otherwise', async () => {
    const answers: Record<string, RequestListener> = {
      'answered 200': json,
      'answered 200 ': (_, response) => void response.setHeader('content-type', 'application/jwk-set+json; charset=utf-8').end('{}'),
      'answered 404': (_, response) => void response.writeHead(404).end('no'),
      'answered 304': (_, response) => void response.writeHead(304).end(),
      not_json: (_, response) => void response.setHeader('content-type', 'text/html').end('<html>'),
      'not_json ': (_, response) => void response.end('{}'),
      'not_json  ': (_, response) =>
        void response.setHeader('content-type', 'application/json').setHeader('content-encoding', 'gzip').end('x'),
      too_large: (_, response) => void response.setHeader('content-type', 'application/json').end(`"${'x'.repeat(70_000)}"`),
      'too_large ': (_, response) => {
        response.setHeader('content-type', 'application/json')
        for (let index = 0; index < 20; index++) response.write('x'.repeat(5000))
        response.end()
      },
      timeout: () => {},
      'timeout ': (_, response) => void response.setHeader('content-type', 'application/json').write('{'),
      unreachable: (request) => void request.socket.destroy(),
    }
    for (const [expected, handler] of Object.entries(answers)) {
      const port = await site(handler)
      assert.equal(await ask(`https://public.example:${port}/`, told({ timeoutMs: 500 })), expected.trim(), expected)
    }
    const untrusted = await site(json)
    const { ca: _, ...without } = told()
    assert.equal(await ask(`https://public.example:${untrusted}/`, without), 'unreachable')
    const plain = await listening(createHttpServer(json), 0, '127.0.0.1')
    assert.equal(await ask(`http://127.0.0.1:${plain}/`, { dangerouslyAllowPrivateHosts: ['127.0.0.1'] }), 'answered 200')
  })
  it('is waited for by so many at once and at one host, and nobody after it was closed', async () => {
    const slow = await site((request, response) => void setTimeout(() => json(request, response), 200))
    const fetch = createGuardedFetch(told({ atOnce: 3, perHost: 2, dangerouslyAllowPrivateHosts: ['public.example', 'other.example'] }))
    const at = (name: string) => `https://${name}.example:${slow}/`
    const first = [fetch(at('public')), fetch(at('public'))]
    assert.equal(problemOf(await fetch(at('public'))), 'busy', 'at one host')
    const second = fetch(at('other'))
    assert.equal(problemOf(await fetch(at('other'))), 'busy', 'at all of them')
    for (const each of [...first, second]) assert.equal(problemOf(await each), 'answered 200')
    assert.equal(problemOf(await fetch(at('public'))), 'answered 200', 'places are given back')
    const underWay = fetch(at('public'))
    fetch.close()
    assert.equal(problemOf(await underWay), 'closed')
    assert.equal(problemOf(await fetch(at('public'))), 'closed')
  })
})
