// Code that a model wrote, and whoever wrote to the model: it must not leave its interpreter, use more than it may, or get by way of a tool
// what its caller could not get by calling the tool. Each attack has its benign twin, and the server answers others meanwhile.

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { createRedactor } from '../../src/core/index.ts'
import { compileRules } from '../../src/guards/index.ts'
import { verifies } from '../requirements.ts'
import { needsBubblewrap } from '../support/bubblewrap.ts'
import { principal, type Rig, say, startEngine, tool } from '../support/engine.ts'
import { type Answer, type McpClient, mcp } from '../support/mcp.ts'
import { done, taskTool } from '../support/tasks.ts'
import { until } from '../support/until.ts'

verifies('snippet-nothing-ambient', 'snippet-bounds', 'snippet-pipeline', 'snippet-results', 'snippet-record')

const limits = { timeoutMs: 2_500, cpuSeconds: 1, memoryMb: 16, maxCalls: 20 }
const needsAdmin = { access: 'protected', scopes: ['admin'], roles: [] } as const
const ofAlice = { access: 'private', clients: [], users: ['alice'], scopes: ['tools:execute'], roles: [] } as const
const SECRET = `ghp_${'a1B2'.repeat(9)}`

const ran: string[] = []
const run = (name: string) => () => {
  ran.push(name)
  return say(`${name} ran`)
}
const cancelled: string[] = []
let running = 0
const entries = [
  tool('plain', run('plain')),
  tool('shout', (args) => say(String((args as { text?: unknown }).text).toUpperCase())),
  tool('table', () => {
    ran.push('table')
    return { content: [], structuredContent: { rows: Array.from({ length: 5_000 }, (_, id) => ({ id, name: `row ${id}` })) } }
  }),
  tool('ids', () => ({ content: [], structuredContent: { rows: Array.from({ length: 5_000 }, (_, id) => ({ id, secret: 'x' })) } }), {
    release: compileRules({ only: ['/rows/*/id'] }).rules,
  }),
  tool('admin_purge', run('admin_purge'), { permission: needsAdmin }),
  tool('alice_only', run('alice_only'), { permission: ofAlice }),
  tool('never', run('never'), { permission: { access: 'denied' } }),
  tool('asked', run('asked'), { ask: true }),
  tool('elsewhere', run('elsewhere')),
  tool('checked', run('checked'), {
    check: (args) => (typeof (args as { text?: unknown }).text === 'string' ? undefined : { path: '/text', rule: 'must be a string' }),
  }),
  tool('ruled', run('ruled'), {
    condition: { source: 'args.text == "x"', check: (args) => (args['text'] === 'x' ? 'met' : 'unmet') },
  }),
  tool('dear', run('dear'), { limits: { rate: { max: 2, windowMs: 60_000 } } }),
  tool('mirrored', run('mirrored'), { mirrors: [{ header: 'mcp-param-region', path: ['region'], type: 'string' }] }),
  tool('leaky', () => say(`the key is ${SECRET}`)),
  tool('only_name', () => ({ content: [], structuredContent: { name: 'Ann', salary: 1_000_000 } }), {
    release: compileRules({ only: ['/name'] }).rules,
  }),
  tool('people', () => say('write to ann@example.com'), { release: compileRules({ personal: { email: 'mask' } }).rules }),
  tool('sealed', () => ({ content: [], structuredContent: { value: 'in clear' } }), { sealed: { arguments: [], results: [['value']] } }),
  tool('broken', () => ({ isError: true, content: [{ type: 'text', text: 'no such row' }] })),
  tool('crashing', () => {
    throw new Error('the password is hunter2')
  }),
  tool('slow', (_, call) => {
    running++
    return new Promise((_resolve, reject) =>
      call.onAbort(() => {
        cancelled.push('slow')
        reject(new Error('aborted'))
      }),
    )
  }),
  taskTool('long', () => done('never'), { support: 'required' }),
]
/** So many attacks, the first, take their time. */
const SLOW = 6
const principals = {
  bob: principal('bob', { credential: 'token' }),
  alice: principal('alice', { credential: 'token' }),
  carol: principal('carol', { credential: 'token', scopes: ['tools:read'] }),
  dave: principal('dave', { servers: ['other'] }),
  ...Object.fromEntries(Array.from({ length: SLOW }, (_, at) => [`mallory ${at}`, principal(`mallory ${at}`, { credential: 'token' })])),
}
/** What it does, how, what is told of it, and the like of it that it may. */
type Attack = readonly [string, string, RegExp, string]
const textOf = ({ result, error }: Answer): string => result?.content?.[0]?.text ?? error?.message

