/** What a caller carries from round to round is in an attacker's hands: changed, exchanged, kept, used twice, used elsewhere. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { allow, type Call, type Entry, type InputRequest, type Principal } from '../../src/core/index.ts'
import { createRequestStates } from '../../src/guards/request-state.ts'
import { createMemoryKeyRing } from '../../src/vault/index.ts'
import { verifies } from '../requirements.ts'
import { principal, type Rig, say, startEngine, tool } from '../support/engine.ts'
import { mcp } from '../support/mcp.ts'

verifies('RS15', 'RS16', 'RS17', 'RS18', 'RS19')

const runs: unknown[] = []
const confirm: InputRequest = {
  method: 'elicitation/create',
  params: { message: 'Pay?', requestedSchema: { type: 'object', properties: { ok: { type: 'boolean' } }, required: ['ok'] } },
}
function paying(name: string): Entry {
  return {
    ...tool(name, () => say('never')),
    executor: {
      execute({ input }: Call) {
        if (!input) return allow({ kind: 'input', requests: { ok: confirm }, state: { mayPay: true } })
        runs.push(input.state)
        return allow({ kind: 'result', result: say('paid') })
      },
    },
  }
}

let rig: Rig
before(async () => {
  const asked = { ...tool('listed', () => say('x')), name: 'listed' }
  rig = await startEngine([paying('pay'), paying('refund'), asked], { alice: principal('alice'), bob: principal('bob') })
})
after(() => rig.close())

const as = (token: string) => mcp(rig.url, { token, capabilities: { elicitation: {} } })
const yes = { ok: { action: 'accept', content: { ok: true } } }
const begin = async (name = 'pay', args: object = { amount: 1 }): Promise<string> =>
  (await as('alice').call(name, args)).result.requestState
const proceed = (requestState: unknown, { token = 'alice', name = 'pay', args = { amount: 1 } as object, answers = yes as unknown } = {}) =>
  as(token).request('tools/call', { name, arguments: args, requestState, inputResponses: answers })

async function isRefused(attempt: ReturnType<typeof proceed>): Promise<void> {
  const before = runs.length
  const { error, result } = await attempt
  assert.equal(result, undefined)
  assert.equal(error.code, -32602)
  assert.equal(runs.length, before, 'the work was not run')
}

test('a state that was changed in any place is refused', async () => {
  const state = await begin()
  for (const at of [0, 8, 20, Math.floor(state.length / 2), state.length - 1]) {
    const other = state[at] === 'A' ? 'B' : 'A'
    await isRefused(proceed(state.slice(0, at) + other + state.slice(at + 1)))
  }
  for (const made of ['', 'x', `${state}x`, state.slice(0, -4), btoa('{"mayPay":true}'), 'x'.repeat(300_000), 7, null, {}])
    await isRefused(proceed(made))
})

test('a state does not say what is in it', async () => {
  const state = await begin()
  assert.ok(!state.includes('mayPay') && !Buffer.from(state, 'base64url').toString('latin1').includes('mayPay'))
})

test('another principal cannot use it, and is told nothing else than of a state that never was', async () => {
  const state = await begin()
  const stolen = await proceed(state, { token: 'bob' })
  const made = await proceed('made up', { token: 'bob' })
  assert.equal(stolen.error.message, made.error.message)
  assert.equal((await proceed(state)).result.content[0].text, 'paid', 'and whose it is still can')
})

test('it belongs to its request: another tool, other arguments and another method refuse it', async () => {
  const state = await begin()
  await isRefused(proceed(state, { name: 'refund' }))
  await isRefused(proceed(state, { args: { amount: 1_000_000 } }))
  const elsewhere = await as('alice').request('prompts/get', { name: 'pay', requestState: state })
  assert.ok(elsewhere.error)
})

test('it is good once, whoever is faster', async () => {
  const state = await begin()
  const before = runs.length
  const all = await Promise.all(Array.from({ length: 20 }, () => proceed(state)))
  assert.equal(all.filter(({ result }) => result !== undefined).length, 1)
  assert.equal(runs.length, before + 1)
})

test('it is good for ten minutes', () => {
  let now = 1_000_000
  const states = createRequestStates({ keyRing: createMemoryKeyRing(), clock: () => now })
  const message = { method: 'tools/call', params: { name: 'pay' } } as unknown as Parameters<typeof states.open>[1]
  const alice: Principal = principal('alice')
  const sealed = states.seal(alice, message, { asked: {}, responses: {}, state: 1, parked: undefined, round: 1 }) ?? ''
  now += 599_000
  assert.ok(states.open(alice, message, sealed))
  now += 2_000
  assert.equal(states.open(alice, message, sealed), undefined)
})

test('answers of another shape never reach the work', async () => {
  for (const answers of [null, 7, 'yes', [], { ok: 7 }, { ok: null }, Object.fromEntries(Array.from({ length: 40 }, (_, i) => [i, {}]))])
    await isRefused(proceed(await begin(), { answers }))
  for (const ok of [
    {},
    { action: 'yes' },
    { action: 'accept', content: { ok: 'true' } },
    { action: 'accept', content: 7 },
    { action: 'accept' },
  ])
    await isRefused(proceed(await begin(), { answers: { ok } }))
})

test('only a call, a prompt and a read may ask: other methods ignore what looks like a retry', async () => {
  const { result } = await as('alice').request('tools/list', { requestState: 'x', inputResponses: 7 })
  assert.ok(result.tools.length > 0)
})

test('every question has a state or a request, and none that the caller did not declare', async () => {
  const { result } = await as('alice').call('pay', { amount: 1 })
  assert.ok(result.inputRequests && result.requestState)
  const { error, status } = await mcp(rig.url, { token: 'alice', capabilities: { elicitation: { url: {} } } }).call('pay', { amount: 1 })
  assert.equal(error.code, -32021, 'a client that opens pages only is not shown a form')
  assert.equal(status, 400)
})
