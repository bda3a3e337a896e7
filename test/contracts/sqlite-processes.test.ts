/** Several processes on one data folder: what the CLI and a server are. */

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, test } from 'node:test'
import { createSqliteStore } from '../../src/storage/index.ts'
import { createKeyRing, openData } from '../../src/vault/index.ts'

const ROUNDS = 60
const COUNT = 3

interface Contender {
  readonly process: ChildProcess
  readonly ask: (task: string) => Promise<unknown>
  readonly next: () => Promise<string>
}

let folder: string
let contenders: Contender[]
let keys: string[]

function start(name: string): Contender {
  const program = join(import.meta.dirname, 'contender.ts')
  const child = spawn(process.execPath, [program, folder, name, String(ROUNDS)], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async (): Promise<string> => {
    const { value, done } = await lines.next()
    if (done) throw new Error(`${name} ended`)
    return value
  }
  return {
    process: child,
    next,
    ask: async (task) => {
      child.stdin.write(`${task}\n`)
      return JSON.parse(await next())
    },
  }
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-'))
  contenders = Array.from({ length: COUNT }, (_, n) => start(`p${n}`))
  keys = await Promise.all(contenders.map(({ next }) => next()))
})

after(async () => {
  for (const contender of contenders) contender.process.kill('SIGKILL')
  await rm(folder, { recursive: true })
})

/** Whoever won, in order, each told once. */
const winners = (answers: unknown[]): number[] => (answers as number[][]).flat().sort((a, b) => a - b)
const everyRound = Array.from({ length: ROUNDS }, (_, n) => n)

test('processes that start at once on an empty folder end with one key and leave no draft of another', async () => {
  assert.equal(new Set(keys).size, 1)
  assert.deepEqual(
    (await readdir(folder)).filter((name) => name.startsWith('master')),
    ['master.key'],
  )
})

test('processes that want one data key at once end with one, and each opens what the others have sealed', async () => {
  const sealed = (await Promise.all(contenders.map(({ ask }) => ask('seal')))) as string[]
  assert.equal(new Set(sealed.map((value) => value.split('.')[1])).size, 1)
  const data = await openData({ dataDir: join(folder, 'data'), env: {} })
  for (const [n, value] of sealed.entries()) {
    const place = { kind: 'connection', id: `p${n}`, field: 'f', subject: 'ana' }
    assert.equal((await data.vault.open(value, place))?.toString(), `p${n}`)
  }
  await data.store.close()
})

test('one process wins each put, and one is given each record', async () => {
  assert.deepEqual(winners(await Promise.all(contenders.map(({ ask }) => ask('put')))), everyRound)
  assert.deepEqual(winners(await Promise.all(contenders.map(({ ask }) => ask('take')))), everyRound)
})

test('processes that append at once extend one chain', async () => {
  const counts = (await Promise.all(contenders.map(({ ask }) => ask('append')))) as number[]
  const total = counts.reduce((sum, count) => sum + count)
  const store = createSqliteStore({
    file: join(folder, 'test.db'),
    sealKey: createKeyRing({ file: join(folder, 'master.key'), env: {} }).mac('audit head', ''),
  })
  const state = await store.audit.verify()
  assert.deepEqual([state.intact, state.records], [true, total], JSON.stringify(state))
  for (const [index, count] of counts.entries())
    assert.equal((await store.audit.search({ subject: `p${index}`, limit: 10_000 })).length, count)
  await store.close()
})

test('a process that is killed while it appends leaves whole batches and an intact chain, and the trail goes on', async () => {
  const victim = contenders[0]!
  victim.process.stdin?.write('forever\n')
  assert.equal(await victim.next(), 'appending')
  const store = createSqliteStore({
    file: join(folder, 'test.db'),
    sealKey: createKeyRing({ file: join(folder, 'master.key'), env: {} }).mac('audit head', ''),
  })
  const before = (await store.audit.verify()).records
  let now = before
  while (now < before + 300) now = (await store.audit.verify()).records
  victim.process.kill('SIGKILL')
  await once(victim.process, 'exit')
  const state = await store.audit.verify()
  assert.equal(state.intact, true, JSON.stringify(state))
  assert.equal((state.records - before) % 60, 0)
  await store.audit.append([
    { id: 'dec_after', at: 1, decision: 'allow', reason: 'allowed', action: 'x', transport: 'http', durationMs: 0 },
  ])
  const after = await store.audit.verify()
  assert.deepEqual([after.intact, after.records], [true, state.records + 1])
  await store.close()
})
