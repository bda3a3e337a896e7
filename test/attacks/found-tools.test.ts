// A search in place of a list of tools must be no way around anything: not to see what one may not use, not to call it, not to call it
// more often, not to hide from the record which tool it was.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { allow, type Call, type Produced } from '../../src/core/index.ts'
import { verifies } from '../requirements.ts'
import { principal, type Rig, rates, say, startEngine, tool } from '../support/engine.ts'
import { type Answer, mcp } from '../support/mcp.ts'
import { accept, done, form, taskClient, taskTool } from '../support/tasks.ts'

verifies('catalogue-search')

const rules = { descriptionCharacters: Number.POSITIVE_INFINITY, maxTokens: 20_000, search: 'always', always: ['pinned_*'] } as const
const described = (name: string, description: string, more: object = {}) => ({
  definition: { name, description, inputSchema: { type: 'object' }, ...more },
})
const ran: string[] = []
const run = (name: string) => () => {
  ran.push(name)
  return say(`${name} ran`)
}
const needsAdmin = { access: 'protected', scopes: ['admin'], roles: [] } as const
const ofAlice = { access: 'private', clients: [], users: ['alice'], scopes: [], roles: [] } as const

const entries = [
  tool('invoice_send', run('invoice_send'), described('invoice_send', 'Sends an invoice to a customer.')),
  tool('invoice_purge', run('invoice_purge'), {
    ...described('invoice_purge', 'Deletes every invoice of a customer.'),
    permission: needsAdmin,
  }),
  tool('invoice_secret', run('invoice_secret'), { ...described('invoice_secret', 'An invoice that only Alice has.'), permission: ofAlice }),
  tool('invoice_never', run('invoice_never'), { ...described('invoice_never', 'An invoice.'), permission: { access: 'denied' } }),
  tool('invoice_asked', run('invoice_asked'), { ...described('invoice_asked', 'An invoice that a person agrees to.'), ask: true }),
  tool('pinned_hello', run('pinned_hello'), described('pinned_hello', 'Says hello.')),
  tool('pinned_secret', run('pinned_secret'), { ...described('pinned_secret', 'Hello to Alice.'), permission: ofAlice }),
  tool('checked', run('checked'), {
    ...described('checked', 'Takes a text.'),
    check: (args) => (typeof (args as { text?: unknown }).text === 'string' ? undefined : { path: '/text', rule: 'must be a string' }),
  }),
  tool('ruled', run('ruled'), {
    ...described('ruled', 'Takes a text.'),
    condition: { source: 'args.text == "x"', check: (args) => (args['text'] === 'x' ? 'met' : 'unmet') },
  }),
  tool('mirrored', run('mirrored'), {
    ...described('mirrored', 'Works in a region.'),
    mirrors: [{ header: 'mcp-param-region', path: ['region'], type: 'string' }],
  }),
  tool('shown_arguments', (args) => say(JSON.stringify(args)), described('shown_arguments', 'Says what it was given.')),
]
const principals = {
  bob: principal('bob', { credential: 'token' }),
  alice: principal('alice', { credential: 'token' }),
  restricted: principal('carol', { servers: ['other'] }),
}
const textOf = ({ result }: Answer): string => result.content[0].text
const found = async (as: ReturnType<typeof mcp>, query: string, limit = 20): Promise<string[]> =>
  JSON.parse(textOf(await as.call('find_tools', { query, limit }))).tools.map(({ name }: { name: string }) => name)

