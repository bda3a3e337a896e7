/** Tasks on more than one node, and when one of them ends: what is kept is the store's, what is told goes over the bus. */

import assert from 'node:assert/strict'
import { request } from 'node:http'
import { afterEach, beforeEach, describe, it, mock } from 'node:test'
import { allow, type Entry } from '../../src/core/index.ts'
import type { TaskBounds } from '../../src/guards/index.ts'
import { type Bus, createLocalBus, createMemoryStore, type RecordKind, type Records, type Store } from '../../src/storage/index.ts'
import { createMemoryKeyRing, type KeyRing } from '../../src/vault/index.ts'
import { verifies } from '../requirements.ts'
import { principal, type Rig, startEngine } from '../support/engine.ts'
import { accept, capabilities, done, form, type TaskClient, taskClient, taskTool } from '../support/tasks.ts'
import { until } from '../support/until.ts'

verifies('tasks')

const TTL_MS = 3_600_000
const GRACE_MS = 60_000
const GROUP = JSON.stringify(['test', 'alice'])
const runs: string[] = []
let stopped = 0
let gate = Promise.withResolvers<void>()
/** How far the clocks of all are ahead. */
let aheadMs = 0
const clock = (): number => Date.now() + aheadMs

function entriesOf(node: string): readonly Entry[] {
  return [
    taskTool('wait', (call) => {
      runs.push(node)
      return new Promise((resolve) => {
        call.onAbort(() => {
          stopped++
          resolve(done('too late'))
        })
      })
    }),
    taskTool('ask', ({ input }) => {
      runs.push(node)
      return input ? done(`answered on ${node}`) : allow({ kind: 'input', requests: { name: form('name') } })
    }),
    taskTool('echo', async () => done('echo')),
    taskTool('large', async () => done('x'.repeat(300_000))),
    taskTool('think', async ({ input }) => {
      await gate.promise
      return input ? done('thought') : allow({ kind: 'input', requests: { name: form('name') } })
    }),
  ]
}

let store: Store
let bus: Bus
let rigs: Rig[] = []
const principals = { alice: principal('alice'), bob: principal('bob') }

interface Own {
  readonly store?: Store
  readonly bus?: Bus
  readonly tasks?: Partial<TaskBounds>
}

async function startNode(keyRing: KeyRing, { tasks, ...own }: Own = {}): Promise<Rig> {
  const entries = entriesOf(`node ${rigs.length + 1}`)
  const bounds = { tasks: { ttlMs: TTL_MS, stored: 3, ...tasks } }
  const rig = await startEngine(entries, principals, bounds, undefined, { store, bus, keyRing, clock, ...own })
  rigs.push(rig)
  return rig
}
const clientOf = (rig: Rig | undefined) => taskClient(rig?.url ?? '', 'alice')

beforeEach(() => {
  aheadMs = 0
  stopped = 0
  runs.length = 0
  store = createMemoryStore({ clock })
  bus = createLocalBus()
})
afterEach(async () => {
  for (const rig of rigs) await rig.close(false)
  rigs = []
  await store.close()
})

/** What a process that has been killed no longer does. */
const dying = (isDead: () => boolean): Store =>
  over(store, (kept) => ({ ...kept, compareAndSet: async (...given) => !isDead() && kept.compareAndSet(...given) }))

async function twoNodes() {
  const keyRing = createMemoryKeyRing()
  return [clientOf(await startNode(keyRing)), clientOf(await startNode(keyRing))] as const
}

/** The states of one task, as they are told. */
async function listen(client: TaskClient, id: string) {
  const stream = await client.open('subscriptions/listen', { notifications: { taskIds: [id] } })
  await stream.messages.next()
  return { next: async (): Promise<string> => (await stream.messages.next()).value.params.status, stop: stream.abort }
}

