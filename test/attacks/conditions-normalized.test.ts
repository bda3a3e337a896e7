/** What a rule sees is what the function gets: whatever is made of arguments is made once, and before the rule. */

import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import { z } from 'zod'
import { elicit, type MCPServerOptions } from '../../src/server/index.ts'
import { verifies } from '../requirements.ts'
import { mcp } from '../support/mcp.ts'
import { startServer } from '../support/server.ts'
import { taskClient } from '../support/tasks.ts'

verifies('conditions')

const versions = ['2026-07-28', '2025-11-25'] as const
const ran: unknown[] = []
const note = (args: unknown): string => {
  ran.push(structuredClone(args))
  return JSON.stringify(args)
}
beforeEach(() => void ran.splice(0))

const requestedSchema = { type: 'object', properties: {} } as const
// Asynchronous as well: a library may have to ask.
const role = z
  .string()
  .max(20)
  .trim()
  .toLowerCase()
  .refine(async () => true)
const team = z.string().max(20).default('root')
const when = 'args.role != "admin" && args.team != "root"'

describe('what a library makes of arguments', () => {
  test('is what a rule judges and what the function gets: transforms and defaults, tools, prompts and templates', async () => {
    const prompts = [{ name: 'grant', parameters: z.object({ role, team }), permissions: { when }, render: note }]
    const tools = [{ name: 'grant', parameters: z.object({ role, team }), permissions: { when }, execute: note }]
    const resourceTemplates = [
      { uriTemplate: 'grant://{role}{?team}', name: 'g', variables: z.object({ role, team }), permissions: { when }, read: note },
    ]
    await using world = await startServer({ tools, prompts, resourceTemplates } as unknown as MCPServerOptions)
    const key = await world.key()
    for (const version of versions) {
      const client = mcp(world.url, { key, version })
      for (const args of [{ role: 'admin', team: 'x' }, { role: ' ADMIN ', team: 'x' }, { role: 'guest' }]) {
        const refused = [
          await client.call('grant', args),
          await client.request('prompts/get', { name: 'grant', arguments: args }),
          await client.request('resources/read', {
            uri: `grant://${encodeURIComponent(args.role)}${args.team ? `?team=${args.team}` : ''}`,
          }),
        ]
        for (const { body } of refused) assert.match(JSON.stringify(body), /a rule of this server does not allow it/)
      }
      await client.call('grant', { role: ' Guest', team: 'x' })
      await client.request('prompts/get', { name: 'grant', arguments: { role: ' Guest', team: 'x' } })
      await client.request('resources/read', { uri: 'grant://%20Guest?team=x' })
      assert.deepEqual(ran.splice(0), Array(3).fill({ role: 'guest', team: 'x' }))
    }
  })

  test('is made once for each request', async () => {
    let made = 0
    const parameters = z.object({
      n: z
        .int()
        .max(9)
        .transform(() => ++made),
    })
    await using world = await startServer({
      tools: [
        { name: 'odd', parameters, permissions: { when: 'int(args.n) % 2 == 1' }, execute: note },
        {
          name: 'twice',
          parameters,
          permissions: { when: 'int(args.n) % 2 == 1' },
          execute: (args: unknown, { answers, ask }: { answers: object; ask: (what: object) => unknown }) =>
            Object.keys(answers).length > 0 ? note(args) : (note(args), ask({ more: elicit({ message: 'More?', requestedSchema }) })),
        },
      ],
    } as unknown as MCPServerOptions)
    const client = mcp(world.url, { key: await world.key(), capabilities: { elicitation: { form: {} } } })
    for (const refused of [false, true, false])
      assert.equal((await client.call('odd', { n: 1 })).result.isError === true, refused, `call ${made}`)
    assert.deepEqual(ran.splice(0), [{ n: 1 }, { n: 3 }])
    assert.equal(made, 3)
    made = 0
    const { requestState } = (await client.call('twice', { n: 1 })).result
    const retry = { name: 'twice', arguments: { n: 1 }, requestState, inputResponses: { more: { action: 'accept', content: {} } } }
    // The retry is a request of its own: what it would run with is judged too.
    assert.match(JSON.stringify((await client.request('tools/call', retry)).body), /a rule of this server does not allow it/)
    assert.deepEqual(ran, [{ n: 1 }])
    assert.equal(made, 2)
  })

  test('is made anew and judged anew where a task goes on with what it asked', async () => {
    let made = 0
    const parameters = z.object({
      n: z
        .int()
        .max(9)
        .transform(() => ++made),
    })
    await using world = await startServer({
      tools: [
        {
          name: 'task',
          task: 'required',
          parameters,
          permissions: { when: 'int(args.n) != 3' },
          execute: (args: unknown, { answers, ask }: { answers: object; ask: (what: object) => unknown }) => {
            note(args)
            return Object.keys(answers).length > 0 ? 'done' : ask({ more: elicit({ message: 'More?', requestedSchema }) })
          },
        },
      ],
    } as unknown as MCPServerOptions)
    const client = taskClient(world.url, await world.key())
    for (const isRefused of [false, true]) {
      const id = await client.begin('task', { n: 1 })
      const { inputRequests } = await client.until(id, 'input_required')
      await client.update(id, { [Object.keys(inputRequests)[0] as string]: { action: 'accept', content: {} } })
      const task = await client.until(id, 'completed', 'failed')
      assert.equal(/a rule of this server does not allow it/.test(JSON.stringify(task)), isRefused, JSON.stringify(task))
      // The second time, 3 is what the call itself would have had.
      made = 1
    }
    assert.deepEqual(ran, [{ n: 1 }, { n: 2 }, { n: 2 }])
  })

  test('may name what the library makes of arguments, where it can say so; a slip is found', async () => {
    const make = (when: string): Promise<unknown> =>
      startServer({ tools: [{ name: 't', parameters: z.object({ role }), permissions: { when }, execute: note }] } as never)
    await assert.rejects(make('args.rolle != "x"'), /names an argument "rolle" that parameters do not have/)
    const renamed = z.object({ role }).transform(({ role: who }) => ({ who }))
    await using world = await startServer({
      tools: [{ name: 't', parameters: renamed, permissions: { when: 'args.who == "ana"' }, execute: note }],
    } as never)
    const client = mcp(world.url, { key: await world.key() })
    await client.call('t', { role: 'ANA' })
    assert.equal((await client.call('t', { role: 'BOB' })).result.isError, true)
    assert.deepEqual(ran, [{ who: 'ana' }])
  })

  test('is not waited for longer than a call may take, nor for more of one caller than may run', async () => {
    const parameters = z.object({
      n: z
        .int()
        .max(9)
        .refine(() => new Promise(() => {})),
    })
    await using world = await startServer({
      limits: { deadlineSeconds: 1, concurrency: 2 },
      tools: [{ name: 'hangs', parameters, execute: note }],
    } as unknown as MCPServerOptions)
    const client = mcp(world.url, { key: await world.key() })
    const answers = await Promise.all([1, 2, 3].map((n) => client.call('hangs', { n })))
    const said = answers.map(({ body }) => JSON.stringify(body))
    assert.equal(said.filter((each) => /within 1 second|longer than|took/.test(each)).length, 2, said.join('\n'))
    assert.equal(said.filter((each) => each.includes('calls running already')).length, 1)
    // The library still works on both.
    assert.match(JSON.stringify((await client.call('hangs', { n: 4 })).body), /calls running already/)
    assert.deepEqual(ran, [])
  })
})

