import assert from 'node:assert/strict'
import { Agent, request } from 'node:http'
import { after, before, describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { verifies } from '../requirements.ts'
import { principal, type Rig, say, startEngine, tool } from '../support/engine.ts'
import { mcp } from '../support/mcp.ts'
import { until } from '../support/until.ts'

verifies('limits', 'hidden-names', 'deny-by-default')

const executedBy: string[] = []
const release = Promise.withResolvers<void>()
let begun = 0
let aborted = 0
let rig: Rig

const entries = [
  tool(
    'echo',
    ({ text }, call) => {
      executedBy.push(call.principal.subject)
      return say(String(text))
    },
    {
      check: (args) => (typeof (args as { text?: unknown }).text === 'string' ? undefined : { path: '/text', rule: 'must be a string' }),
    },
  ),
  tool('peek', () => say('seen'), { permission: { access: 'protected', scopes: ['tools:read'], roles: [] }, rule: 'test: read' }),
  tool('admin', () => say('done'), { permission: { access: 'protected', scopes: ['tools:read'], roles: ['admin', 'owner'] } }),
  tool('anyone', () => say('hello'), { permission: { access: 'public' } }),
  tool('mine', () => say('mine'), { permission: { access: 'private', clients: [], users: ['alice'], scopes: [], roles: [] } }),
  tool('never', () => say('never'), { permission: { access: 'denied' } }),
  tool('careful', () => say('careful'), { ask: true }),
  tool('throws', () => {
    throw new Error('postgres://admin:hunter2@db refused')
  }),
  tool('large', () => say('x'.repeat(2_000_000))),
  tool('slow', async (_, call) => {
    begun++
    const stopped = new Promise((resolve) => call.onAbort(() => resolve(aborted++)))
    call.notify({ method: 'notifications/progress', params: { progressToken: 'p', progress: 1 } })
    await Promise.race([release.promise, delay(3_000), stopped])
    return say('slow')
  }),
  tool('mirrored', () => say('ok'), {
    mirrors: [
      { header: 'mcp-param-region', path: ['region'], type: 'string' },
      { header: 'mcp-param-count', path: ['n'], type: 'integer' },
    ],
  }),
]
const principals: Record<string, ReturnType<typeof principal>> = {
  full: principal('alice'),
  reader: principal('bob', { scopes: ['tools:read'] }),
  token: principal('carol', { credential: 'token', scopes: ['tools:read'] }),
  account: principal('alice', { credential: 'token' }),
  boss: principal('dora', { roles: ['owner'] }),
}
const as = (token: string, version: '2026-07-28' | '2025-11-25' = '2026-07-28') => mcp(rig.url, { token, version })
const text = (answer: { result: { content: { text: string }[] } }) => answer.result.content[0]?.text ?? ''

before(async () => {
  rig = await startEngine(entries, principals, { deadlineSeconds: 1, concurrency: 2 })
})
after(async () => {
  release.resolve()
  await rig.close()
})

for (const version of ['2026-07-28', '2025-11-25'] as const) {
  describe(`the pipeline, spoken to in ${version}`, () => {
    it('answers 401 with a complete challenge before it looks at anything else', async () => {
      for (const send of [
        () => mcp(rig.url).send('GET', '/mcp'),
        () => mcp(rig.url).post('{"broken'),
        () => as('nobody', version).post('[]'),
      ]) {
        const answer = await send()
        assert.equal(answer.status, 401)
        assert.match(
          String(answer.headers['www-authenticate']),
          /^Bearer .*resource_metadata="http:\/\/localhost:\d+\/\.well-known\/oauth-protected-resource\/mcp"/,
        )
        assert.match(String(answer.headers['www-authenticate']), /scope="tools:execute tools:read"/)
      }
    })
    it('lists only what the caller may use now', async () => {
      const names = async (token: string) => (await as(token, version).list()).map((each: { name: string }) => each.name).sort()
      assert.deepEqual(await names('reader'), ['anyone', 'peek'])
      assert.deepEqual(await names('boss'), ['admin', 'anyone', 'careful', 'echo', 'large', 'mirrored', 'peek', 'slow', 'throws'])
      assert.ok((await names('account')).includes('mine'))
      // A key, or an account of this machine, that has the name of an account is not that person.
      assert.ok(!(await names('full')).includes('mine'))
    })
    it('refuses a key without the scope in words that the model reads', async () => {
      const answer = await as('reader', version).call('echo', { text: 'hi' })
      assert.equal(answer.status, 200)
      assert.equal(answer.result.isError, true)
      assert.match(text(answer), /echo needs the scope "tools:execute"; this key has "tools:read"/)
    })
    it('challenges a token without the scope to step up, with all that it has and needs', async () => {
      const answer = await as('token', version).call('echo', { text: 'hi' })
      assert.equal(answer.status, 403)
      assert.match(
        String(answer.headers['www-authenticate']),
        /error="insufficient_scope", scope="tools:read tools:execute", resource_metadata=/,
      )
    })
    it('answers a name that is hidden exactly as one that does not exist', async () => {
      const bare = ({ error }: { error: { code: number; message: string } }) => ({ code: error.code, message: error.message })
      const unknown = bare(await as('reader', version).call('no-such-tool'))
      assert.deepEqual(bare(await as('reader', version).call('mine')), unknown)
      assert.deepEqual(bare(await as('full', version).call('never')), unknown)
    })
    it('wants a role where one is asked for', async () => {
      assert.match(text(await as('full', version).call('admin')), /needs the role "admin" or "owner"/)
      assert.equal(text(await as('boss', version).call('admin')), 'done')
    })
    it('names the path and the rule of bad arguments, never the value', async () => {
      const before = executedBy.length
      const answer = await as('full', version).call('echo', { text: { 'secret-value': 1 } })
      assert.match(text(answer), /Invalid arguments: \/text must be a string/)
      assert.doesNotMatch(JSON.stringify(answer.messages), /secret-value/)
      assert.equal(executedBy.length, before)
    })
    it('refuses what a person must agree to', async () => {
      assert.match(text(await as('full', version).call('careful')), /only when a person agrees/)
    })
    it('hides what a function throws, and keeps it in the record', async () => {
      const answer = await as('full', version).call('throws')
      assert.doesNotMatch(JSON.stringify(answer.messages), /hunter2|postgres/)
      const record = (await rig.records()).find(({ target, decision }) => target === 'throws' && decision === 'error')
      assert.match(String(record?.['cause']), /postgres:\/\/\[redacted\]@db refused/)
    })
    it('withholds a result over the budget', async () => {
      assert.match(text(await as('full', version).call('large')), /larger than 1048576 bytes and was withheld/)
    })
    it('stops at the deadline, and relays progress on the way', async () => {
      const answer = await as('full', version).call('slow', {}, { progressToken: 'p' })
      assert.match(text(answer), /longer than 1 seconds/)
      assert.equal(answer.notifications[0]?.method, 'notifications/progress')
    })
    it('records every decision with who, what and why', async () => {
      await as('reader', version).call('echo', { text: 'canary-argument' })
      const records = await rig.records()
      const record = records.find(({ target, version: spoken, subject }) => target === 'echo' && spoken === version && subject === 'bob')
      assert.equal(record?.['decision'], 'deny')
      assert.equal(record?.['reason'], 'not_permitted')
      assert.equal(record?.['rule'], 'default tools:execute')
      assert.deepEqual((record?.['facts'] as Record<string, unknown> | undefined)?.['grantedScopes'], ['tools:read'])
      assert.doesNotMatch(JSON.stringify(records), /canary-argument/)
    })
  })
}

describe('the engine', () => {
  it('cancels the work of a caller that hangs up', async () => {
    const before = aborted
    const stream = await as('full').open('tools/call', { name: 'slow', arguments: {} })
    for await (const message of stream.messages) {
      assert.equal(message.method, 'notifications/progress')
      break
    }
    stream.abort()
    await until('the call is stopped', () => aborted === before + 1)
  })
  it('compares mirrored parameters with the arguments', async () => {
    const call = async (args: object, headers: Record<string, string>) =>
      as('full').request('tools/call', { name: 'mirrored', arguments: args }, headers)
    assert.equal((await call({ region: 'eu', n: 42 }, { 'mcp-param-region': 'eu', 'mcp-param-count': '42.0' })).status, 200)
    assert.equal((await call({ region: 'eu' }, { 'mcp-param-region': '=?base64?ZXU=?=' })).status, 200)
    assert.equal((await call({}, {})).status, 200)
    for (const [args, headers] of [
      [{ region: 'eu' }, {}],
      [{ region: 'eu' }, { 'mcp-param-region': 'us' }],
      [{}, { 'mcp-param-region': 'eu' }],
      [{ region: null }, { 'mcp-param-region': 'eu' }],
      [{ n: 42 }, { 'mcp-param-count': '' }],
    ] as const) {
      const answer = await call(args, headers)
      assert.equal(answer.status, 400)
      assert.equal(answer.error.code, -32020)
    }
  })
  it('bounds how many calls of one principal run at once, and no other principal waits for them', async () => {
    const slow = [1, 2, 3].map(() => as('full').call('slow'))
    assert.equal((await Promise.race(slow)).status, 503)
    assert.equal(text(await as('boss').call('echo', { text: 'free' })), 'free')
    const statuses = (await Promise.all(slow)).map(({ status }) => status).sort((a, b) => a - b)
    assert.deepEqual(statuses, [200, 200, 503])
  })
  it('asks anew who is calling on a connection that somebody else used before', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const { port } = new URL(rig.url)
    const whoami = (headers: Record<string, string>) =>
      new Promise<{ status: number; socket: unknown; tools: string }>((resolve, reject) => {
        const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' })
        const sent = request(
          { port, path: '/mcp', method: 'POST', agent, headers: { 'content-type': 'application/json', ...headers } },
          (answer) => {
            let text = ''
            answer.on('data', (chunk) => (text += chunk))
            answer.on('end', () => resolve({ status: answer.statusCode ?? 0, socket: sent.socket, tools: text }))
          },
        )
        sent.on('error', reject).end(body)
      })
    const boss = await whoami({ authorization: 'Bearer boss' })
    const reader = await whoami({ authorization: 'Bearer reader' })
    const nobody = await whoami({})
    const keyed = await whoami({ 'x-api-key': 'reader' })
    const both = await whoami({ authorization: 'Bearer boss', 'x-api-key': 'reader' })
    assert.equal(new Set([boss, reader, nobody, keyed, both].map(({ socket }) => socket)).size, 1)
    assert.ok(boss.tools.includes('"admin"') && !reader.tools.includes('"admin"'))
    assert.deepEqual([nobody.status, keyed.status, both.status], [401, 200, 400])
    agent.destroy()
  })
  it('never answers with a scope that an ended verification had', async () => {
    principals.changing = principal('erin')
    assert.equal(text(await as('changing').call('echo', { text: 'x' })), 'x')
    principals.changing = principal('erin', { scopes: ['tools:read'] })
    assert.equal(text(await as('changing').call('echo', { text: 'x' })), 'x')
    rig.bus.publish('credentials', 'a key was changed')
    assert.match(text(await as('changing').call('echo', { text: 'x' })), /needs the scope/)
    delete principals.changing
    rig.bus.publish('credentials', 'a key was revoked')
    assert.equal((await as('changing').call('echo', { text: 'x' })).status, 401)
  })
  it('ends the subscription of a credential that no longer holds, and no other', async () => {
    principals['going'] = principal('fay')
    const ends = await as('going').open('subscriptions/listen', { notifications: { toolsListChanged: true } })
    const stays = await as('full').open('subscriptions/listen', { notifications: { toolsListChanged: true } })
    await ends.messages.next()
    await stays.messages.next()
    delete principals['going']
    rig.bus.publish('credentials', 'a key was revoked')
    const last = await ends.messages.next()
    assert.equal(last.value.result.resultType, 'complete')
    rig.engine.catalogue.replace('test', entries)
    assert.equal((await stays.messages.next()).value.method, 'notifications/tools/list_changed')
    stays.abort()
  })
  it('counts a hidden tool like one that does not exist', async () => {
    const field = async (name: string) => String((await as('reader').call(name)).headers['ratelimit']).split(';')[0]
    assert.equal(await field('mine'), await field('no-such-tool'))
    assert.equal(await field('peek'), await field('echo'))
  })
  it('does not let a caller send the names of our own translations', async () => {
    for (const method of ['session/end', 'subscriptions/listen']) {
      const answer = await as('full', '2025-11-25').request(method)
      assert.equal(answer.status, 200)
      assert.equal(answer.error.code, -32601)
    }
  })
  it('gives a tool neither the credential of its caller nor a way round release', async () => {
    let seen: string[] = []
    rig.engine.catalogue.replace('other', [
      tool('curious', (_, call) => {
        seen = [JSON.stringify(call), Object.keys(call).join(), Object.getOwnPropertyNames(Object.getPrototypeOf(call)).join()]
        return say('looked')
      }),
    ])
    await as('full').call('curious')
    assert.doesNotMatch(seen.join(), /"value"|request|authorization|send|Bearer/)
    rig.engine.catalogue.replace('other', [])
  })
  it('serves what is there while the rest is still to come', async () => {
    const rest = Promise.withResolvers<void>()
    rig.engine.catalogue.fillFrom(rest.promise)
    assert.equal(text(await as('full').call('echo', { text: 'at once' })), 'at once')
    const later = as('full').call('late')
    rig.engine.catalogue.replace('other', [tool('late', () => say('here now'))])
    rest.resolve()
    assert.equal(text(await later), 'here now')
    rig.engine.catalogue.replace('other', [])
  })
  it('records calls that were under way when it was told to stop', async () => {
    const before = begun
    const stopping = await startEngine(entries, { full: principal('alice') })
    const calls = Array.from({ length: 5 }, () =>
      mcp(stopping.url, { token: 'full', version: '2026-07-28' })
        .call('slow')
        .catch(() => undefined),
    )
    await until('all are under way', () => begun === before + 5)
    const store = stopping.store
    const closed = stopping.close(false)
    await closed
    await Promise.all(calls)
    assert.equal((await store.audit.search({ limit: 100 })).filter(({ record }) => record.target === 'slow').length, 5)
    await store.close()
  })
  it('refuses headers that say another thing than a legacy body', async () => {
    for (const headers of [{ 'mcp-method': 'tools/list' }, { 'mcp-name': 'peek' }]) {
      const answer = await as('full', '2025-11-25').request('tools/call', { name: 'echo', arguments: { text: 'x' } }, headers)
      assert.equal(answer.status, 400)
      assert.equal(answer.error.code, -32020)
    }
  })
  it('tells subscribers of a change, in both revisions, and ends with a result', async () => {
    const modern = await as('full').open('subscriptions/listen', { notifications: { toolsListChanged: true } })
    const legacy = await fetch(rig.url, { headers: { authorization: 'Bearer full', accept: 'text/event-stream' } })
    const first = await modern.messages.next()
    assert.equal(first.value.method, 'notifications/subscriptions/acknowledged')
    rig.engine.catalogue.replace('test', entries)
    const second = await modern.messages.next()
    assert.equal(second.value.method, 'notifications/tools/list_changed')
    assert.ok(second.value.params._meta['io.modelcontextprotocol/subscriptionId'] !== undefined)
    const { value } = await (legacy.body as ReadableStream<Uint8Array>).getReader().read()
    assert.match(new TextDecoder().decode(value), /notifications\/tools\/list_changed/)
    modern.abort()
  })
})