describe('a task of another node', () => {
  it('is found, and stopped, from this one', async () => {
    const [one, two] = await twoNodes()
    const id = await one.begin('wait')
    assert.equal((await two.get(id)).status, 'working')
    await two.cancel(id)
    await until('it is stopped', () => stopped === 1)
    assert.equal((await one.get(id)).status, 'cancelled')
  })
  it('is told of here, at each change', async () => {
    const [one, two] = await twoNodes()
    gate = Promise.withResolvers()
    const id = await one.begin('think')
    const { next, stop } = await listen(two, id)
    assert.equal(await next(), 'working')
    gate.resolve()
    assert.equal(await next(), 'input_required')
    gate = Promise.withResolvers()
    await one.update(id, { '1.name': accept({ name: 'Ana' }) })
    assert.equal(await next(), 'working')
    gate.resolve()
    assert.equal(await next(), 'completed')
    stop()
  })
  it('goes on where its answer came to', async () => {
    const [one, two] = await twoNodes()
    const asking = await one.begin('ask')
    await two.until(asking, 'input_required')
    await two.update(asking, { '1.name': accept({ name: 'Ana' }) })
    assert.equal((await one.until(asking, 'completed')).result.content[0].text, 'answered on node 2')
    assert.deepEqual(runs, ['node 1', 'node 2'])
  })
  it('runs once however many nodes its answer comes to', async () => {
    const [one, two] = await twoNodes()
    const id = await one.begin('ask')
    await one.until(id, 'input_required')
    await Promise.all([one, two, one, two].map((each) => each.update(id, { '1.name': accept({ name: 'Ana' }) })))
    await one.until(id, 'completed')
    assert.equal(runs.length, 2)
  })
})

describe('when a node ends', () => {
  it('its tasks fail for their callers, once, and what it would have said later is not heard', async () => {
    const keyRing = createMemoryKeyRing()
    // Of a dead process nobody hears: its bus is its own, and its store cannot be written any more.
    let isDead = false
    const one = clientOf(await startNode(keyRing, { bus: createLocalBus(), store: dying(() => isDead) }))
    const two = clientOf(await startNode(keyRing))
    const id = await one.begin('wait')
    isDead = true
    aheadMs = 29_000
    assert.equal((await two.get(id)).status, 'working')
    aheadMs = 31_000
    const failed = await two.get(id)
    assert.deepEqual([failed.status, failed.error.code], ['failed', -32603])
    assert.match(failed.statusMessage, /has stopped/)
    assert.deepEqual(await two.get(id), failed)
    const ends = (await (rigs[1] as Rig).records()).filter(({ action }) => action === 'tasks/end')
    assert.deepEqual(
      ends.map(({ decision, reason, subject, target }) => [decision, reason, subject, target]),
      [['error', 'interrupted', 'alice', 'wait']],
    )
  })
  it('a task that runs here is not given up for a late heartbeat', async () => {
    const [one] = await twoNodes()
    const id = await one.begin('wait')
    aheadMs = 120_000
    assert.equal((await one.get(id)).status, 'working')
  })
  it('and says so, its tasks have failed at once; those that wait for an answer go on with the next', async () => {
    const keyRing = createMemoryKeyRing()
    const one = clientOf(await startNode(keyRing))
    const working = await one.begin('wait')
    const asking = await one.begin('ask')
    await one.until(asking, 'input_required')
    await (rigs[0] as Rig).close(false)
    rigs = []
    assert.equal(stopped, 1)
    const next = clientOf(await startNode(keyRing))
    assert.equal((await next.get(working)).status, 'failed')
    await next.update(asking, { '1.name': accept({ name: 'Ana' }) })
    assert.equal((await next.until(asking, 'completed')).status, 'completed')
  })
})