test('a prompt’s rule sees its arguments in their types and without hidden characters', async () => {
  const parameters = {
    type: 'object',
    properties: { topic: { type: 'string', maxLength: 40 }, year: { type: 'integer' } },
    required: ['topic'],
  }
  const permissions = { when: 'args.topic != "salaries" && (!has(args.year) || args.year != 2020)' }
  await using world = await startServer({
    prompts: [
      { name: 'rendered', parameters, permissions, render: note },
      { name: 'template', parameters, permissions, template: 'Tell of {{topic}} in {{year}}' },
    ],
  } as unknown as MCPServerOptions)
  const client = mcp(world.url, { key: await world.key() })
  for (const name of ['rendered', 'template']) {
    for (const args of [{ topic: 'sala\u200bries' }, { topic: 'x', year: '2020' }, { topic: 'x', year: '2.02e3' }])
      assert.match(
        JSON.stringify((await client.request('prompts/get', { name, arguments: args })).body),
        /a rule of this server does not allow it/,
        JSON.stringify(args),
      )
    const fine = await client.request('prompts/get', { name, arguments: { topic: 'sal\u200bt', year: '2.021e3' } })
    assert.deepEqual(fine.result._meta['sallyport/removed'], [{ in: 'arguments/topic', kind: 'zero-width', count: 1 }])
  }
  assert.deepEqual(ran, [{ topic: 'salt', year: 2021 }])
})

test('a rule that compares an argument with what it can never be does not start: it would let everybody through', async () => {
  const year = { type: 'object', properties: { year: { type: 'integer' }, tone: { enum: ['a', 'b'] } } }
  const problem = /permissions\.when: compares (year|tone), which is a (number|string), with a (string|number): the two are never equal/
  const zod = z.object({ year: z.string().max(4).default('2020') })
  for (const [parameters, when, isWrong] of [
    [year, 'args.year != "2020"', true],
    [year, '"2020" == args.year', true],
    [year, '!(args.year in ["2019", "2020"])', true],
    [year, 'args.tone != 1', true],
    [year, 'args.year != 2020 && args.tone == "a" && [1].all(args, args != 2)', false],
    [{ type: 'object', properties: { year: { type: ['integer', 'string'] } } }, 'args.year != "2020"', false],
    [zod, 'args.year != 2020', true],
    [zod, 'args.year != "2020"', false],
    [z.object({ year: z.string().max(4).transform(Number) }), 'args.year != 2020', false],
  ] as const) {
    const tools = [{ name: 't', parameters, permissions: { when }, execute: note }]
    const starting = startServer({ tools } as never)
    if (isWrong) await assert.rejects(starting, problem, when)
    else await (await starting)[Symbol.asyncDispose]()
  }
  const prompts = [{ name: 'p', parameters: year, permissions: { when: 'args.year != "2020"' }, render: note }]
  await assert.rejects(startServer({ prompts } as never), problem)
  const resourceTemplates = [{ uriTemplate: 'x://{year}', name: 'x', permissions: { when: 'args.year != 2020' }, read: note }]
  await assert.rejects(startServer({ resourceTemplates } as never), problem)
})