for (const version of ['2026-07-28', '2025-11-25'] as const) {
  suite(`a search for tools, spoken to in ${version}`, () => {
    async function using(test: (as: (who: string) => ReturnType<typeof mcp>, rig: Rig) => Promise<void>, over: object = {}): Promise<void> {
      const rig = await startEngine(entries, principals, over, undefined, { catalogueRules: rules })
      try {
        ran.length = 0
        await test((token) => mcp(rig.url, { token, version }), rig)
      } finally {
        await rig.close()
      }
    }

    test('lists the search and what is pinned, as far as each may use it, and finds no more than that', () =>
      using(async (as) => {
        const names = async (who: string) => (await as(who).list()).map(({ name }: { name: string }) => name)
        assert.deepEqual(await names('bob'), ['find_tools', 'call_tool', 'pinned_hello'])
        assert.deepEqual(await names('alice'), ['find_tools', 'call_tool', 'pinned_hello', 'pinned_secret'])
        // A key for other servers: there is nothing to search.
        assert.deepEqual(await names('restricted'), [])
        assert.deepEqual(await found(as('restricted'), 'invoice'), [])
        assert.deepEqual((await found(as('bob'), 'invoice')).toSorted(), ['invoice_asked', 'invoice_send'])
        assert.ok((await found(as('alice'), 'invoice')).includes('invoice_secret'))
        for (const query of ['invoice_secret', 'invoice_never', 'invoice_purge', 'admin', 'Alice', 'pinned_secret'])
          assert.ok(!(await found(as('bob'), query)).some((name) => /secret|never|purge/.test(name)), query)
      }))

    test('what may not be used is refused as if it had been called by its name, and on record under that name', () =>
      using(async (as, rig) => {
        for (const name of ['invoice_purge', 'invoice_secret', 'invoice_never', 'no_such_tool', 'invoice_asked']) {
          const [plain, indirect] = [await as('bob').call(name), await as('bob').call('call_tool', { name, arguments: {} })]
          const shape = ({ status, headers, body }: Answer) => [status, headers['www-authenticate'], body.error ?? body.result]
          const same = (answer: Answer) => JSON.stringify(shape(answer)).replaceAll(/dec_\w+/g, '')
          assert.equal(same(indirect), same(plain), name)
        }
        assert.deepEqual(ran, [])
        const records = (await rig.records()).filter(({ action }) => action === 'tools/call')
        for (const name of ['invoice_purge', 'invoice_secret', 'invoice_never', 'invoice_asked'])
          assert.equal(records.filter(({ target, decision }) => target === name && decision === 'deny').length, 2, name)
        assert.ok(!records.some(({ target }) => target === 'call_tool'))
      }))

    test('arguments are checked by the schema and the rule of the tool, and reach it as they were', () =>
      using(async (as) => {
        const call = (name: string, args?: object) => as('bob').call('call_tool', { name, ...(args && { arguments: args }) })
        assert.match(JSON.stringify((await call('checked', { text: 1 })).body), /\/text.*must be a string/)
        assert.match(JSON.stringify((await call('checked')).body), /\/text.*must be a string/)
        assert.match(JSON.stringify((await call('ruled', { text: 'y' })).body), /a rule of this server/)
        assert.deepEqual(ran, [])
        assert.equal(textOf(await call('ruled', { text: 'x' })), 'ruled ran')
        assert.equal(
          textOf(await call('shown_arguments', { name: 'call_tool', arguments: { a: 1 } })),
          '{"name":"call_tool","arguments":{"a":1}}',
        )
        assert.equal(textOf(await call('shown_arguments')), '{}')
      }))

    test('a call of itself, of nothing or with more than a call has is refused by its own schema', () =>
      using(async (as, rig) => {
        const nested = { name: 'call_tool', arguments: { name: 'pinned_hello', arguments: {} } }
        const wrong = [nested, {}, { name: 1 }, { name: '' }, { name: 'pinned_hello', arguments: [] }, { name: 'pinned_hello', more: 1 }]
        for (const args of wrong) {
          const answer = await as('bob').call('call_tool', args)
          assert.ok(answer.result?.isError ?? answer.error !== undefined, JSON.stringify(args))
        }
        assert.equal((await as('bob').request('tools/call', { name: 'call_tool', arguments: 'pinned_hello' })).result, undefined)
        assert.deepEqual(ran, [])
        const reasons = (await rig.records()).filter(({ target }) => target === 'call_tool').map(({ reason }) => reason)
        assert.deepEqual(new Set(reasons), new Set(['invalid_arguments', 'invalid_params']))
        assert.equal(textOf(await as('bob').call('call_tool', { name: 'pinned_hello', arguments: {} })), 'pinned_hello ran')
        assert.match(textOf(await as('bob').call('call_tool', { name: 'find_tools', arguments: { query: 'hello' } })), /pinned_hello/)
      }))

    test('it counts against the budget of the tool that is called, however it is called', () =>
      using(
        async (as) => {
          const codes: boolean[] = []
          for (const [name, args] of [
            ['pinned_hello', {}],
            ['call_tool', { name: 'pinned_hello' }],
            ['pinned_hello', {}],
            ['call_tool', { name: 'pinned_hello' }],
            ['call_tool', { name: 'invoice_send' }],
          ] as const)
            codes.push((await as('bob').call(name, args)).status === 200)
          assert.deepEqual(codes, [true, true, false, false, true])
        },
        { rates: { ...rates, tool: { max: 2, windowMs: 60_000 } } },
      ))
  })
}

suite('header fields of a call by way of another tool (2026-07-28 streamable-http)', () => {
  test('the name in Mcp-Name is that of the message; a mirrored argument may be missing there, and may not differ', async () => {
    const rig = await startEngine(entries, principals, {}, undefined, { catalogueRules: rules })
    try {
      const as = mcp(rig.url, { token: 'bob' })
      const call = (args: object, headers = {}) =>
        as.request('tools/call', { name: 'call_tool', arguments: { name: 'mirrored', arguments: args } }, headers)
      assert.equal((await call({ region: 'eu' })).status, 200)
      assert.equal((await call({ region: 'eu' }, { 'mcp-param-region': 'eu' })).status, 200)
      for (const [args, headers] of [
        [{ region: 'eu' }, { 'mcp-param-region': 'us' }],
        [{}, { 'mcp-param-region': 'eu' }],
        [{ region: 'eu' }, { 'mcp-name': 'mirrored' }],
      ] as const) {
        const { status, error } = await call(args, headers)
        assert.deepEqual([status, error?.code], [400, -32020], JSON.stringify(headers))
      }
      // The tool's own name still asks for all of it.
      assert.equal((await as.call('mirrored', { region: 'eu' })).status, 400)
    } finally {
      await rig.close()
    }
  })
})

