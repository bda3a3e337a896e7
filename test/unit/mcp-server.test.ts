// A server in code as a whole: what it refuses to start with, what it says at the start, how it changes while it runs, and how it ends.

import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { ConfigError, type Log } from '../../src/core/index.ts'
import { MCPServer, type MCPServerOptions, tool } from '../../src/server/index.ts'
import { mcp } from '../support/mcp.ts'
import { createTempDir } from '../support/paths.ts'
import { startServer } from '../support/server.ts'

const problemsOf = (options: unknown): readonly string[] => {
  try {
    new MCPServer({ log: false, ...(options as MCPServerOptions) })
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}
const look = tool({ name: 'look', permissions: { requiredScopes: ['tools:read'] }, execute: () => 'seen' })
const namesOf = (tools: readonly { readonly name: string }[]): string[] => tools.map(({ name }) => name).sort((a, b) => a.localeCompare(b))

describe('what is wrong', () => {
  it('stops the start, all of it named at once, and no value shown', () => {
    const problems = problemsOf({
      nmae: 'x',
      port: 7777,
      limits: { bodyBytes: -1, deph: 3 },
      cors: { origin: ['https://*.example.com'] },
      rateLimit: { max: '5' },
      auth: { dangerouslyAllowAnonymos: true },
      tools: [look, look, { name: 'b', execute: 'no' }, 'nothing'],
      prompts: [{ name: 'p', template: 'System: {{secret-value}}' }],
      resources: [{ uri: 'not a uri', name: 'r', read: () => 'x' }],
    })
    const text = problems.join('\n')
    for (const expected of [
      /MCPServer\.nmae: there is no such key; did you mean "name"\?/,
      /limits/,
      /cors/,
      /rateLimit\.max/,
      /auth/,
      /tool "look": is there twice/,
      /tool "b": execute: must be a function/,
      /tools: each must be an object/,
      /prompt "p"/,
      /resource "not a uri": uri/,
    ])
      assert.match(text, expected)
  })
  it('is found where it is, with the key that was probably meant, before anything is opened', () => {
    const tls = { cert: 'a.pem', key: 'b.pem', certt: 'x' }
    assert.deepEqual(
      problemsOf({
        prot: 1,
        port: 'x',
        host: 7,
        path: 'mcp',
        publicUrl: 'ftp://example.com',
        proxy: { trustedAdresses: ['10.0.0.1'], hops: 1 },
        behindProxy: 'yes',
        tls,
        cors: { origins: 'https://a.example', origin: 'https://a.example' },
        limits: { bodyByte: 1, tasks: { runing: 1 } },
        rateLimit: { maxx: 1, maximum: 2, tools: { max: 1, windowMS: 1 }, users: { ana: { mx: 1, max: 1 } } },
        auth: { dangerouslyAllowAnonymos: true },
      }),
      [
        'MCPServer.auth.dangerouslyAllowAnonymos: there is no such key; did you mean "dangerouslyAllowAnonymous"?',
        'MCPServer.limits.tasks.runing: there is no such key; did you mean "running"?',
        'MCPServer.limits.bodyByte: there is no such key; did you mean "bodyBytes"?',
        'MCPServer.port: must be a port, 0 to 65535',
        'MCPServer.host: expected string, received number',
        'MCPServer.path: must be a path, like /mcp',
        'MCPServer.publicUrl: must be a URL, like https://mcp.example.com',
        'MCPServer.proxy.trustedAdresses: there is no such key; did you mean "trustedAddresses"?',
        'MCPServer.tls.certt: there is no such key; did you mean "cert"?',
        'MCPServer.behindProxy: expected boolean, received string',
        'MCPServer.prot: there is no such key; did you mean "port"?',
        'MCPServer.cors.origins: there is no such key; did you mean "origin"?',
        'MCPServer.rateLimit.tools.windowMS: there is no such key; did you mean "windowMs"?',
        'MCPServer.rateLimit.users.ana.mx: there is no such key; did you mean "max"?',
        'MCPServer.rateLimit.maxx: there is no such key; did you mean "max"?',
        'MCPServer.rateLimit.maximum: there is no such key; did you mean "max"?',
      ],
    )
    assert.deepEqual(problemsOf({ tools: 3 }), ['MCPServer.tools: must be a list of at most 10000 definitions'])
    assert.deepEqual(problemsOf({ tls: 'nope' }), ['MCPServer.tls: must be { cert, key }, or "local"'])
    // In `sallyport.yaml` there is a block of that name.
    assert.deepEqual(problemsOf({ listen: { port: 0 } }), ['MCPServer.listen: there is no such key; did you mean "port"?'])
    // What goes together is judged where it is served: an app has neither host nor TLS of ours.
    assert.deepEqual(problemsOf({ host: '0.0.0.0' }), [])
  })
  it('is anything that is said where it listens, and nothing is opened then', async () => {
    await using folder = await createTempDir('server')
    const server = new MCPServer({ log: false, port: 0, dataDir: folder.path })
    try {
      for (const begin of ['listen', 'start'] as const) {
        // @ts-expect-error in JavaScript nobody says so
        const listening = server[begin]({ port: 3000 })
        await assert.rejects(listening, (error: ConfigError) => {
          assert.deepEqual(error.problems, ['MCPServer.listen: takes nothing: port, host and the like are options of new MCPServer({ … })'])
          return error instanceof ConfigError
        })
      }
      assert.deepEqual(readdirSync(folder.path), [])
    } finally {
      await server.close()
    }
  })
  it('is printed once each, before the stack: so an error that nobody catches is shown in a terminal', () => {
    const create = (): unknown => new MCPServer({ prot: 1, port: -1, limits: { depth: 0 } } as MCPServerOptions)
    assert.throws(create, (error: ConfigError) => {
      const [head = '', ...after] = inspect(error).split('\n    at ')
      assert.equal(head, `ConfigError: ${error.problems.join('\n')}`)
      assert.equal(error.problems.length, 3)
      for (const problem of error.problems) assert.ok(!after.join('').includes(problem), problem)
      return true
    })
  })
  it('is a bound with which nothing could be answered', () => {
    const problems = problemsOf({ limits: { bodyBytes: 1, resultBytes: 1, depth: 1 } }).map((problem) => problem.split(':')[0])
    assert.deepEqual(problems, ['MCPServer.limits.bodyBytes', 'MCPServer.limits.depth', 'MCPServer.limits.resultBytes'])
  })
  it('is an unbounded field under strict, and only warned of otherwise', () => {
    const open = { name: 'open', parameters: { type: 'object', properties: { text: { type: 'string' } } }, execute: () => 'x' }
    const said: string[] = []
    const log: Log = (level, message) => void (level === 'warn' && said.push(message))
    new MCPServer({ log, tools: [open] } as never)
    assert.equal(said.length, 1)
    assert.match(said[0] as string, /tool "open": .*text.*maxLength/)
    assert.match(problemsOf({ strict: true, tools: [open] }).join(), /maxLength/)
  })
  it('is a call that costs more than a window holds', () => {
    const dear = { name: 'dear', cost: 20, execute: () => 'x' }
    assert.match(problemsOf({ rateLimit: { max: 10 }, tools: [dear] }).join(), /tool dear: one use costs 20/)
  })
  it('is everybody without a credential anywhere but at loopback', async () => {
    await using folder = await createTempDir('server')
    const auth = { dangerouslyAllowAnonymous: true }
    const reached = [
      { host: '0.0.0.0', behindProxy: true, publicUrl: 'https://mcp.example.com' },
      { host: '0.0.0.0', tls: 'local' },
      { publicUrl: 'https://mcp.example.com', behindProxy: true },
    ] as const
    for (const options of reached)
      await assert.rejects(new MCPServer({ log: false, port: 0, dataDir: folder.path, auth, ...options }).listen(), ConfigError)
  })
})

describe('a server that runs', () => {
  it('serves whoever has no credential only where it was told to, and says so', async () => {
    const said: string[] = []
    await using open = await startServer({
      tools: [look],
      auth: { dangerouslyAllowAnonymous: true },
      log: (level, message) => void (level === 'warn' && said.push(message)),
    })
    assert.deepEqual(namesOf(await mcp(open.url).list()), ['look'])
    assert.equal((await mcp(open.url, { key: 'wrong' }).request('tools/list')).status, 401, 'what is presented must be good')
    assert.match(said.join(), /dangerouslyAllowAnonymous/)
    assert.equal(open.setupLink, undefined)
  })
  it('changes what it offers in one step, tells who listens, and keeps the old where the new is wrong', async () => {
    await using world = await startServer({ tools: [look], prompts: [{ name: 'hello', template: 'Say hello' }] })
    const key = await world.key()
    const stream = await mcp(world.url, { key }).open('subscriptions/listen', { notifications: { toolsListChanged: true } })
    await stream.messages.next()
    await assert.rejects(world.server.update({ tools: [look, look] }), /is there twice/)
    assert.deepEqual(namesOf(await mcp(world.url, { key }).list()), ['look'])
    await world.server.update({ tools: [look, { name: 'new', execute: () => 'new' }] })
    assert.equal((await stream.messages.next()).value.method, 'notifications/tools/list_changed')
    stream.abort()
    assert.deepEqual(namesOf(await mcp(world.url, { key }).list()), ['look', 'new'])
    assert.deepEqual(namesOf(await mcp(world.url, { key }).list('prompts')), ['hello'], 'what was not named stays')
  })
  it('lists in pages, and a cursor of another list is none', async () => {
    const tools = Array.from({ length: 25 }, (_, n) => ({ name: `t${n}`, execute: () => 'x' }))
    await using world = await startServer({ tools, limits: { pageItems: 10 } })
    const client = mcp(world.url, { key: await world.key() })
    const first = (await client.request('tools/list')).result
    assert.equal(first.tools.length, 10)
    assert.equal((await client.list()).length, 25)
    for (const cursor of ['', 'x', `${first.nextCursor}0`, 'constructor', 7])
      assert.equal((await client.request('tools/list', { cursor })).error.code, -32602)
    await world.server.update({ tools: tools.slice(1) })
    assert.equal((await client.request('tools/list', { cursor: first.nextCursor })).error.code, -32602)
  })
  it('runs no more of a tool at once than it may', async () => {
    const { promise: gate, resolve: open } = Promise.withResolvers<void>()
    let running = 0
    const slow = { name: 'slow', concurrency: 2, execute: () => (running++, gate.then(() => 'done')) }
    const broken = {
      name: 'broken',
      concurrency: 1,
      execute: () => {
        throw new Error('x')
      },
    }
    await using world = await startServer({ tools: [slow, broken] })
    const client = mcp(world.url, { key: await world.key() })
    const calls = [client.call('slow'), client.call('slow')]
    while (running < 2) await new Promise((resolve) => setTimeout(resolve, 5))
    const third = await client.call('slow')
    assert.equal(third.status, 503)
    open()
    for (const { result } of await Promise.all(calls)) assert.equal(result.content[0].text, 'done')
    assert.equal((await client.call('slow')).status, 200, 'a place is given back')
    for (let i = 0; i < 3; i++) assert.match((await client.call('broken')).result.content[0].text, /failed/, 'also by what throws at once')
  })
  it('starts again after it was closed, and not twice at once', async () => {
    await using folder = await createTempDir('server')
    const server = new MCPServer({ log: false, port: 0, dataDir: folder.path, tools: [look] })
    for (let round = 0; round < 2; round++) {
      const { url } = await server.start()
      await assert.rejects(server.listen(), /runs already/)
      assert.equal((await mcp(url).request('tools/list')).status, 401)
      assert.equal(server.url, url)
      await server.close()
      await assert.rejects(fetch(url))
    }
  })
})

describe('a server in an app', () => {
  it('answers the link for the owner’s account before anybody has called, where it knows its address, and else with the first request', async () => {
    await using folder = await createTempDir('link')
    const known = new MCPServer({ dataDir: join(folder.path, 'known'), publicUrl: 'https://app.example.com', log: false })
    assert.match((await known.setupLink()) ?? '', /^https:\/\/app\.example\.com\/setup\?code=/)
    await known.close()
    const unknown = new MCPServer({ dataDir: join(folder.path, 'unknown'), port: 3000, log: false })
    const link = unknown.setupLink()
    assert.equal((await unknown.fetch(new Request('http://localhost:3000/mcp', { method: 'POST' }), { address: '127.0.0.1' })).status, 401)
    assert.match((await link) ?? '', /^http:\/\/localhost:3000\/setup\?code=/)
    await unknown.close()
  })
})
