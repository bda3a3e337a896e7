// Large results in work are counted together, wherever in a result it is that is large.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Clock, createRedactor, createWork, type JsonObject } from '../../src/core/index.ts'
import { createBudgetStep } from '../../src/guards/release/budget.ts'
import { prune } from '../../src/guards/release/prune.ts'
import { createBudgets } from '../../src/guards/results/budgets.ts'
import { createResultUris } from '../../src/guards/results/result-uri.ts'
import { createStoredResults } from '../../src/guards/results/stored-results.ts'
import { createMemoryStore } from '../../src/storage/index.ts'
import { createMemoryKeyRing, createSealedParts } from '../../src/vault/index.ts'
import { verifies } from '../requirements.ts'
import { cpuMs } from '../support/cpu.ts'
import { principal, say, tool } from '../support/engine.ts'
import { vaultOf } from '../support/vault.ts'

verifies('results-large')

const LONG = 'x'.repeat(20_000)
const shapes: Readonly<Record<string, JsonObject>> = {
  'in a text': say(LONG),
  'deep in what is structured': { content: [], structuredContent: { a: { b: { c: LONG } } } },
  'in a list of lists': { content: [], structuredContent: [[LONG]] },
  'in a name': { content: [], structuredContent: { [LONG]: 1 } },
  'beside the text': { content: [{ type: 'text', text: '', _meta: { LONG } }] },
  'in _meta': { content: [], _meta: { LONG } },
  'in a member that nobody knows': { content: [], LONG },
}

for (const [where, result] of Object.entries(shapes))
  test(`what is large ${where} takes its room among what is in work`, async () => {
    const clock: Clock = Date.now
    const store = createMemoryStore({ clock })
    const vault = vaultOf(createMemoryKeyRing())
    const kept = { keepSeconds: 60, storedBytes: 1_000_000, stored: 10 }
    const step = createBudgetStep({
      budgets: createBudgets({ resultBytes: 1_000_000, maxBytes: 4_096 }),
      uris: createResultUris('12345678'),
      stored: createStoredResults({ ...kept, store, vault, parts: createSealedParts({ store, vault }), clock, mayUse: () => true }),
      // Of one, and of no second one.
      work: createWork(30_000),
      redactor: createRedactor(),
      tool: false,
    })
    const leaving = { entry: tool('large', () => say('')), principal: principal('alice'), meta: {}, params: {} }
    const outcomes = await Promise.all([step(result, leaving), step(result, leaving)])
    const refusals = outcomes.map((outcome) => (outcome.allowed ? undefined : outcome.denial.reason))
    assert.equal(refusals.filter((reason) => reason === 'overloaded').length, 1, JSON.stringify(refusals))
  })

test('what has more members than there is room for is not shortened again and again', () => {
  const wide = Object.fromEntries(Array.from({ length: 100_000 }, (_, at) => [`k${at}`, 'v'.repeat(30)]))
  const written = cpuMs(() => JSON.stringify(wide))
  // Some fifty times as long where each level is made.
  assert.ok(
    cpuMs(() =>
      assert.equal(
        prune(wide, 10_000, () => true),
        undefined,
      ),
    ) <
      4 * written + 50,
  )
  const some = { list: Array.from({ length: 100 }, () => 'x'.repeat(100)), text: 'x'.repeat(10_000) }
  const left = prune(some, 2_000, () => true) as typeof some
  assert.ok(left.list.length > 1 && left.text.length > 32 && JSON.stringify(left).length <= 2_000)
})