suite('what a call by way of another tool goes on with', () => {
  const asked = [
    { ...tool('greet', () => say('never')), executor: { execute: ({ input }: Call) => (input ? done('hello') : allow(question)) } },
    { ...tool('other', () => say('never')), executor: { execute: ({ input }: Call) => (input ? done('other') : allow(question)) } },
    taskTool('slow', () => done('slow ran')),
  ]
  const question: Produced = { kind: 'input', requests: { name: form('name') } }

  test('is a round of the tool itself, and good for no other', async () => {
    const rig = await startEngine(asked, principals, {}, undefined, { catalogueRules: rules })
    try {
      const as = mcp(rig.url, { token: 'bob', capabilities: { elicitation: {} } })
      const ask = (name: string, more: object = {}) =>
        as.request('tools/call', { name: 'call_tool', arguments: { name, arguments: {} }, ...more })
      const inputResponses = { name: accept({ name: 'Ana' }) }
      const { requestState } = (await ask('greet')).result
      assert.ok((await ask('other', { requestState, inputResponses })).error)
      assert.equal(textOf(await ask('greet', { requestState, inputResponses })), 'hello')
      assert.ok((await ask('greet', { requestState, inputResponses })).error, 'used')
    } finally {
      await rig.close()
    }
  })

  test('is a task of the tool itself', async () => {
    const rig = await startEngine(asked, principals, {}, undefined, { catalogueRules: rules })
    try {
      const as = taskClient(rig.url, 'bob')
      const id = await as.begin('call_tool', { name: 'slow', arguments: {} })
      assert.match(JSON.stringify(await as.until(id, 'completed')), /slow ran/)
      const records = await rig.records()
      assert.deepEqual(new Set(records.map(({ target }) => target)), new Set(['slow']))
    } finally {
      await rig.close()
    }
  })
})

suite('names', () => {
  const named = async (taken: readonly string[], search: 'always' | 'never' = 'always'): Promise<string[]> => {
    const tools = taken.map((name) => tool(name, () => say('of the server'), described(name, 'x'.repeat(200))))
    const rig = await startEngine(tools, principals, {}, undefined, { catalogueRules: { ...rules, search, descriptionCharacters: 100 } })
    try {
      const names = (await mcp(rig.url, { token: 'bob' }).list()).map(({ name }) => name)
      for (const name of taken) assert.equal(textOf(await mcp(rig.url, { token: 'bob' }).call(name)), 'of the server')
      return names
    } finally {
      await rig.close()
    }
  }

  test('a tool of a server that is called like the search keeps its name, and the search gets another', async () => {
    assert.deepEqual(await named(['find_tools', 'call_tool']), ['sallyport_find_tools', 'sallyport_call_tool'])
    assert.deepEqual(await named(['find_tools', 'sallyport_find_tools']), ['sallyport_sallyport_find_tools', 'call_tool'])
  })

  test('where nothing is searched but descriptions are cut, the whole can be found, and there is no call by way of another', async () => {
    assert.deepEqual(await named(['call_tool', 'other'], 'never'), ['find_tools', 'call_tool', 'other'])
  })

  test('without a budget there is neither of them', async () => {
    const rig = await startEngine(entries, principals)
    try {
      const as = mcp(rig.url, { token: 'bob' })
      for (const name of ['find_tools', 'call_tool'])
        assert.equal((await as.call(name, { name: 'pinned_hello' })).error.message, 'Unknown tool')
    } finally {
      await rig.close()
    }
  })
})

suite('ten thousand tools', () => {
  test('are searched in an answer of bounded size, and the best is found', async () => {
    const many = Array.from({ length: 10_000 }, (_, at) =>
      tool(
        `tool_${at}`,
        () => say('x'),
        described(`tool_${at}`, `Does the thing number ${at}. ${'Much text that all of them share. '.repeat(50)}`),
      ),
    )
    const needle = tool('rotate_key', () => say('x'), described('rotate_key', 'Replaces the signing key with another.'))
    const rig = await startEngine([...many, needle], principals, {}, undefined, { catalogueRules: { ...rules, search: 'auto' } })
    try {
      const as = mcp(rig.url, { token: 'bob' })
      assert.deepEqual(await found(as, 'replace signing keys', 3), ['rotate_key'])
      const answer = textOf(await as.call('find_tools', { query: 'text thing all share number tool', limit: 20 }))
      assert.ok(answer.length <= 64 * 1024 + 100, `${answer.length}`)
      assert.equal(JSON.parse(answer).tools.length + JSON.parse(answer).more, 10_000)
      assert.equal((await as.list()).length, 2)
      const long = await as.call('find_tools', { query: `${'x '.repeat(600)}` })
      assert.match(JSON.stringify(long.body), /query/)
    } finally {
      await rig.close()
    }
  })
})