suite('snippets', needsBubblewrap, () => {
  let rig: Rig
  let bob: McpClient
  before(async () => {
    const told = {
      results: { maxTokens: 1_000, flow: { maxTokens: 60_000 } },
      catalogueRules: { descriptionCharacters: Number.POSITIVE_INFINITY, maxTokens: 20_000, search: 'always', always: [] },
    } as const
    const named = entries.map((entry) => entry.name).filter((name) => name !== 'elsewhere')
    rig = await startEngine(entries, principals, {}, createRedactor(), {
      ...told,
      code: { ...limits, children: 5, tools: [...named, 'run_code', 'code_functions', 'call_tool', 'find_tools'] },
    })
    bob = mcp(rig.url, { token: 'bob' })
    await code(bob, 'return 1')
  })
  after(() => rig.close())

  const code = (as: McpClient, text: string): Promise<Answer> => as.call('run_code', { code: text })
  async function returned(as: McpClient, text: string) {
    const answer = await code(as, text)
    assert.equal(answer.result?.isError, undefined, textOf(answer))
    return answer.result.structuredContent.result
  }
  async function refused(as: McpClient, text: string): Promise<string> {
    const answer = await code(as, text)
    assert.equal(answer.result?.isError, true, JSON.stringify(answer.body))
    return textOf(answer)
  }
  /** What the call of one tool throws. */
  const thrown = (as: McpClient, name: string, args: object = {}): Promise<string> =>
    returned(
      as,
      `try { return ['fine', await tools[${JSON.stringify(name)}](${JSON.stringify(args)})] } catch (error) { return error.message }`,
    )

  const attacks: readonly Attack[] = [
    ['loops for ever', 'for (;;);', / s that it may run/, 'for (let at = 0; at < 1000; at++);\nreturn 1'],
    [
      'loops for ever in promises',
      'const f = () => Promise.resolve().then(f)\nawait f()',
      / s that it may run|ms that it may take|values may take/,
      'await Promise.resolve()\nreturn 1',
    ],
    [
      'catches its own end',
      'for (;;) { try { for (;;); } catch {} finally { continue } }',
      / s that it may run/,
      'try { throw 1 } catch { return 1 }',
    ],
    [
      'blocks in native code',
      '"a".repeat(3e6).indexOf("a".repeat(1e5) + "b")',
      /ms that it may take| s that it may run/,
      'return "aab".indexOf("b") - 1',
    ],
    [
      'runs a regular expression for ever',
      '/^(a+)+$/.test("a".repeat(40) + "b")',
      / s that it may run/,
      'return /^(a+)+$/.test("aaaa") ? 1 : 0',
    ],
    [
      'allocates 4 GB',
      'const all = []\nfor (;;) all.push("x".repeat(1e5) + all.length)',
      /MiB| s that it may run|ms that it may take/,
      'return "x".repeat(1e5).length / 1e5',
    ],
    [
      'allocates 4 GB of buffers',
      'return new ArrayBuffer(4 * 2 ** 30).byteLength',
      /memory|MiB|length/,
      'return new ArrayBuffer(1).byteLength',
    ],
    [
      'recurses for ever',
      'const f = () => f() + 1\nreturn f()',
      /stack overflow/,
      'const f = (n) => (n === 0 ? 1 : f(n - 1))\nreturn f(50)',
    ],
    ['nests what it parses', 'return eval("[".repeat(1e5))', /stack overflow/, 'return eval("[[1]]")[0][0]'],
    [
      'nests what it returns',
      'let all = []\nfor (let at = 0; at < 200; at++) all = [all]\nreturn all',
      /nested deeper/,
      'return [[1]][0][0]',
    ],
    ['returns 10⁹ bytes', 'return "x".repeat(1e9)', /memory|MiB|too long|longer than/, 'return 1'],
    [
      'returns a million elements',
      'return Array.from({ length: 1e6 }, () => 1)',
      /longer than|MiB|seconds/,
      'return Array.from({ length: 10 }, () => 1)[0]',
    ],
    ['asks for a module', 'return await import("node:child_process")', /module/, 'return 1'],
    ['looks for the host', 'return process.env', /process/, 'return typeof process === "undefined" ? 1 : 0'],
    [
      'climbs by constructors',
      'return tools.plain.constructor("return process")().env',
      /process/,
      'return tools.plain.constructor("return 1")()',
    ],
    ['closes our brackets', '}); process.exit(1); (async () => {', /process/, 'return (() => { return 1 })()'],
  ]
  // Those that take their time, each of a caller of its own, are waited for together.
  suite('one that', { concurrency: 3 }, () => {
    for (const [at, row] of attacks.slice(0, SLOW).entries()) isStopped(row, `mallory ${at}`)
  })
  suite('one that', () => {
    for (const row of attacks.slice(SLOW)) isStopped(row, 'bob')
  })
  function isStopped([what, attack, told, twin]: Attack, subject: string): void {
    test(`${what} is stopped, and others are answered`, async () => {
      const attacker = mcp(rig.url, { token: subject })
      const attacking = refused(attacker, attack)
      const other = mcp(rig.url, { token: 'alice' })
      assert.equal(textOf(await other.call('shout', { text: 'still here' })), 'STILL HERE')
      assert.match(await attacking, told)
      const { action, target, reason } = (await rig.records()).find((record) => record.subject === subject) ?? {}
      assert.deepEqual([action, target], ['tools/call', 'run_code'])
      assert.ok(reason === 'sandbox_stopped' || reason === 'tool_error', String(reason))
      assert.equal(await returned(attacker, twin), 1)
    })
  }

  test('nothing of it pollutes the host', async () => {
    const answers = [
      'return JSON.parse(\'{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}}\')',
      'return { toJSON: () => ({ __proto__: null, polluted: 1 }) }',
      'return Object.defineProperty({}, "x", { enumerable: true, get: () => "\\ud800" })',
      'return await tools.shout(JSON.parse(\'{"__proto__": {"polluted": 1}, "text": "x"}\'))',
      'return [NaN, Infinity, undefined, () => 1, Symbol("x")]',
      `return { ["x".repeat(1e3)]: 1 }`,
    ]
    for (const text of answers) await returned(bob, text)
    assert.equal(({} as { polluted?: unknown }).polluted, undefined)
    for (const text of ['return 10n', 'const a = {}\na.a = a\nreturn a', 'return { toJSON() { throw new Error("no") } }'])
      assert.match(await refused(bob, text), /BigInt|circular|no/)
  })

  test('no one finds what another has left', async () => {
    await returned(bob, 'globalThis.left = "of bob"\nObject.prototype.left = "of bob"\nreturn 1')
    for (const as of [bob, mcp(rig.url, { token: 'alice' })])
      assert.equal(await returned(as, 'return typeof left + typeof ({}).left'), 'undefinedundefined')
  })

  test('a tool that its caller may not use, it may not use', async () => {
    ran.length = 0
    for (const name of ['alice_only', 'never', 'no_such_tool']) assert.equal(await thrown(bob, name), 'Unknown tool', name)
    assert.match(await thrown(bob, 'admin_purge'), /needs the scope "admin"/)
    assert.match(await thrown(bob, 'asked'), /a person agrees/)
    assert.match(await thrown(bob, 'ruled', { text: 'y' }), /a rule of this server does not allow it/)
    assert.match(await thrown(bob, 'checked', { text: 1 }), /must be a string/)
    assert.deepEqual(ran, [])
    // The twins.
    assert.deepEqual(await thrown(mcp(rig.url, { token: 'alice' }), 'alice_only'), ['fine', 'alice_only ran'])
    assert.deepEqual(await thrown(bob, 'ruled', { text: 'x' }), ['fine', 'ruled ran'])
    assert.deepEqual(await thrown(bob, 'checked', { text: 'x' }), ['fine', 'checked ran'])
    assert.deepEqual(await thrown(bob, 'mirrored', { region: 'eu' }), ['fine', 'mirrored ran'])
  })

  test('a tool that snippets were not granted is as unknown to them as one that is not there', async () => {
    assert.equal(textOf(await bob.call('elsewhere')), 'elsewhere ran')
    for (const name of ['elsewhere', 'run_code', 'code_functions', 'find_tools'])
      assert.equal(await thrown(bob, name), 'Unknown tool', name)
    assert.equal(await thrown(bob, 'call_tool', { name: 'elsewhere' }), 'Unknown tool')
    assert.equal(await thrown(bob, 'call_tool', { name: 'run_code', arguments: { code: 'return 1' } }), 'Unknown tool')
    assert.equal(await returned(bob, 'return Object.keys(tools).includes("elsewhere") || Object.keys(tools).includes("alice_only")'), false)
  })

  test('who may not run code, runs none; who may use no tool, calls none', async () => {
    assert.equal((await code(mcp(rig.url, { token: 'carol' }), 'return 1')).status, 403)
    assert.equal(await thrown(mcp(rig.url, { token: 'dave' }), 'plain'), 'Unknown tool')
  })

  test('a budget of a tool is not passed by', async () => {
    const all = await returned(
      bob,
      'const all = []\nfor (let at = 0; at < 4; at++) all.push(await tools.dear().catch((error) => error.message))\nreturn all',
    )
    assert.deepEqual(all.slice(0, 2), ['dear ran', 'dear ran'])
    assert.match(all[2], /at most 2 in 60 seconds/)
  })

  test('what may not leave does not come in: not a secret, not a field, not personal data, not what is encrypted', async () => {
    assert.ok(!JSON.stringify(await returned(bob, 'return await tools.leaky()')).includes(SECRET))
    // Also where it would be broken up on the way.
    assert.ok(
      !JSON.stringify(await returned(bob, 'return [...(await tools.leaky())].join("-")'))
        .replaceAll('-', '')
        .includes(SECRET),
    )
    assert.deepEqual(await returned(bob, 'return await tools.only_name()'), { name: 'Ann' })
    assert.equal(await returned(bob, 'return [...(await tools.people())].join("")'), 'write to [redacted:email]')
    assert.match(await thrown(bob, 'sealed'), /encrypted/)
  })

  test('a result is whole inside, and only what is returned leaves, within the budget', async () => {
    assert.deepEqual(await returned(bob, 'const { rows } = await tools.table()\nreturn [rows.length, rows.at(-1).name]'), [
      5_000,
      'row 4999',
    ])
    assert.deepEqual(await returned(bob, 'const { rows } = await tools.ids()\nreturn [rows.length, rows.at(-1)]'), [5_000, { id: 4_999 }])
    const direct = await bob.call('table')
    assert.ok(JSON.stringify(direct.result).length < 10_000)
    const whole = await code(bob, 'return await tools.table()')
    assert.ok(JSON.stringify(whole.result).length < 10_000)
  })

  test('callers of the legacy revisions have it, too', async () => {
    const legacy = mcp(rig.url, { token: 'bob', version: '2025-11-25' })
    assert.equal(await returned(legacy, 'return await tools.plain()'), 'plain ran')
    assert.equal(await thrown(legacy, 'alice_only'), 'Unknown tool')
  })

  test('an error of a tool is an error here, and a crash stays opaque', async () => {
    assert.equal(await thrown(bob, 'broken'), 'no such row')
    assert.ok(!(await thrown(bob, 'crashing')).includes('hunter2'))
    assert.match(await thrown(bob, 'long'), /capability/)
  })

  test('every call is on record by itself, with whose snippet it was', async () => {
    await returned(bob, 'await tools.plain()\nawait tools.admin_purge().catch(() => {})\nreturn 1')
    const records = await rig.records()
    const outer = records.find(({ target }) => target === 'run_code')
    const inner = records.filter(({ within }) => within !== undefined && within === outer?.['id'])
    assert.deepEqual(inner.map(({ target, reason, subject }) => [target, reason, subject].join(' ')).toSorted(), [
      'admin_purge insufficient_scope bob',
      'plain allowed bob',
    ])
  })

  test('when it ends, or its caller goes, so do the calls that it made', async () => {
    cancelled.length = 0
    assert.equal(await returned(bob, 'tools.slow().catch(() => {})\nawait tools.plain()\nreturn 1'), 1)
    assert.deepEqual(cancelled, ['slow'])
    running = 0
    const hangUp = calling('await tools.slow()')
    await until('it is so', () => running === 1)
    hangUp()
    await until('it is so', () => cancelled.length === 2)
  })

  test('what waits for its turn when the caller goes is not begun', async () => {
    cancelled.length = running = 0
    const hangUp = calling('await Promise.all(Array.from({ length: 20 }, () => tools.slow()))')
    await until('it is so', () => running === 8)
    hangUp()
    await until('it is so', () => cancelled.length >= 8)
    assert.equal(await returned(bob, 'return 1'), 1)
    assert.equal(running, 8)
  })

  test('results that it does not read are not kept for it, but for as many as it may have on their way', async () => {
    ran.length = 0
    await refused(bob, 'for (let at = 0; at < 20; at++) tools.table().catch(() => {})\nfor (;;);')
    assert.ok(ran.length > 0 && ran.length <= 8, `${ran.length}`)
  })

  /** Answers how to hang up. */
  function calling(text: string): () => void {
    const leaving = new AbortController()
    const _meta = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {} }
    const params = { name: 'run_code', arguments: { code: text }, _meta }
    fetch(rig.url, {
      method: 'POST',
      signal: leaving.signal,
      headers: {
        authorization: 'Bearer bob',
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': '2026-07-28',
        'mcp-method': 'tools/call',
        'mcp-name': 'run_code',
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }),
    }).catch(() => {})
    return () => leaving.abort()
  }
})
