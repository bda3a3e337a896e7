// Tools as their authors write them: which definitions become entries and which do not start the server, what a function gets, and
// what becomes of what it answers.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { z } from 'zod'
import type { JsonObject } from '../../src/core/index.ts'
import { type CallContext, ToolError, tool, toToolResult } from '../../src/server/definitions/index.ts'
import { verifies } from '../requirements.ts'
import { defineTool, entriesOf } from '../support/definitions.ts'
import { principal, type Rig, startEngine } from '../support/engine.ts'
import { mcp } from '../support/mcp.ts'
import { fromGuide, GUIDE, needs } from '../support/shared.ts'

verifies('RS35')

const execute = (): string => 'done'
const problemsOf = (definition: object): readonly string[] => defineTool(definition).problems
const word = { type: 'string', maxLength: 20 }

describe('the guide’s tools', needs(GUIDE), () => {
  it('are accepted as they stand', () => {
    const calculator = fromGuide('secureCalculatorTool') as JsonObject
    const { entry, problems, warnings } = defineTool(calculator)
    assert.deepEqual([problems, warnings], [[], []])
    assert.deepEqual(entry?.definition, { name: 'calculator', description: 'Perform calculations', inputSchema: calculator['parameters'] })
    assert.deepEqual(
      [entry?.rule, entry?.permission],
      ['default tools:execute', { access: 'protected', scopes: ['tools:execute'], roles: [] }],
    )
    assert.equal(entry?.check?.({ operation: 'add', a: 1, b: 2 }), undefined)
    assert.deepEqual(entry?.check?.({ operation: 'add', a: 1, b: 2000 }), { path: 'arguments/b', rule: 'must be <= 1000' })
  })
  it('have the scopes and roles that they ask for', () => {
    const { entry } = defineTool({ ...(fromGuide('sensitiveDataTool') as object), execute })
    assert.deepEqual(entry?.permission, { access: 'protected', scopes: ['data:sensitive:read'], roles: ['admin', 'data-analyst'] })
    assert.equal(entry?.rule, 'permissions: scope data:sensitive:read, role admin or data-analyst')
  })
})

