// RS22: whoever calls and hangs up, or is not waited for, has no more at once than whoever waits.

import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { verifies } from '../requirements.ts'
import { principal, type Rig, say, startEngine, tool } from '../support/engine.ts'
import { mcp } from '../support/mcp.ts'
import { done, taskClient, taskTool } from '../support/tasks.ts'
import { until } from '../support/until.ts'

verifies('RS22')

const principals = { alice: principal('alice'), bob: principal('bob') }
let rig: Rig
let [running, most] = [0, 0]
let gate = Promise.withResolvers<void>()

/** Does not care who waits for it. */
async function work(): Promise<void> {
  most = Math.max(most, ++running)
  await gate.promise
  running--
}
const heavy = () => work().then(() => say('done'))
const entries = [
  tool('heavy', heavy, { limits: { concurrency: 1 } }),
  tool('late', heavy, { limits: { concurrency: 1, deadlineSeconds: 0.02 } }),
  tool('free', heavy),
  taskTool('task', () => work().then(() => done('done')), undefined, { limits: { concurrency: 1 } }),
]
beforeEach(async () => {
  ;[running, most] = [0, 0]
  gate = Promise.withResolvers()
  rig = await startEngine(entries, principals, { concurrency: 3, tasks: { running: 1 } })
})
afterEach(async () => {
  gate.resolve()
  await rig.close()
})

const as = (token: string) => mcp(rig.url, { token })
const isCancelled = async (count: number): Promise<boolean> =>
  (await rig.records()).filter(({ reason }) => reason === 'cancelled').length === count

/** Calls, and hangs up as soon as the tool runs. */
async function hangUp(token: string, name: string): Promise<void> {
  const before = running
  const cancelled = (await rig.records()).filter(({ reason }) => reason === 'cancelled').length
  const leaving = new AbortController()
  const params = {
    name,
    arguments: {},
    _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {} },
  }
  const call = fetch(rig.url, {
    method: 'POST',
    signal: leaving.signal,
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': name,
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }),
  })
  await until('it runs', () => running > before)
  leaving.abort()
  await assert.rejects(call)
  await until('the call is cancelled', () => isCancelled(cancelled + 1))
}

describe('RS22: what still runs', () => {
  it('keeps its place at the tool when its caller has hung up', async () => {
    await hangUp('alice', 'heavy')
    for (const token of ['alice', 'bob']) assert.match((await as(token).call('heavy')).error.message, /in use as often/)
    gate.resolve()
    await until('it has ended', () => running === 0)
    assert.equal((await as('bob').call('heavy')).status, 200)
    assert.equal(most, 1)
  })
  it('and when its deadline has passed', async () => {
    assert.match((await as('alice').call('late')).result.content[0].text, /took longer than/)
    assert.match((await as('bob').call('late')).error.message, /in use as often/)
    gate.resolve()
    await until('it has ended', () => running === 0)
    assert.match((await as('bob').call('late')).result.content[0].text, /done/)
  })
  it('counts for its caller, and not for others', async () => {
    for (let n = 0; n < 3; n++) await hangUp('alice', 'free')
    const { status, error } = await as('alice').call('free')
    assert.deepEqual([status, /has 3 calls running already/.test(error.message)], [503, true])
    const other = as('bob').call('free')
    await until('all of them run', () => running === 4)
    gate.resolve()
    assert.equal((await other).status, 200)
    assert.equal((await as('alice').call('free')).status, 200)
  })
  it('keeps its place when it is a task that was cancelled', async () => {
    const [alice, bob] = [taskClient(rig.url, 'alice'), taskClient(rig.url, 'bob')]
    const id = await alice.begin('task')
    await until('it runs', () => running === 1)
    await alice.cancel(id)
    assert.equal((await alice.get(id)).status, 'cancelled')
    assert.match((await bob.call('task')).error.message, /in use as often/)
    assert.match((await alice.call('task')).error.message, /has 1 tasks running already/)
    gate.resolve()
    await until('it has ended', () => running === 0)
    await alice.until(await alice.begin('task'), 'completed')
  })
})