describe('every ten seconds', () => {
  const beat = (): void => mock.timers.tick(10_000)
  beforeEach(() => mock.timers.enable({ apis: ['setInterval'] }))
  afterEach(() => mock.timers.reset())

  it('a node says that what it runs still runs', async () => {
    const [one, two] = await twoNodes()
    const id = await one.begin('wait')
    aheadMs = 29_000
    const before = await versions()
    beat()
    await until('both are renewed', async () => (await versions()).every((version, at) => version !== before[at]))
    aheadMs = 58_000
    assert.equal((await two.get(id)).status, 'working')
    aheadMs = 61_000
    assert.equal((await two.get(id)).status, 'failed')
  })
  it('it stops what has ended, though nobody told it', async () => {
    const keyRing = createMemoryKeyRing()
    const one = clientOf(await startNode(keyRing, { bus: createLocalBus() }))
    const two = clientOf(await startNode(keyRing))
    const id = await one.begin('wait')
    await until('it runs', () => runs.length === 1)
    await two.cancel(id)
    assert.equal(stopped, 0)
    beat()
    await until('it is stopped', () => stopped === 1)
  })
  it('whoever listens hears of a task whose node has died', async () => {
    const keyRing = createMemoryKeyRing()
    const one = clientOf(await startNode(keyRing, { bus: createLocalBus(), store: dying(() => true) }))
    const two = clientOf(await startNode(keyRing))
    const { next, stop } = await listen(two, await one.begin('wait'))
    assert.equal(await next(), 'working')
    aheadMs = 31_000
    beat()
    assert.equal(await next(), 'failed')
    stop()
  })
  it('a task is looked at once, however many listen, and no more once its end was told', async () => {
    const looks: string[] = []
    const counting = over(store, (kept) => ({
      ...kept,
      get(id) {
        looks.push(id.includes('/result') ? 'result' : 'state')
        return kept.get(id)
      },
    }))
    const one = clientOf(await startNode(createMemoryKeyRing(), { store: counting }))
    const [ended, asking] = [await one.begin('echo'), await one.begin('ask')]
    await one.until(ended, 'completed')
    await one.until(asking, 'input_required')
    const listening = await Promise.all([ended, asking, ended, asking, asking].map((id) => listen(one, id)))
    const told = await Promise.all(listening.map(({ next }) => next()))
    assert.deepEqual(told.toSorted(), ['completed', 'completed', 'input_required', 'input_required', 'input_required'])
    looks.length = 0
    beat()
    await until('somebody looks', () => looks.length > 0)
    await new Promise((resolve) => setTimeout(resolve, 50))
    assert.deepEqual(looks, ['state'])
    await one.cancel(asking)
    for (const at of [1, 3, 4]) assert.equal(await listening[at]?.next(), 'cancelled')
    looks.length = 0
    beat()
    await new Promise((resolve) => setTimeout(resolve, 50))
    assert.deepEqual(looks, [])
    for (const { stop } of listening) stop()
  })
  it('what was asked and not answered in its time is ended, and on record', async () => {
    const [one] = await twoNodes()
    await one.until(await one.begin('ask'), 'input_required')
    aheadMs = TTL_MS + 1_000
    beat()
    const ends = async () => (await (rigs[0] as Rig).records()).filter(({ action }) => action === 'tasks/end')
    await until('its end is on record', async () => (await ends()).length === 1)
    assert.deepEqual(
      (await ends()).map(({ target, reason }) => [target, reason]),
      [['ask', 'deadline_exceeded']],
    )
  })
})

const versions = async (): Promise<readonly number[]> => (await store.records('task').list({ group: GROUP })).map(({ version }) => version)

it('a poll opens the id of its task once', async () => {
  const keyRing = createMemoryKeyRing()
  let opened = 0
  const counting: KeyRing = {
    ...keyRing,
    open(sealed, place) {
      if (place === 'task-id') opened++
      return keyRing.open(sealed, place)
    },
  }
  const one = clientOf(await startNode(counting))
  const id = await one.begin('wait')
  for (const ask of [() => one.get(id), () => one.update(id, {}), () => one.cancel(id)]) {
    opened = 0
    await ask()
    assert.equal(opened, 1)
  }
})

describe('the time of a task', () => {
  it('is kept: it is there until then, fails then, and is gone a minute later', async () => {
    const [one, two] = await twoNodes()
    const [ended, asking] = [await one.begin('echo'), await one.begin('ask')]
    await one.until(ended, 'completed')
    await one.until(asking, 'input_required')
    aheadMs = TTL_MS - 2_000
    assert.equal((await two.get(ended)).status, 'completed')
    assert.equal((await two.get(asking)).status, 'input_required')
    aheadMs = TTL_MS + 1_000
    assert.equal((await two.get(ended)).status, 'completed')
    const late = await two.get(asking)
    assert.deepEqual([late.status, late.error.code], ['failed', 504])
    aheadMs = TTL_MS + GRACE_MS + 1_000
    for (const id of [ended, asking]) assert.equal((await two.get(id)).code, -32602)
    assert.equal((await two.request('tasks/cancel', { taskId: ended })).error.code, -32602)
    assert.equal((await two.request('tasks/update', { taskId: ended, inputResponses: {} })).error.code, -32602)
    await store.sweep()
    assert.deepEqual(await store.records('task').list(), [])
  })
  it('makes room: so many are kept for each caller, whatever has become of them', async () => {
    const [one, two] = await twoNodes()
    for (let count = 0; count < 3; count++) await one.until(await one.begin('echo'), 'completed')
    const { status, error } = await two.call('echo')
    assert.equal(status, 503)
    assert.match(error.message, /has 3 tasks already/)
    aheadMs = TTL_MS + GRACE_MS + 1_000
    assert.ok(await two.begin('echo'))
  })
})

