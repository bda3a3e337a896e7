// A process that is killed while it keeps results: what was told of is whole, the rest cannot be read by anybody and goes with its time.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { createStoredResults } from '../../src/guards/results/index.ts'
import { createSealedParts, openData } from '../../src/vault/index.ts'
import { verifies } from '../requirements.ts'
import { start } from '../support/child.ts'
import { principal } from '../support/engine.ts'
import { createTempDir } from '../support/paths.ts'
import { until } from '../support/until.ts'

verifies('results-gone')

const child = join(import.meta.dirname, '..', 'fixtures', 'keeping-child.ts')
const BYTES = 4_300_000
const PARTS = Math.ceil(BYTES / (128 * 1024))

test('kill -9 in the middle of keeping a result leaves none that can be half read, and its parts are swept', async () => {
  await using temp = await createTempDir('kept-results')
  const dataDir = join(temp.path, 'data')
  let told = ''
  let halves = 0
  for (let round = 0; round < 2; round++) {
    const { process: keeping } = start(process.execPath, [child, dataDir], { stdio: 'pipe' })
    const gone = new Promise((resolve) => keeping.once('exit', resolve))
    let own = ''
    keeping.stdout?.on('data', (chunk: Buffer) => (own += chunk.toString()))
    await until('the first result', () => own.includes('\n'), 20_000)
    await delay(10 + round * 15)
    keeping.kill('SIGKILL')
    await gone
    told += own.slice(0, own.lastIndexOf('\n') + 1)
  }
  let now = Date.now()
  const { store, vault } = await openData({ dataDir, clock: () => now })
  try {
    const parts = createSealedParts({ store, vault })
    const bounds = { keepSeconds: 3_600, storedBytes: 1024 ** 3, stored: 1_000 }
    const stored = createStoredResults({ ...bounds, store, vault, parts, clock: () => now, mayUse: () => true })
    const rows = await store.records('stored_result').list()
    for (const id of told.trim().split('\n'))
      assert.ok(
        rows.some((row) => row.id === id),
        `${id} was told of`,
      )
    for (const { id } of rows) {
      const found = await stored.find(id, principal('alice'))
      const whole = await found?.read(0, BYTES)
      assert.equal(whole?.toString(), 'something that was found, again and again. '.repeat(100_000))
      assert.equal(await stored.find(id, principal('bob')), undefined)
    }
    halves = (await store.records('stored_part').list()).length - rows.length * PARTS
    assert.ok(halves > 0, 'none was interrupted')
    now += 3_700_000
    while ((await store.sweep()) > 0);
    for (const kind of ['stored_result', 'stored_part'] as const) assert.equal((await store.records(kind).list()).length, 0)
  } finally {
    await store.close()
  }
})