describe('limits', () => {
  it('refuse the call after the last allowed one, say when to return, and count each principal apart', async () => {
    const few = { max: 3, windowMs: 60_000 }
    const many = { max: 1_000, windowMs: 60_000 }
    const limited = await startEngine(entries, principals, { rates: { address: many, principal: few, client: many, tool: many } })
    try {
      const call = (token: string) => mcp(limited.url, { token, version: '2026-07-28' }).call('anyone')
      const first = await call('full')
      assert.equal(first.headers['ratelimit'], '"principal";r=2;t=60')
      assert.equal(first.headers['ratelimit-policy'], '"principal";q=3;w=60')
      await call('full')
      await call('full')
      const refused = await call('full')
      assert.equal(refused.status, 429)
      assert.ok(Number(refused.headers['retry-after']) > 0)
      assert.match(refused.error.message, /at most 3 in 60 seconds for this principal/)
      assert.equal((await call('boss')).status, 200)
    } finally {
      await limited.close()
    }
  })
  it('count an address before anybody is identified', async () => {
    const many = { max: 1_000, windowMs: 60_000 }
    const limited = await startEngine(entries, principals, {
      rates: { address: { max: 5, windowMs: 60_000 }, principal: many, client: many, tool: many },
    })
    try {
      const statuses = []
      for (let at = 0; at < 7; at++) statuses.push((await mcp(limited.url).post('{}')).status)
      assert.deepEqual(statuses, [401, 401, 401, 401, 401, 429, 429])
    } finally {
      await limited.close()
    }
  })
})
