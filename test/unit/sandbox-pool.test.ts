// The pool of warm children, with the deepest sandbox that this machine has: whose each child is, what ends one, and how many there are.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { silentLog } from '../../src/core/index.ts'
import {
  createPool,
  type Job,
  type JobEnd,
  openConfinement,
  type Pool,
  type SandboxOptions,
  toGrants,
  toNodeProgram,
  toolLimits,
} from '../../src/sandbox/index.ts'
import { ROOT } from '../support/paths.ts'
import { until as untilNamed } from '../support/until.ts'

const folder = join(ROOT, 'test/fixtures/modules')
const confinement = await openConfinement()
const opened: Pool[] = []
after(() => Promise.all(opened.map((pool) => pool.close())))

interface Options extends SandboxOptions {
  readonly children?: number
  readonly waiting?: number
  readonly spares?: number
  readonly idleSeconds?: number
  readonly module?: string
  readonly log?: typeof silentLog
}

function poolOf({ children = 3, waiting, spares = 0, idleSeconds, module = 'probe.mjs', log = silentLog, ...sandbox }: Options = {}): Pool {
  const grants = toGrants(sandbox, folder, toolLimits)
  const args = [pathToFileURL(join(folder, module)).href]
  const program = toNodeProgram({ inside: 'runner', args, grants, code: [folder], cwd: folder }, confinement.depth)
  const pool = createPool({ name: 'probe', program, confinement, log, children, waiting, spares, idleSeconds })
  opened.push(pool)
  return pool
}

/** The machine may be busy. */
const until = (condition: () => boolean): Promise<void> => untilNamed(String(condition), condition, 20_000)
const never = (): void => {}
const run = (pool: Pool, act: string, owner = 'ana', more: Partial<Job> & { readonly params?: object } = {}): Promise<JobEnd> =>
  pool.run({ owner, message: { params: { act, ...more.params }, tellsProgress: true }, onAbort: more.onAbort ?? never, said: more.said })
const answerOf = (end: JobEnd): Record<string, unknown> => {
  assert.equal(end.kind, 'done', JSON.stringify(end))
  return (end as { value: { answer: Record<string, unknown> } }).value.answer
}

