// What results come to: of one flow, which has an end, and of each tool and day, which is counted.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { compileRules, type ResultsOptions, readStatistics } from '../../src/guards/index.ts'
import { createMemoryStore } from '../../src/storage/index.ts'
import { verifies } from '../requirements.ts'
import { run } from '../support/child.ts'
import { principal, say, startEngine, tool } from '../support/engine.ts'
import { startGateway } from '../support/gateway.ts'
import { SALLYPORT } from '../support/guard.ts'
import { mcp, type Version } from '../support/mcp.ts'
import type { Json } from '../support/sse.ts'

verifies('results-flow', 'results-counted')

const KIB = 1024
const people = { alice: principal('alice'), bob: principal('bob'), other: principal('alice', { clientId: 'another' }) }
let ran = 0
const entries = [
  tool('some', () => {
    ran++
    return say('x'.repeat(4 * KIB))
  }),
  tool('long', () => say('x'.repeat(40 * KIB))),
  tool('fields', () => say(JSON.stringify({ a: 1, b: 'x'.repeat(4 * KIB) })), { release: compileRules({ only: ['/a'] }).rules }),
]

async function start(t: TestContext, results: ResultsOptions) {
  let now = Date.UTC(2026, 0, 31, 12)
  const clock = (): number => now
  const store = createMemoryStore({ clock })
  const rig = await startEngine(entries, people, {}, undefined, { results, clock, store })
  let isClosed = false
  const close = async (): Promise<void> => {
    if (!isClosed) await rig.close(false)
    isClosed = true
  }
  t.after(close)
  const as = (who: keyof typeof people, version: Version = '2026-07-28') => mcp(rig.url, { token: who, version })
  return { as, store, close, rig, pass: (ms: number) => void (now += ms) }
}
const sizeOf = (result: Json): number => Buffer.byteLength(JSON.stringify(result))

describe('a flow that has had its tokens', () => {
  it('gets short heads and links from then on, until its window ends; other flows go on', async (t) => {
    const { as, pass } = await start(t, { flow: { maxTokens: 2_000, windowSeconds: 60 } })
    const sizes: number[] = []
    for (let each = 0; each < 4; each++) sizes.push(sizeOf((await as('alice').call('some')).result))
    assert.ok(sizes[0]! > 4 * KIB && sizes[1]! > 4 * KIB, sizes.join())
    assert.ok(sizes[2]! < 3 * KIB && sizes[3]! < 3 * KIB, sizes.join())
    const { result } = await as('alice').call('some')
    const { uri } = result.content.find(({ type }: Json) => type === 'resource_link')
    assert.equal((await as('alice').request('resources/read', { uri })).result.contents[0].text, 'x'.repeat(4 * KIB))
    for (const who of ['bob', 'other'] as const) assert.ok(sizeOf((await as(who).call('some')).result) > 4 * KIB)
    pass(61_000)
    assert.ok(sizeOf((await as('alice').call('some')).result) > 4 * KIB)
  })
  it('is stopped where that is wanted: nothing is run any more, and the refusal says until when', async (t) => {
    const { as, rig } = await start(t, { flow: { maxTokens: 2_000, windowSeconds: 60, whenSpent: 'stop' } })
    for (let each = 0; each < 2; each++) await as('alice').call('some')
    const before = ran
    const { result } = await as('alice').call('some')
    assert.equal(result.isError, true)
    assert.match(result.content[0].text, /2000 tokens in 60 seconds.*Try again in 60 seconds/)
    assert.equal(ran, before)
    assert.ok((await as('alice').list()).length > 0)
    const records = await rig.records()
    assert.ok(records.some(({ reason, facts }) => reason === 'flow_spent' && (facts as Json).limitTokens === 2_000))
  })
  it('is the session of a legacy client', async (t) => {
    const { as } = await start(t, { flow: { maxTokens: 1_000, whenSpent: 'stop' } })
    const [one, other] = [as('alice', '2025-11-25'), as('alice', '2025-11-25')]
    await one.call('some')
    assert.equal((await one.call('some')).result.isError, true)
    assert.equal((await other.call('some')).result.isError, undefined)
  })
})

describe('what was sent and what was saved', () => {
  it('is counted by tool and day, and is of nobody', async (t) => {
    const { as, store, close } = await start(t, { maxBytes: 8 * KIB })
    for (const name of ['some', 'some', 'long', 'fields']) await as('alice').call(name)
    await close()
    const rows = await readStatistics(store, Date.UTC(2026, 0, 31))
    assert.deepEqual(
      rows.map(({ day, tool: name, calls }) => [day, name, calls]),
      [
        ['2026-01-31', 'fields', 1],
        ['2026-01-31', 'long', 1],
        ['2026-01-31', 'some', 2],
      ],
    )
    const [fields, long, some] = rows
    assert.ok(fields && long && some)
    assert.deepEqual([some.byBudget, some.byRule, fields.byBudget, long.byRule], [0, 0, 0, 0])
    assert.ok(fields.byRule > 1_000 && fields.sent < 50)
    assert.ok(long.byBudget > 7_500 && long.produced === long.sent + long.byBudget)
    assert.doesNotMatch(JSON.stringify(await store.records('statistic').list()), /alice/)
    assert.equal((await readStatistics(store, Date.UTC(2026, 1, 1))).length, 0)
  })
  it('is what sallyport stats prints', async () => {
    await using gateway = await startGateway({
      servers: { large: { command: process.execPath, args: [join(import.meta.dirname, '..', 'fixtures', 'large-server.ts')] } },
    })
    const client = mcp(gateway.url, { key: (await gateway.key()).key, version: '2026-07-28' })
    await client.call('text', { bytes: 400 * KIB })
    await gateway.stop()
    const printed = JSON.parse((await gateway.cli('stats', '--json')).stdout)
    assert.equal(printed.tools[0].tool, 'text')
    assert.ok(printed.total.saved > 90_000 && printed.total.produced === printed.total.sent + printed.total.saved)
    assert.equal(printed.days.length, 1)
    const lines = (await gateway.cli('stats', '--since', '24h')).stdout
    assert.match(lines, /^About [\d,]+ tokens of results/m)
    const refused = await run(process.execPath, [SALLYPORT, 'stats', '--since', 'soon'], {})
    assert.notEqual(refused.code, 0)
  })
})
