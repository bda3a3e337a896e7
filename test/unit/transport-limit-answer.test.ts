/** How HTTP tells of budgets, and what the author of a server may write in place of a refusal. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { after, describe, it, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { Log } from '../../src/core/index.ts'
import { type LimitedRequest, type LimitHandler, toLimits } from '../../src/guards/index.ts'
import { createLimitAnswer } from '../../src/transports/index.ts'
import { principal, type Rig, say, startEngine, tool } from '../support/engine.ts'
import { mcp } from '../support/mcp.ts'
import { lived } from '../support/until.ts'

const rigs: Rig[] = []
after(() => Promise.all(rigs.map((rig) => rig.close())))

async function start(options: Parameters<typeof toLimits>[0]) {
  const { limits: rates, headers, handler } = toLimits(options)
  const told = { limitHeaders: headers, ...(handler && { limitHandler: handler }) }
  const rig = await startEngine([tool('echo', () => say('hi'))], { ana: principal('ana'), bo: principal('bo') }, { rates }, undefined, told)
  rigs.push(rig)
  const call = (token: string, headersOfCall = {}) => mcp(rig.url, { token, headers: headersOfCall }).call('echo')
  return { rig, call }
}

describe('the header fields of a budget', () => {
  it('are the standard ones unless told, on every answer, the address’s where that is tighter', async () => {
    const { rig, call } = await start({ max: 4, windowMs: 90_500 })
    const first = await call('ana')
    assert.equal(first.headers['ratelimit-policy'], '"principal";q=4;w=91')
    assert.equal(first.headers['ratelimit'], '"principal";r=3;t=91')
    assert.equal(first.headers['x-ratelimit-limit'], undefined)
    assert.equal(first.headers['retry-after'], undefined)
    const other = await call('bo')
    assert.equal(other.headers['ratelimit'], '"address";r=2;t=91')
    const stranger = await mcp(rig.url, { token: 'nobody' }).call('echo')
    assert.deepEqual([stranger.status, stranger.headers['ratelimit']], [401, '"address";r=1;t=91'])
    await call('ana')
    const spent = await call('ana')
    assert.deepEqual([spent.status, spent.headers['ratelimit'], spent.headers['retry-after']], [429, '"address";r=0;t=91', '91'])
    assert.match(spent.error.message, /at most 4 in 90\.5 seconds for this address/)
  })
  it('are those of the one budget that is spent, though the door told of another', async () => {
    const { call } = await start({ max: 10, tools: { max: 1 } })
    await call('ana')
    const { status, headers } = await call('ana')
    // A list of two would be two policies (RFC 9110 §5.3).
    assert.deepEqual([status, headers['ratelimit'], headers['ratelimit-policy']], [429, '"tool";r=0;t=60', '"tool";q=1;w=60'])
  })
  it('are the older ones where that is wanted, with the reset in seconds since the epoch', async () => {
    const { call } = await start({ max: 2, by: 'principal', standardHeaders: false, legacyHeaders: true })
    const before = Math.floor(Date.now() / 1000)
    const { headers } = await call('ana')
    assert.deepEqual([headers['x-ratelimit-limit'], headers['x-ratelimit-remaining'], headers['ratelimit']], ['2', '1', undefined])
    const reset = Number(headers['x-ratelimit-reset'])
    assert.ok(reset >= before + 60 && reset <= before + 65, String(reset))
    await call('ana')
    const spent = await call('ana')
    assert.deepEqual([spent.status, spent.headers['x-ratelimit-remaining'], spent.headers['retry-after']], [429, '0', '60'])
  })
  it('are both, or none but Retry-After', async () => {
    const both = await (await start({ max: 1, by: 'address', legacyHeaders: true })).call('ana')
    assert.deepEqual([both.headers['ratelimit'], both.headers['x-ratelimit-remaining']], ['"address";r=0;t=60', '0'])
    const { call } = await start({ max: 1, standardHeaders: false })
    assert.ok(!Object.keys((await call('ana')).headers).some((name) => name.includes('ratelimit')))
    const { status, headers } = await call('ana')
    assert.deepEqual([status, headers['retry-after'], headers['ratelimit']], [429, '60', undefined])
  })
})

describe('rateLimit.handler', () => {
  it('as the guide writes it, answers what is refused and nothing else', async () => {
    const { rig, call } = await start({
      windowMs: 60 * 1000,
      max: 1,
      standardHeaders: true,
      legacyHeaders: false,
      handler: (req, res) => {
        res.status(429).json({
          error: 'Too many requests',
          retryAfter: res.getHeader('Retry-After'),
        })
      },
    })
    assert.equal((await call('ana')).result.content[0].text, 'hi')
    const { status, headers, body } = await call('ana')
    assert.deepEqual([status, body], [429, { error: 'Too many requests', retryAfter: '60' }])
    assert.deepEqual(
      [headers['retry-after'], headers['ratelimit'], headers['content-type']],
      ['60', '"address";r=0;t=60', 'application/json'],
    )
    assert.deepEqual([headers['cache-control'], headers['x-content-type-options']], ['no-store', 'nosniff'])
    const denied = (await rig.records()).filter(({ reason }) => reason === 'rate_limited')
    assert.equal(denied.length, 1)
    assert.match(String(denied[0]?.['sentence']), /Too many requests: at most 1/)
    assert.equal((await mcp(rig.url).post('{}', { host: 'evil.example' })).status, 403)
  })
  it('sees the request without its credential, cookie or query', async () => {
    const seen: LimitedRequest[] = []
    const { rig, call } = await start({ max: 1, by: 'principal', handler: (req, res) => void (seen.push(req), res.end()) })
    await call('ana')
    const spent = await call('ana', { cookie: 'c=secret-cookie', 'x-trace': 'kept', 'proxy-authorization': 'Basic secret' })
    assert.deepEqual([spent.status, spent.body], [429, undefined])
    const { url } = rig
    const answer = await mcp(url).send(
      'POST',
      '/mcp?access_token=secret-query',
      { 'x-api-key': 'ana', 'content-type': 'application/json', accept: '*/*' },
      '{}',
    )
    assert.notEqual(answer.status, 200)
    const [request] = seen as [LimitedRequest]
    assert.deepEqual([request.method, request.url, request.headers['x-trace']], ['POST', '/mcp', 'kept'])
    assert.ok(/127\.0\.0\.1|::1/.test(request.ip))
    assert.ok(!/secret|Bearer/.test(JSON.stringify(seen)))
    assert.throws(() => Object.assign(request, { ip: 'x' }))
  })
})