describe('what the tasks of one caller keep', () => {
  const LARGE = 300_000
  const tasks = { stored: 100, storedBytes: 1_000_000 }
  const bytes = async (): Promise<number> => (await store.records('task').usage(`bulk ${GROUP}`)).bytes

  it('is the arguments until they have ended, and the result from then on', async () => {
    const one = clientOf(await startNode(createMemoryKeyRing(), { tasks }))
    const id = await one.begin('ask', { text: 'x'.repeat(LARGE) })
    await one.until(id, 'input_required')
    assert.ok((await bytes()) > LARGE)
    await one.update(id, { '1.name': accept({ name: 'Ana' }) })
    await one.until(id, 'completed')
    await until('the large state is gone', async () => (await bytes()) < 1_000)
    for (const end of ['cancel', 'expire'] as const) {
      const other = await one.begin('ask', { text: 'x'.repeat(LARGE) })
      await one.until(other, 'input_required')
      if (end === 'cancel') await one.cancel(other)
      else aheadMs = TTL_MS + 1_000
      await one.get(other)
      await until('the large state is gone', async () => (await bytes()) < 1_000)
    }
  })
  it('has a bound: what is beyond it is refused, or withheld when it has ended, and others have their own', async () => {
    const rig = await startNode(createMemoryKeyRing(), { tasks })
    const one = clientOf(rig)
    for (let n = 0; n < 2; n++) await one.until(await one.begin('ask', { text: 'x'.repeat(LARGE) }), 'input_required')
    const refused = await one.call('ask', { text: 'x'.repeat(LARGE) })
    assert.deepEqual([refused.status, /as large as they may be \(1000000 bytes\)/.test(refused.error.message)], [503, true])
    const large = await one.begin('large')
    const withheld = await one.until(large, 'failed')
    assert.deepEqual([withheld.error.code, /is withheld/.test(withheld.statusMessage)], [503, true])
    assert.ok((await rig.records()).some(({ action, reason }) => action === 'tasks/end' && reason === 'overloaded'))
    const other = taskClient(rig.url, 'bob')
    await other.until(await other.begin('large'), 'completed')
  })
})

describe('a caller that hangs up before it is told of its task', () => {
  it('has none, and nothing runs', async () => {
    const slow = Promise.withResolvers<void>()
    let [begun, written] = [0, 0]
    const delayed = over(store, (kept) => ({
      ...kept,
      async putIfAbsent(...given) {
        begun++
        await slow.promise
        const won = await kept.putIfAbsent(...given)
        written++
        return won
      },
    }))
    const rig = await startNode(createMemoryKeyRing(), { store: delayed })
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'wait', arguments: {}, _meta: META } })
    const outgoing = request(rig.url, { method: 'POST', headers: HEADERS })
    outgoing.on('error', () => {})
    outgoing.end(body)
    await until('it is being stored', () => begun > 0)
    outgoing.destroy()
    await until('the call is cancelled', async () => (await rig.records()).some(({ reason }) => reason === 'cancelled'))
    slow.resolve()
    await until('the task is taken back', async () => written === 2 && (await store.records('task').list()).length === 0)
    assert.deepEqual(runs, [])
  })
})

const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': capabilities,
}
const HEADERS = {
  authorization: 'Bearer alice',
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
  'mcp-protocol-version': '2026-07-28',
  'mcp-method': 'tools/call',
  'mcp-name': 'wait',
}

/** The store with its records changed. */
function over(kept: Store, change: (records: Records<unknown>) => Records<unknown>): Store {
  return { ...kept, records: <T>(kind: RecordKind) => change(kept.records(kind)) as Records<T> }
}