describe('a tool’s definition', () => {
  it('is shown as its author wrote it, closed, and cannot be changed afterwards', () => {
    const written = {
      name: 'notes.add',
      title: 'Add',
      description: 'Adds a note',
      icons: [{ src: 'https://example.com/a.png', sizes: ['48x48'] }],
      annotations: { readOnlyHint: false },
      _meta: { 'example.com/group': 'notes' },
      parameters: { type: 'object', properties: { text: word } },
      outputSchema: { type: 'object', properties: { id: { type: 'string' } } },
      execute,
    }
    const { execute: _, parameters, ...shown } = structuredClone({ ...written, execute: undefined })
    const { entry } = defineTool(written)
    written.icons.push({ src: 'http://example.com', sizes: [] })
    written.parameters.properties.text.maxLength = 1e9
    assert.deepEqual(entry?.definition, { ...shown, inputSchema: { ...parameters, additionalProperties: false } })
  })
  it('takes no arguments where it declares none', () => {
    const { entry } = defineTool({ name: 'now', execute })
    assert.deepEqual(entry?.definition['inputSchema'], { type: 'object', additionalProperties: false })
    assert.equal(entry?.check?.(undefined), undefined)
    assert.ok(entry?.check?.({ a: 1 }))
  })
  it('is refused with every problem, named, and the key that was meant', () => {
    assert.deepEqual(
      problemsOf({
        name: 'add',
        desciption: 'Adds',
        parameter: {},
        title: 'a\u200b',
        annotations: { readonlyHint: true },
        icons: [{ src: 'http://example.com/a.png' }],
        permissions: { scopes: ['a'] },
        rateLimit: { windowMs: 0.5 },
        cost: -1,
        task: 'maybe',
      }),
      [
        'tool "add": desciption: there is no such key; did you mean "description"?',
        'tool "add": parameter: there is no such key; did you mean "parameters"?',
        'tool "add": title: has hidden characters',
        'tool "add": icons.0.src: must be an https: or data: URL',
        'tool "add": annotations.readonlyHint: there is no such key; did you mean "readOnlyHint"?',
        'tool "add": execute: must be a function, or the URL of a module',
        'tool "add": permissions.scopes: there is no such key; did you mean "requiredScopes"?',
        'tool "add": cost: must be a whole number of 0 to 1000000',
        'tool "add": rateLimit.max: is missing: expected number',
        'tool "add": rateLimit.windowMs: expected int, received number',
        'tool "add": task: must be "optional", "required", or an object with one of these as `support`',
      ],
    )
    const rated = (rateLimit: unknown) => defineTool({ name: 'a', execute, rateLimit })
    assert.match(rated({ max: 1, maxx: 1 }).problems.join(), /rateLimit\.maxx: there is no such key; did you mean "max"/)
    assert.deepEqual(rated({ max: 0 }).entry?.limits?.rate, { max: 0, windowMs: 60_000 })
    for (const name of [undefined, '', 'a b', 'ä', 'x'.repeat(129)])
      assert.match(problemsOf({ name, execute }).join(), /name: must be 1 to 128/)
    assert.deepEqual(defineTool('tool' as unknown as object).problems, ['tools: each must be an object'])
    assert.match(
      problemsOf({ name: 'a', execute, task: { support: 'optional', ttl: 1, before: 1 } }).join(),
      /task\.ttl: there is no such key; did you mean "ttlMs".*task\.before: must be a function/,
    )
  })
  it('is refused with the name that we have for what others call otherwise', () => {
    assert.deepEqual(problemsOf({ name: 'a', inputSchema: {}, handler: execute, execute, timeout: 1 }), [
      'tool "a": inputSchema: there is no such key; did you mean "parameters"?',
      'tool "a": handler: there is no such key; did you mean "execute"?',
      'tool "a": timeout: there is no such key; did you mean "timeoutSeconds"?',
    ])
  })
  it('is refused for properties that are no schema, which would refuse every call', () => {
    const bare = [
      { q: z.string() },
      { items: z.array(z.string()), title: z.string() },
      { q: { type: 'string' } },
      { title: { type: 'string' } },
      { q: 'string' },
    ]
    for (const given of bare)
      for (const key of ['parameters', 'outputSchema'])
        assert.deepEqual(problemsOf({ name: 'a', execute, [key]: given }), [
          `tool "a": ${key}: looks like properties: wrap them in z.object({ … }) or { type: "object", properties: { … } }`,
        ])
    for (const given of [{}, { $comment: 'nothing' }, { title: 'Nothing' }, { not: { required: ['a'] } }, { $defs: {} }])
      assert.deepEqual(problemsOf({ name: 'a', execute, parameters: given }), [], JSON.stringify(given))
  })
  it('is refused with the place of what is wrong in a schema', () => {
    const wrong = { type: 'object', properties: { q: { type: 'sting' } } }
    assert.deepEqual(problemsOf({ name: 'a', execute, parameters: wrong, outputSchema: wrong }), [
      'tool "a": parameters/properties/q/type: is not valid JSON Schema',
      'tool "a": outputSchema/properties/q/type: is not valid JSON Schema',
    ])
    const dated = z.object({ of: z.object({ day: z.date() }) })
    assert.match(problemsOf({ name: 'a', execute, parameters: dated }).join(), /parameters: of\.day has no JSON Schema: Date cannot be/)
  })
  it('is refused for a pattern or a reference that cannot be kept, naming the tool and the place', () => {
    const parameters = { type: 'object', properties: { a: { type: 'string', maxLength: 9, pattern: '(?!b)' } } }
    assert.deepEqual(problemsOf({ name: 'a', execute, parameters }), [
      'tool "a": parameters/properties/a/pattern: is not understood by the linear-time engine (RE2: no look-around, no back-references)',
    ])
    assert.match(
      problemsOf({ name: 'a', execute, outputSchema: { $ref: 'https://example.com' } }).join(),
      /outputSchema: it is an output schema that refers/,
    )
    assert.match(problemsOf({ name: 'a', execute, parameters: { type: 'array' } }).join(), /must be of type "object"/)
    assert.match(problemsOf({ name: 'a', execute, parameters: 'string' }).join(), /parameters: must be a JSON Schema object/)
    assert.match(problemsOf({ name: 'a', execute, parameters: { properties: { a: { const: 1n } } } }).join(), /cannot be written as JSON/)
  })
  it('is warned of for each field without bounds, and refused under strict', () => {
    const definition = {
      name: 'a',
      execute,
      parameters: { type: 'object', properties: { text: { type: 'string' }, list: { type: 'array', items: word } } },
    }
    const fields = ['tool "a": parameters/properties/text: has no maxLength', 'tool "a": parameters/properties/list: has no maxItems']
    const lax = defineTool(definition)
    assert.deepEqual([lax.problems, lax.warnings, lax.entry?.name], [[], fields, 'a'])
    const strict = defineTool(definition, { strict: true })
    assert.deepEqual([strict.problems, strict.warnings, strict.entry], [fields, [], undefined])
  })
  it('is warned of for a secret that a header would show, and refused under strict', () => {
    const parameters = {
      type: 'object',
      properties: { apiKey: { ...word, 'x-mcp-header': 'Key' }, region: { ...word, 'x-mcp-header': 'Region' } },
    }
    const { problems, warnings } = defineTool({ name: 'a', parameters, execute })
    assert.deepEqual(problems, [])
    assert.equal(warnings.length, 1)
    assert.match(warnings[0] as string, /parameters\.apiKey: is mirrored in a header/)
    assert.match(defineTool({ name: 'a', parameters, execute }, { strict: true }).problems.join(), /apiKey: is mirrored/)
  })
  it('has limits of its own', () => {
    const { entry } = defineTool({
      name: 'a',
      execute,
      rateLimit: { windowMs: 1000, max: 2 },
      cost: 3,
      concurrency: 4,
      timeoutSeconds: 0.5,
    })
    assert.deepEqual(entry?.limits, { cost: 3, concurrency: 4, rate: { windowMs: 1000, max: 2 }, deadlineSeconds: 0.5 })
    assert.equal(defineTool({ name: 'a', execute }).entry?.limits, undefined)
  })
  it('says of its executor whether its calls become tasks', () => {
    assert.deepEqual(defineTool({ name: 'a', execute, task: 'required' }).entry?.executor.task?.support, 'required')
    const { task } =
      defineTool({ name: 'a', execute, task: { support: 'optional', ttlMs: 5, before: () => 'ready' } }).entry?.executor ?? {}
    assert.deepEqual(
      [task?.support, task?.ttlMs, task?.pollIntervalMs, typeof task?.before?.execute],
      ['optional', 5, undefined, 'function'],
    )
    assert.equal(defineTool({ name: 'a', execute }).entry?.executor.task, undefined)
  })
})