/** The handler alone, with a standard answer to fall back on. */
function ask(handler: LimitHandler, patienceMs = 50) {
  const lines: string[] = []
  const log: Log = (_level, message, details) => void lines.push(`${message} ${JSON.stringify(details)}`)
  const limitAnswer = createLimitAnswer({ handler, log, patienceMs })
  const standard = { status: 429, headers: ['Retry-After', '7', 'RateLimit', '"a";r=0;t=7'], body: '{"jsonrpc":"2.0"}' }
  const request = { method: 'POST', url: '/mcp?x=1', headers: { authorization: 'Bearer secret', accept: 'x' } } as IncomingMessage
  return { answer: () => limitAnswer(request, '203.0.113.1', standard), standard, lines }
}

test('a handler that throws, writes nothing or never ends leaves the standard answer standing, in bounded time', async () => {
  const handlers: readonly (readonly [string, LimitHandler])[] = [
    ['it threw', () => assert.fail('Bearer secret')],
    ['it threw', (_, res) => (res.json({ half: true }), assert.fail('late'))],
    ['it threw', async () => assert.fail('Bearer secret')],
    ['it threw', () => Promise.reject(undefined)],
    ['it wrote nothing', () => undefined],
    ['it wrote nothing', (_, res) => res.status(503)],
    ['it wrote nothing', async () => 'done'],
    ['it wrote nothing', (_, res) => void setTimeout(() => res.json({ late: true }), 5)],
    ['it took too long', () => new Promise(() => {})],
    ['it took too long', async (_, res) => (await delay(200), res.json({ late: true }))],
    ['it threw', (_, res) => res.status(200).json({ jsonrpc: '2.0', id: 1, result: {} })],
    ['it threw', (_, res) => res.status(302).setHeader('Location', 'https://evil.example').end()],
    ['it threw', (_, res) => res.status(429.5).end()],
    ['it threw', (_, res) => res.send('x'.repeat(65_537))],
    ['it threw', (_, res) => res.json(undefined)],
    ['it threw', (_, res) => res.json(10n)],
    ['it threw', (_, res) => res.setHeader('Set-Cookie', 'a=b').end()],
    ['it threw', (_, res) => res.setHeader('Access-Control-Allow-Origin', '*').end()],
    ['it threw', (_, res) => res.setHeader('Content-Length', 1).end()],
    ['it threw', (_, res) => res.setHeader('Transfer-Encoding', 'chunked').end()],
    ['it threw', (_, res) => res.setHeader('X', 'a\r\nSet-Cookie: a=b').end()],
    ['it threw', (_, res) => res.setHeader('X\r\nY', 'a').end()],
    ['it threw', (_, res) => (Array.from({ length: 40 }, (_, n) => res.setHeader(`X-${n}`, n)), res.end())],
  ]
  for (const [problem, handler] of handlers) {
    const { answer, standard, lines } = ask(handler)
    using time = lived()
    assert.equal(await answer(), standard, String(handler))
    assert.ok(time.ms() < 1_000)
    await answer()
    // Each problem once, and nothing of what was thrown.
    assert.deepEqual(lines, [`rateLimit.handler did not answer: callers get the standard answer {"problem":"${problem}"}`])
  }
})

