/** How `sallyport guard` ends when it is not given the time to: before it is ready, with nobody to talk to, with a start that fails. */

import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { ODD_SERVER } from '../fixtures/start-upstream.ts'
import { type Child, createTempDir, run, SALLYPORT, start, stop, type TempDir, withBin } from '../support/index.ts'
import { grantedFlags } from '../support/sandbox.ts'
import { until } from '../support/until.ts'

function startIn(temp: TempDir, ...args: string[]): Child {
  const own = [SALLYPORT, 'guard', '--data-dir', join(temp.path, 'data'), ...args]
  return start(process.execPath, own, { cwd: temp.path, env: withBin({ SALLYPORT_KEY: undefined }), stdio: 'pipe' })
}

/** Its exit code, in time. */
async function exitOf({ process: child, stderr }: Child, withinMs: number): Promise<number | null> {
  const gone = new Promise<void>((resolve) => (child.exitCode === null ? child.once('exit', () => resolve()) : resolve()))
  if (await Promise.race([gone.then(() => false), delay(withinMs, true, { ref: false })])) assert.fail(`still there: ${stderr()}`)
  return child.exitCode
}

/** A server that never answers, and whose life can be seen from outside. */
function createHanging({ path }: TempDir, { deaf = false } = {}) {
  const place = join(path, 'place')
  mkdirSync(place)
  const file = join(place, 'beats')
  const stubborn = deaf ? `process.on('SIGTERM', () => {});` : ''
  const code = `${stubborn} setInterval(() => require('fs').appendFileSync(${JSON.stringify(file)}, '.'), 20)`
  const beats = (): number => (existsSync(file) ? readFileSync(file).length : 0)
  return {
    args: [...grantedFlags({ write: [place] }), '--', process.execPath, '-e', code],
    started: () => until('the guarded server', () => beats() > 0, 30_000),
    async assertGone() {
      await delay(100)
      const before = beats()
      await delay(300)
      assert.equal(beats(), before, 'the guarded server lives on')
    },
  }
}

// Side by side: most of the time is the grace that a server is given.
describe('an early end', { concurrency: 3 }, () => {
  test('a signal while an upstream has not answered ends it, and the server behind it', async () => {
    await using temp = await createTempDir('signal')
    const hanging = createHanging(temp)
    const child = startIn(temp, '--port', '0', ...hanging.args)
    try {
      await hanging.started()
      child.process.kill('SIGTERM')
      assert.equal(await exitOf(child, 15_000), 0)
      await hanging.assertGone()
    } finally {
      await stop(child.process)
    }
  })

  test('over stdio a client that hangs up is not kept waiting for an upstream either', async () => {
    await using temp = await createTempDir('hang-up')
    const hanging = createHanging(temp)
    const child = startIn(temp, '--stdio', ...hanging.args)
    try {
      await hanging.started()
      child.process.stdin?.end()
      assert.equal(await exitOf(child, 15_000), 0)
      await hanging.assertGone()
    } finally {
      await stop(child.process)
    }
  })

  test('a second signal ends it at once, and leaves nothing of the server behind', async () => {
    await using temp = await createTempDir('twice')
    const hanging = createHanging(temp, { deaf: true })
    const child = startIn(temp, '--port', '0', ...hanging.args)
    try {
      await hanging.started()
      child.process.kill('SIGTERM')
      await delay(700)
      assert.equal(child.process.exitCode, null)
      child.process.kill('SIGTERM')
      // A server that does not hear is given four seconds where nobody insists.
      assert.equal(await exitOf(child, 2_500), 0)
      await hanging.assertGone()
    } finally {
      await stop(child.process)
    }
  })

  test('a start that fails ends with its error: no port, server or timer keeps it', async () => {
    await using temp = await createTempDir('failed')
    const lock = join(temp.path, 'data', 'sallyport.lock')
    // Stands where the file should go, from after we have looked until before we write.
    const obstacle = `require('fs').mkdirSync(${JSON.stringify(join(lock, 'in-the-way'))}, { recursive: true }); import(process.argv[1])`
    const child = startIn(
      temp,
      '--port',
      '0',
      '--classify',
      'annotations',
      // It puts something in our way, which it could not do in a sandbox.
      '--dangerously-no-sandbox',
      '--',
      process.execPath,
      '-e',
      obstacle,
      ODD_SERVER,
      '--ignore-end',
    )
    try {
      assert.equal(await exitOf(child, 30_000), 2)
      assert.match(child.stderr(), /^error\[E-/m)
    } finally {
      await stop(child.process)
    }
  })

  for (const closed of [['stdout'], ['stdout', 'stderr']] as const)
    test(`over stdio, with its ${closed.join(' and ')} closed, it ends by itself with every call on record`, async () => {
      await using temp = await createTempDir('closed')
      const config = join(temp.path, 'sallyport.yaml')
      const odd = { command: process.execPath, args: [ODD_SERVER], tools: { echo: 'read' } }
      writeFileSync(config, JSON.stringify({ servers: { odd }, local: { scopes: ['tools:read'] } }))
      const child = startIn(temp, '--stdio', '--config', config)
      try {
        const { stdin, stdout } = child.process
        const send = (message: object): void => void stdin?.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
        const answers = createInterface({ input: stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]()
        const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } }
        send({ id: 0, method: 'initialize', params })
        await answers.next()
        const echo = { method: 'tools/call', params: { name: 'echo', arguments: { text: 'x' } } }
        send({ id: 1, ...echo })
        await answers.next()
        for (const name of closed) child.process[name]?.destroy()
        for (const id of [2, 3, 4]) send({ id, ...echo })
        assert.equal(await exitOf(child, 8_000), 0)
        const search = [SALLYPORT, 'audit', 'search', '--tool', 'echo', '--json', '--data-dir', join(temp.path, 'data')]
        const { records } = JSON.parse((await run(process.execPath, search)).stdout)
        assert.equal(records.length, 4)
      } finally {
        await stop(child.process)
      }
    })
})