describe('permissions', () => {
  const permitted = (permissions: unknown) => {
    const { entry, problems } = defineTool({ name: 'a', execute, permissions })
    return { ...entry, problems }
  }
  it('are what the block says; an empty one opens nothing', () => {
    const standard = { access: 'protected', scopes: ['tools:execute'], roles: [] }
    for (const empty of [undefined, {}, { access: 'protected' }, { requiredScopes: [] }]) {
      assert.deepEqual(permitted(empty).permission, standard)
      assert.equal(permitted(empty).rule, 'default tools:execute')
    }
    for (const everybody of ['public', { access: 'public' }]) assert.deepEqual(permitted(everybody).permission, { access: 'public' })
    for (const nobody of ['denied', { access: 'denied' }]) assert.deepEqual(permitted(nobody).permission, { access: 'denied' })
    assert.deepEqual(permitted({ requiredRoles: ['admin'] }).permission, { ...standard, roles: ['admin'] })
    assert.deepEqual(permitted({ requiredScopes: ['a', 'b', 'a'] }).permission, { ...standard, scopes: ['a', 'b'] })
    assert.equal(permitted({ requiredScopes: ['a', 'b'] }).rule, 'permissions: scope a and b')
  })
  it('that are private name who, and still need the standard scope', () => {
    const { permission, rule } = permitted({ access: 'private', users: ['ana'], clients: ['agent'] })
    assert.deepEqual(permission, { access: 'private', clients: ['agent'], users: ['ana'], scopes: ['tools:execute'], roles: [] })
    assert.equal(rule, 'permissions: private to client agent, ana, default tools:execute')
  })
  it('are refused where they are not understood', () => {
    for (const [permissions, problem] of [
      ['open', /permissions: must be "public", "protected", "private" or "denied"/],
      [7, /permissions: must be "public", "denied" or an object/],
      [{ access: 'open' }, /permissions\.access: must be/],
      [{ access: 'public', requiredScopes: ['a'] }, /permissions\.requiredScopes: there is no such key/],
      [{ access: 'private' }, /permissions: names nobody/],
      [{ access: 'private', users: [] }, /permissions: names nobody/],
      [{ users: ['ana'] }, /permissions\.users: goes with access: "private" alone/],
      [{ requiredScopes: 'a b' }, /permissions\.requiredScopes: must be a list/],
      [{ requiredScopes: ['a b'] }, /permissions\.requiredScopes: must be a list/],
      [{ requiredRoles: ['a', 1] }, /permissions\.requiredRoles: must be a list/],
      [{ requiredRole: ['admin'] }, /did you mean "requiredRoles"/],
      [{ when: '' }, /permissions\.when: must be the text of a rule/],
      [{ when: 'args.amount >' }, /permissions\.when: /],
      [{ when: 'args.amount < 3' }, /permissions\.when: names an argument "amount" that parameters do not have/],
    ] as const) {
      const { problems, name } = permitted(permissions)
      assert.match(problems.join('; '), problem)
      assert.equal(name, undefined)
    }
  })
  it('have a rule on arguments, which is compiled', () => {
    const parameters = { type: 'object', properties: { amount: { type: 'integer' } } }
    const { entry } = defineTool({ name: 'a', execute, parameters, permissions: { when: 'args.amount < 3' } })
    assert.equal(entry?.condition?.check({ amount: 2 }, principal('ana')), 'met')
    assert.equal(entry?.condition?.check({ amount: 3 }, principal('ana')), 'unmet')
    assert.equal(entry?.rule, 'default tools:execute, when')
  })
})

