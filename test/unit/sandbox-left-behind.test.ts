// What is left of what ran confined: nothing, whichever way it and we end.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { startChild, stopChild } from '../../src/process/index.ts'
import { createBubblewrap, serverLimits, toGrants } from '../../src/sandbox/index.ts'
import { verifies } from '../requirements.ts'
import { needsBubblewrap } from '../support/bubblewrap.ts'
import { until } from '../support/until.ts'

verifies('sandbox-left-behind')

/** Processes of this machine that have it among their arguments. */
const running = (mark: string): string[] =>
  readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && Number(pid) !== process.pid && readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(mark)
    } catch {
      return false
    }
  })

// A program that starts others, which leave its session and its group, and nobody waits for them.
const spreading = (mark: string): string =>
  `for i in 1 2 3; do setsid sh -c "trap '' TERM HUP INT; while :; do sleep 60; done" ${mark} & done; echo started; trap '' TERM; while :; do sleep 60; done`

const program = (mark: string) => ({
  command: 'sh',
  args: ['-c', spreading(mark), mark],
  cwd: '/',
  env: {},
  grants: toGrants({}, '/', serverLimits),
  code: [],
  forks: true,
})

function start(mark: string) {
  const confined = createBubblewrap().confine(program(mark))
  const child = startChild(confined.command)
  confined.started(child)
  return { confined, child, started: new Promise((started) => child.stdout.once('data', started)) }
}

test('what is ended, stopped or killed takes all that it started with it', needsBubblewrap, async () => {
  const ways: Readonly<Record<string, (running: ReturnType<typeof start>) => unknown>> = {
    ended: ({ confined }) => confined.end('time'),
    killed: ({ child }) => child.kill('SIGKILL'),
    stopped: ({ child }) => stopChild(child),
  }
  const each = Object.entries(ways).map(async ([way, end]) => {
    const mark = randomUUID()
    const it = start(mark)
    await it.started
    assert.ok(running(mark).length >= 4, way)
    end(it)
    await until(`nothing is left of what was ${way}`, () => running(mark).length === 0, 20_000)
  })
  await Promise.all(each)
})

test('what is killed while it is being set up leaves nothing', needsBubblewrap, async () => {
  const mark = randomUUID()
  for (const afterMs of [0, 2, 5, 10, 20, 40]) {
    const { child } = start(mark)
    await new Promise((passed) => setTimeout(passed, afterMs))
    child.kill('SIGKILL')
  }
  await until('nothing is left', () => running(mark).length === 0, 20_000)
})

test('whoever started it may be killed: nothing of it is left, and no file and no mount', needsBubblewrap, async () => {
  const mark = randomUUID()
  const temporary = mkdtempSync(join(tmpdir(), 'left-behind-'))
  const mounts = (): string[] => readFileSync('/proc/self/mountinfo', 'utf8').split('\n')
  const before = new Set(mounts())
  const parent = `
    import { createBubblewrap, serverLimits, toGrants } from '${join(import.meta.dirname, '../../src/sandbox/index.ts')}'
    import { startChild } from '${join(import.meta.dirname, '../../src/process/index.ts')}'
    const confinement = createBubblewrap()
    const program = { command: 'sh', args: ['-c', process.env.SCRIPT, process.env.MARK], cwd: '/', env: {}, grants: toGrants({}, '/', serverLimits), code: [], forks: true }
    for (let n = 0; n < 4; n++) {
      const confined = confinement.confine(program)
      const child = startChild(confined.command)
      confined.started(child)
      child.stdout.pipe(process.stdout)
    }`
  const ours = spawn(process.execPath, ['--input-type=module', '-e', parent], {
    env: { PATH: process.env['PATH'], TMPDIR: temporary, SCRIPT: spreading(mark), MARK: mark },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  ours.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  // Some have started, and others are on their way.
  await until('one has started', () => output.includes('started'), 30_000)
  assert.ok(running(mark).length >= 4)
  ours.kill('SIGKILL')
  await until('nothing is left', () => running(mark).length === 0, 20_000)
  assert.deepEqual(readdirSync(temporary), [])
  // Other tests mount something, too, for as long as they run.
  await until('no mount is left', () => mounts().every((mount) => before.has(mount)), 50_000)
  rmSync(temporary, { recursive: true })
})