// Each has a pool of its own, and waits for its children most of the time.
describe('a pool', { concurrency: 4 }, () => {
  test('a child serves its owner again and is warm, and nobody else ever', async () => {
    const pool = poolOf({ children: 3 })
    const seen = new Map<string, number>()
    for (const owner of ['ana', 'ben', 'ana', 'eva', 'zoe', 'ana', 'ben', 'ben']) {
      const { calls } = answerOf(await run(pool, 'count', owner))
      const before = seen.get(owner)
      // Either its own child, which has counted only its calls, or one that has served nobody.
      assert.ok(calls === 1 || calls === (before ?? 0) + 1, `${owner}: ${String(calls)} after ${before}`)
      seen.set(owner, calls as number)
      assert.ok(pool.status().children <= 3)
    }
    assert.equal(seen.get('ben'), (answerOf(await run(pool, 'count', 'ben'))['calls'] as number) - 1, 'the last one was still there')
  })

  test('what one owner leaves in the files of its child is not there for the next', async () => {
    const pool = poolOf({ children: 1 })
    assert.equal(answerOf(await run(pool, 'write', 'ana', { params: { path: '/tmp/left' } })), 'written')
    assert.equal(answerOf(await run(pool, 'read', 'ana', { params: { path: '/tmp/left' } })), 'written')
    const end = await run(pool, 'read', 'ben', { params: { path: '/tmp/left' } })
    assert.equal(end.kind, 'failed')
    assert.match((end as { error: { message: string } }).error.message, /ENOENT/)
  })

  test('a clean child is ready before a new owner needs it', async () => {
    const pool = poolOf({ children: 3, spares: 1 })
    await until(() => pool.status().children === 1)
    assert.equal(answerOf(await run(pool, 'count', 'ana'))['calls'], 1)
    await until(() => pool.status().children === 2)
    assert.equal(answerOf(await run(pool, 'count', 'ben'))['calls'], 1)
  })

  test('200 parallel calls are all answered by no more children than there may be', async () => {
    const pool = poolOf({ children: 3 })
    let most = 0
    const ends = await Promise.all(
      Array.from({ length: 200 }, async (_, at) => {
        const end = await run(pool, 'echo', `owner ${at % 4}`, { params: { value: at } })
        most = Math.max(most, pool.status().children)
        assert.ok(pool.status().busy <= 3)
        return answerOf(end)['value']
      }),
    )
    assert.deepEqual(
      ends,
      ends.map((_, at) => at),
    )
    assert.ok(most <= 3, `${most} children`)
  })

  test('who has many calls waiting does not keep others from their turn', async () => {
    const pool = poolOf({ children: 2 })
    const order: string[] = []
    const many = Array.from({ length: 20 }, async () => {
      await run(pool, 'sleep', 'ana', { params: { value: 10 } })
      order.push('ana')
    })
    await run(pool, 'echo', 'ben')
    order.push('ben')
    await Promise.all(many)
    assert.ok(order.indexOf('ben') < order.length - 1, order.join(' '))
  })

  test('one owner never has every child', async () => {
    const pool = poolOf({ children: 2 })
    const ends = [100, 100].map((value) => run(pool, 'sleep', 'ana', { params: { value } }))
    await until(() => pool.status().busy === 1)
    assert.deepEqual({ busy: pool.status().busy, waiting: pool.status().waiting }, { busy: 1, waiting: 1 })
    await Promise.all(ends)
  })

  test('what finds no room to wait is refused', async () => {
    const pool = poolOf({ children: 1, waiting: 2 })
    const running = run(pool, 'sleep', 'ana', { params: { value: 200 } })
    const waiting = run(pool, 'echo', 'ben')
    assert.equal((await run(pool, 'echo', 'ben')).kind, 'overloaded', 'of one owner: half of it')
    const other = run(pool, 'echo', 'eva')
    assert.equal((await run(pool, 'echo', 'zoe')).kind, 'overloaded', 'of all')
    for (const end of await Promise.all([running, waiting, other])) assert.equal(end.kind, 'done')
  })

  for (const [act, sandbox, why] of [
    ['loop', { timeoutMs: 600 }, 'time'],
    ['exit', {}, 'crash'],
    ['flood', { maxOutputBytes: 50_000 }, 'output'],
    ['longAnswer', { maxOutputBytes: 50_000 }, 'output'],
    ['heap', { memoryMb: 96, timeoutMs: 60_000 }, 'memory'],
  ] as const)
    test(`it ends what goes too far (${act}: ${why}), and the next call has another child`, async () => {
      const pool = poolOf({ children: 1, ...sandbox })
      assert.deepEqual(await run(pool, act), { kind: 'stopped', why })
      assert.equal(answerOf(await run(pool, 'count'))['calls'], 1)
    })

  const kept = { skip: confinement.depth !== 'bubblewrap' && 'only with bubblewrap does the kernel keep these limits' }
  for (const [act, sandbox, why] of [
    ['fill', { scratchMb: 2 }, 'disk'],
    ['fillStream', { scratchMb: 2 }, 'disk'],
    ['processes', { maxProcesses: 20, run: ['/usr/bin/sleep'] }, 'processes'],
    ['processesUnheard', { maxProcesses: 20, run: ['/usr/bin/sleep'] }, 'processes'],
  ] as const)
    test(`what fails of a limit that the kernel keeps is ended for it (${act}), and the next call has another child`, kept, async () => {
      const pool = poolOf({ children: 1, ...sandbox })
      assert.deepEqual(await run(pool, act), { kind: 'stopped', why })
      assert.equal(answerOf(await run(pool, 'count'))['calls'], 1)
    })
  test('what goes on where the kernel refuses it more is not ended', kept, async () => {
    const pool = poolOf({ children: 1, scratchMb: 2 })
    assert.equal(answerOf(await run(pool, 'fillQuietly')), 'goes on')
  })

  test('a job that waits is cancelled at once, one that runs is told and may end by itself, one that does not listen is ended', async () => {
    const pool = poolOf({ children: 1 })
    const begin = (act: string): { readonly end: Promise<JobEnd>; readonly begun: Promise<void>; readonly abort: () => void } => {
      const listeners: (() => void)[] = []
      const { promise: begun, resolve: said } = Promise.withResolvers<void>()
      const onAbort = (listener: () => void): void => void listeners.push(listener)
      const end = run(pool, act, 'ana', { onAbort, said: () => said() })
      return {
        end,
        begun,
        abort: () => {
          for (const listener of listeners) listener()
        },
      }
    }
    const listening = begin('wait')
    await listening.begun
    const waiting = begin('echo')
    waiting.abort()
    assert.deepEqual(await waiting.end, { kind: 'cancelled' })
    listening.abort()
    assert.equal(answerOf(await listening.end), 'aborted')
    assert.equal(answerOf(await run(pool, 'count'))['calls'], 1)
    assert.equal(answerOf(await run(pool, 'count'))['calls'], 2, 'the child is still there')

    const deaf = begin('loop')
    await deaf.begun
    deaf.abort()
    assert.deepEqual(await deaf.end, { kind: 'cancelled' })
    assert.equal(answerOf(await run(pool, 'count'))['calls'], 1, 'another child')
  })

  test('lines that a module writes itself answer nothing, and what it says comes while it works', async () => {
    const pool = poolOf()
    assert.equal(answerOf(await run(pool, 'forge')), 'honest')
    const said: unknown[] = []
    await run(pool, 'progress', 'ana', { said: (message) => void said.push(message) })
    assert.deepEqual(said, [
      { progress: 1, total: 2, message: 'half' },
      { progress: 2, total: 2 },
    ])
  })

  test('what a module prints is in the log and nowhere else', async () => {
    const lines: string[] = []
    const pool = poolOf({ log: (level, message) => void lines.push(`${level} ${message}`) })
    assert.equal(answerOf(await run(pool, 'print', 'ana', { params: { value: 'spoken aloud' } })), 'printed')
    await until(() => lines.length >= 3)
    assert.deepEqual(new Set(lines), new Set(['debug probe: spoken aloud']))
  })

  test('a module that cannot be loaded fails its calls, with the reason for whoever runs the server', async () => {
    const pool = poolOf({ module: 'broken.mjs' })
    const end = await run(pool, 'echo')
    assert.deepEqual(end, { kind: 'failed', error: { name: 'Error', message: 'broken while it was imported' } })
    assert.equal((await run(pool, 'echo')).kind, 'failed')
  })

  test('who has not called for a while has no child any more', async () => {
    const pool = poolOf({ idleSeconds: 0.2 })
    await run(pool, 'echo')
    assert.equal(pool.status().children, 1)
    await until(() => pool.status().children === 0)
    assert.equal(answerOf(await run(pool, 'count'))['calls'], 1)
  })

  test('a pool that retires ends with the calls that it has, one that closes ends them', async () => {
    const pool = poolOf({ children: 2 })
    const last = run(pool, 'sleep', 'ana', { params: { value: 200 } })
    await until(() => pool.status().busy === 1)
    pool.retire()
    assert.deepEqual(await run(pool, 'echo'), { kind: 'cancelled' })
    assert.equal(answerOf(await last), 'slept')
    await until(() => pool.status().children === 0)

    const closed = poolOf({ children: 1 })
    const running = run(closed, 'loop')
    const waiting = run(closed, 'echo', 'ben')
    await until(() => closed.status().busy === 1)
    await closed.close()
    assert.deepEqual([(await running).kind, (await waiting).kind], ['stopped', 'cancelled'])
    assert.equal(closed.status().children, 0)
  })
})