describe('what a function answers', () => {
  const text = (value: string) => [{ type: 'text', text: value }]
  it('becomes a result', () => {
    assert.deepEqual(toToolResult('hello'), { result: { content: text('hello') } })
    assert.deepEqual(toToolResult(undefined), { result: { content: [] } })
    assert.deepEqual(toToolResult({ a: 1, b: undefined }), { result: { content: text('{"a":1}'), structuredContent: { a: 1 } } })
    assert.deepEqual(toToolResult([1, 2]), { result: { content: text('[1,2]'), structuredContent: [1, 2] } })
    assert.deepEqual(toToolResult(0), { result: { content: text('0'), structuredContent: 0 } })
    assert.deepEqual(toToolResult(null), { result: { content: text('null'), structuredContent: null } })
    const at = new Date(0)
    assert.deepEqual(toToolResult({ at }), {
      result: { content: text(`{"at":"${at.toISOString()}"}`), structuredContent: { at: at.toISOString() } },
    })
    const whole = { content: text('x'), structuredContent: { a: 1 }, isError: false, _meta: { k: 1 } }
    assert.deepEqual(toToolResult({ ...whole, resultType: 'complete' }), { result: whole })
  })
  it('is withheld where it is none', () => {
    const circle: Record<string, unknown> = {}
    circle['circle'] = circle
    let deep: unknown = 0
    for (let level = 0; level < 70; level++) deep = [deep]
    for (const [answer, path] of [
      [1n, 'structuredContent'],
      [circle, 'structuredContent'],
      [() => 1, 'structuredContent'],
      [deep, 'structuredContent'],
      [{ content: text('x'), structuredContent: circle }, 'structuredContent'],
      [{ content: text('x'), structredContent: {} }, 'structredContent'],
      [{ content: [], isError: 'no' }, 'isError'],
      [{ content: [], _meta: 1 }, '_meta'],
      [{ content: [], resultType: 'input_required' }, 'resultType'],
      [{ content: Array(1001).fill({ type: 'text', text: '' }) }, 'content'],
      [{ content: ['x'] }, 'content/0'],
      [{ content: [{ type: 'text' }] }, 'content/0/text'],
      [{ content: [{ type: 'video', data: '' }] }, 'content/0/type'],
      [{ content: [{ type: 'image', data: 'not base64!', mimeType: 'image/png' }] }, 'content/0/data'],
      [{ content: [{ type: 'image', data: 'AAAA' }] }, 'content/0/mimeType'],
      [{ content: [{ type: 'resource_link', uri: 'x:y' }] }, 'content/0/name'],
      [{ content: [{ type: 'resource_link', uri: 'nowhere', name: 'a' }] }, 'content/0/uri'],
      [{ content: [{ type: 'resource' }] }, 'content/0/resource'],
      [{ content: [{ type: 'resource', resource: { uri: 'x:y' } }] }, 'content/0/resource'],
      [{ content: [{ type: 'resource', resource: { uri: 'x:y', blob: '!' } }] }, 'content/0/resource/blob'],
    ] as const) {
      const shaped = toToolResult(answer)
      assert.equal('violation' in shaped && shaped.violation.path, path)
    }
  })
  it('may be each kind of content', () => {
    const content = [
      ...text('x'),
      { type: 'image', data: 'AAAA', mimeType: 'image/png', annotations: { audience: ['user'] } },
      { type: 'audio', data: '', mimeType: 'audio/wav' },
      { type: 'resource_link', uri: 'memo://a', name: 'a', mimeType: 'text/plain; charset=utf-8' },
      { type: 'resource', resource: { uri: 'memo://a', text: '' } },
      { type: 'resource', resource: { uri: 'memo://a', mimeType: 'image/png', blob: 'AAAA' } },
    ]
    assert.deepEqual(toToolResult({ content }), { result: { content } })
  })
})