test('what a handler writes is its status, its fields and its body', async () => {
  const written = async (handler: LimitHandler) => {
    const { status, headers, body, contentType } = await ask(handler).answer()
    return [status, headers.join(' '), body, contentType]
  }
  const budget = 'Retry-After 7 RateLimit "a";r=0;t=7'
  assert.deepEqual(await written((_, res) => res.status(503).send('later')), [503, budget, 'later', 'text/plain; charset=utf-8'])
  assert.deepEqual(await written((_, res) => res.send({ a: 1 })), [429, budget, '{"a":1}', 'application/json'])
  assert.deepEqual(await written((_, res) => res.setHeader('X-Why', 5).end()), [
    429,
    `${budget} X-Why 5`,
    undefined,
    'text/plain; charset=utf-8',
  ])
  assert.deepEqual(await written((_, res) => res.setHeader('content-type', 'text/html').end('<p>')), [429, budget, '<p>', 'text/html'])
  assert.deepEqual(await written(async (_, res) => (await delay(5), res.json([res.statusCode, res.headersSent]))), [
    429,
    budget,
    '[429,false]',
    'application/json',
  ])
  assert.deepEqual(await written((_, res) => res.json(1).json(2).status(500).end('3')), [429, budget, '1', 'application/json'])
  assert.deepEqual(await written((_, res) => res.setHeader('retry-after', 9).json(res.getHeader('RETRY-AFTER'))), [
    429,
    'retry-after 9 RateLimit "a";r=0;t=7',
    '"9"',
    'application/json',
  ])
  assert.deepEqual(await written((_, res) => res.json(res.getHeader('absent') ?? null)), [429, budget, 'null', 'application/json'])
})

test('a flood of refusals keeps a bounded number of handlers waiting', async () => {
  let running = 0
  const { promise: end, resolve } = Promise.withResolvers<void>()
  const { answer, standard, lines } = ask(async (_, res) => {
    running++
    await end
    res.json({ own: true })
  }, 5_000)
  const answers = Array.from({ length: 500 }, async () => answer())
  assert.equal(running, 64)
  resolve()
  const all = await Promise.all(answers)
  assert.equal(all.filter((each) => each === standard).length, 436)
  assert.match(lines.join(), /too many are still at work/)
  assert.notEqual(await answer(), standard)
})

test('an unhandled rejection of a handler that has answered already is none of ours', async () => {
  const unhandled = once(process, 'unhandledRejection', { signal: AbortSignal.timeout(100) }).then(
    () => 'unhandled',
    () => 'none',
  )
  const { answer } = ask(async (_, res) => {
    res.json({ ok: false })
    await delay(1)
    throw new Error('too late')
  })
  assert.equal((await answer()).body, '{"ok":false}')
  assert.equal(await unhandled, 'none')
})