describe('a call', () => {
  let rig: Rig
  const seen: CallContext[] = []
  const cooked = z.object({
    day: z
      .string()
      .max(10)
      .transform((day) => ({ day })),
    count: z.number().default(3),
  })
  const tools = [
    tool({ name: 'echo', parameters: { type: 'object', properties: { text: word }, required: ['text'] }, execute: ({ text }) => text }),
    tool({
      name: 'later',
      parameters: { type: 'object', properties: { n: { type: 'integer' } } },
      execute: async ({ n = 0 }) => ({ twice: n * 2 }),
    }),
    tool({ name: 'cooked', parameters: cooked, execute: ({ day, count }) => ({ day, count }) }),
    tool({
      name: 'async',
      parameters: z.object({ a: z.number().refine(async (a) => a > 1, 'must be more than one') }),
      execute: ({ a }) => a,
    }),
    {
      name: 'self',
      title: 'By its own title',
      execute() {
        return this.title
      },
    },
    // Not a Promise, and not a value either: a query of some library.
    // oxlint-disable-next-line unicorn/no-thenable -- that is the point
    { name: 'query', execute: () => ({ then: (resolve: (rows: unknown) => void) => resolve(['row']) }) },
    tool({ name: 'list', outputSchema: { type: 'array', items: { type: 'string' } }, execute: () => ['a'] }),
    tool({ name: 'refuses', execute: () => Promise.reject(new ToolError('No such day')) }),
    tool({
      name: 'refuses-at-once',
      execute() {
        throw new ToolError('No such day')
      },
    }),
    tool({
      name: 'breaks',
      execute() {
        throw new Error('at /secret/place')
      },
    }),
    tool({ name: 'wrong', execute: () => ({ content: [{ type: 'video' }] }) }),
    tool({
      name: 'promised',
      outputSchema: { type: 'object', properties: { n: { type: 'number' } }, required: ['n'] },
      execute: () => ({ n: 1 }),
    }),
    tool({
      name: 'output',
      outputSchema: z.object({
        at: z
          .string()
          .transform((at) => at.length)
          .pipe(z.number()),
      }),
      execute: () => ({ at: 'abc', more: 1 }),
    }),
    tool({
      name: 'context',
      execute(_, context) {
        seen.push(context)
        context.progress(1, 3, 'one')
        context.progress(1)
        context.progress(Number.NaN)
        context.progress(2)
        context.log('warning', { at: 'work' }, 'worker')
        context.log('debug', 'not wanted')
        return Object.isFrozen(context.principal) ? context.principal.subject : 'not frozen'
      },
    }),
    tool({
      name: 'asks',
      execute(_, { ask, answers, state }) {
        const form = {
          message: 'Your name?',
          requestedSchema: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
        }
        if (!answers['who']) return ask({ who: { method: 'elicitation/create', params: form } }, { round: 1 })
        return { answers, state }
      },
    }),
  ]
  before(async () => {
    rig = await startEngine(entriesOf({ tools }), { ana: principal('ana') })
  })
  after(() => rig.close())
  const ana = (capabilities: object = {}) => mcp(rig.url, { token: 'ana', capabilities })
  const result = async (name: string, args?: object) => (await ana().call(name, args)).result

  it('gives the function what it declared', async () => {
    assert.deepEqual((await result('echo', { text: 'hi' })).content, [{ type: 'text', text: 'hi' }])
    assert.deepEqual((await result('later', { n: 4 })).structuredContent, { twice: 8 })
    assert.deepEqual((await result('later')).structuredContent, { twice: 0 })
    assert.deepEqual((await result('cooked', { day: 'monday' })).structuredContent, { day: { day: 'monday' }, count: 3 })
    assert.deepEqual((await result('async', { a: 2 })).structuredContent, 2)
    assert.equal((await result('self')).content[0].text, 'By its own title')
  })
  it('waits for whatever can be waited for', async () => {
    assert.deepEqual((await result('query')).structuredContent, ['row'])
  })
  it('answers older revisions in what they know: structured content was an object', async () => {
    const older = mcp(rig.url, { token: 'ana', version: '2025-11-25' })
    for (const name of ['list', 'query']) {
      const { structuredContent, content } = (await older.call(name)).result
      assert.deepEqual([structuredContent, content.length], [undefined, 1])
    }
    assert.deepEqual((await older.call('promised')).result.structuredContent, { n: 1 })
    const shown = async (client: typeof older) =>
      (await client.list()).filter(({ outputSchema }) => outputSchema).map(({ name }: { name: string }) => name)
    assert.deepEqual(await shown(older), ['promised', 'output'])
    assert.deepEqual(await shown(ana()), ['list', 'promised', 'output'])
  })
  it('is refused for what it did not declare', async () => {
    for (const [name, args, told] of [
      ['echo', {}, "Invalid arguments: arguments must have required property 'text'"],
      ['echo', { text: 'x', more: 1 }, 'Invalid arguments: arguments must NOT have additional properties'],
      ['cooked', { day: 'x'.repeat(11) }, 'Invalid arguments: arguments/day must NOT have more than 10 characters'],
      ['async', { a: 1 }, 'Invalid arguments: arguments/a must be more than one'],
    ] as const) {
      const answer = await result(name, args)
      assert.equal(answer.isError, true)
      assert.ok(answer.content[0].text.startsWith(told), answer.content[0].text)
    }
  })
  it('tells the caller of a ToolError, and of nothing else that is thrown', async () => {
    for (const name of ['refuses', 'refuses-at-once'])
      assert.deepEqual(await result(name), { resultType: 'complete', isError: true, content: [{ type: 'text', text: 'No such day' }] })
    const { status, result: broken } = await ana().call('breaks')
    assert.deepEqual([status, broken.isError], [200, true])
    assert.match(broken.content[0].text, /^The tool breaks failed\. Its operator can look up why\. \(dec_\w+\)$/)
  })
  it('answers what was promised, or nothing', async () => {
    assert.deepEqual((await result('promised')).structuredContent, { n: 1 })
    const output = await result('output')
    assert.deepEqual([output.structuredContent, output.content], [{ at: 3 }, [{ type: 'text', text: '{"at":3}' }]])
    const wrong = await result('wrong')
    assert.equal(wrong.isError, true)
    assert.match(wrong.content[0].text, /content\/0\/type/)
  })
  it('tells its progress and its log while it lasts, to whoever wants them', async () => {
    const wants = { progressToken: 'p', 'io.modelcontextprotocol/logLevel': 'info' }
    const { notifications, result: told } = await ana().call('context', {}, wants)
    assert.equal(told.content[0].text, 'ana')
    assert.deepEqual(
      notifications.map(({ method, params }) => [method, params]),
      [
        ['notifications/progress', { progressToken: 'p', progress: 1, total: 3, message: 'one' }],
        ['notifications/progress', { progressToken: 'p', progress: 2 }],
        ['notifications/message', { level: 'warning', data: { at: 'work' }, logger: 'worker' }],
      ],
    )
    assert.deepEqual((await ana().call('context')).notifications, [])
    assert.equal(seen.at(-1)?.signal, seen.at(-1)?.signal)
    assert.deepEqual([seen.at(-1)?.answers, seen.at(-1)?.state, seen.at(-1)?.capabilities], [{}, undefined, {}])
  })
  it('may take its context apart', async () => {
    const { entry } = defineTool({
      name: 'apart',
      execute: (_: unknown, { progress, log }: CallContext) => (progress(1), log('error', 'x'), 'done'),
    })
    const own = await startEngine([entry as NonNullable<typeof entry>], { key: principal('ana') })
    const meta = { progressToken: 'p', 'io.modelcontextprotocol/logLevel': 'debug' }
    const { notifications } = await mcp(own.url, { token: 'key' }).call('apart', {}, meta)
    assert.deepEqual(
      notifications.map(({ method }: JsonObject) => method),
      ['notifications/progress', 'notifications/message'],
    )
    await own.close()
  })
  it('asks its caller, and goes on with the answer', async () => {
    const client = ana({ elicitation: { form: {} } })
    const first = await client.request('tools/call', { name: 'asks' })
    assert.equal(first.result.resultType, 'input_required')
    assert.equal(first.result.inputRequests.who.method, 'elicitation/create')
    const inputResponses = { who: { action: 'accept', content: { name: 'Ana' } } }
    const second = await client.request('tools/call', { name: 'asks', inputResponses, requestState: first.result.requestState })
    assert.deepEqual(second.result.structuredContent, { answers: inputResponses, state: { round: 1 } })
  })
})

it('a caller that lacks several scopes is told of all of them', async () => {
  const { entry } = defineTool({ name: 'both', permissions: { requiredScopes: ['a:read', 'b:read'] }, execute })
  assert.ok(entry)
  const rig = await startEngine([entry], { bob: principal('bob', { scopes: ['tools:read'] }) })
  try {
    const { result } = await mcp(rig.url, { token: 'bob' }).call('both')
    assert.match(JSON.stringify(result), /both needs the scopes \\"a:read\\" and \\"b:read\\"/)
  } finally {
    await rig.close()
  }
})
