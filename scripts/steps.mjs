/**
 * Runs named steps one after the other and counts them, for `npm test` and `.ci/run`. On a terminal a line shows what is
 * under way; what a step printed is shown only where it failed. A suite without a file fails: it would prove nothing.
 */

import { spawn } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const tty = Boolean(process.stderr.isTTY)
const reporter = fileURLToPath(new URL('reporter.mjs', import.meta.url))

/** One more than there are cores: half of a file's time is waiting, for a process that starts, for one. */
const FILES_AT_ONCE = availableParallelism() + 1

/** Claims that a program of node_modules/.bin proves. */
export const checks = {
  format: ['biome', 'ci', '--colors=off', '.'],
  lint: ['oxlint', '--type-aware', '--deny-warnings'],
  'type-check': ['tsc', '-b'],
  'type-check-tests': ['tsc', '-p', 'tsconfig.test.json'],
  'type-check-bench': ['tsc', '-p', 'bench'],
}

/** The benchmark can be checked only where its peers are installed, which `npm test` does not need. */
export const benchInstalled = (root) => readInstalled(root)?.set === 'all'

function readInstalled(root) {
  try {
    return JSON.parse(readFileSync(join(root, 'node_modules', '.sallyport-set-up.json'), 'utf8'))
  } catch {
    return undefined
  }
}

/** What `npm test` runs on node:test. `.ci/run` adds clients, conformance and pages. */
export const suites = {
  layers: ['test/unit/layers.test.ts'],
  unit: ['test/unit/**/*.test.ts'],
  contracts: ['test/contracts/**/*.test.ts'],
  attacks: ['test/attacks/**/*.test.ts'],
  types: ['test/types/**/*.test.ts'],
  docs: ['test/docs/**/*.test.ts'],
  e2e: ['test/e2e/**/*.test.ts'],
  examples: ['test/examples/**/*.test.ts'],
  servers: ['test/servers/**/*.test.ts'],
  support: ['test/support/**/*.test.ts'],
}
export const extraSuites = {
  clients: ['test/clients/**/*.test.ts'],
  conformance: ['test/conformance/**/*.test.ts'],
  pages: ['test/browser/**/*.test.ts'],
  'servers-sandboxed': ['test/servers-sandboxed/**/*.test.ts'],
}

/** How long each may go without saying that a test has ended: packages are fetched first. */
const PATIENCE_MINUTES = { 'servers-sandboxed': 15 }

export function filesOf(root, suite) {
  const files = globSync({ ...suites, ...extraSuites }[suite], { cwd: root, exclude: ['**/node_modules/**'] }).sort()
  return suite === 'unit' ? files.filter((file) => !suites.layers.includes(file)) : files
}

export function createRun(root) {
  const total = { passed: 0, failed: 0, skipped: 0 }
  const failures = []

  /** One step that passes or fails as a whole. */
  async function command(name, [program, ...args]) {
    const { code, seconds, output } = await execute(name, program, args, 10)
    count(name, { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 }, seconds)
    if (code !== 0) failures.push(name, output.trimEnd())
  }

  /** One run of node:test, `atOnce` files at a time; every test counts, a run that dies counts as one failure. */
  async function suite(name, files, { minutes = PATIENCE_MINUTES[name] ?? 3, atOnce = FILES_AT_ONCE } = {}) {
    if (files.length === 0) {
      count(name, { passed: 0, failed: 1, skipped: 0 }, 0)
      failures.push(name, 'no test files: a suite that proves nothing')
      return
    }
    const args = ['--test', `--test-reporter=${reporter}`, `--test-concurrency=${atOnce}`, ...files]
    let counts
    const { code, seconds, output } = await execute(name, process.execPath, args, minutes, (message) => {
      counts = message.done ?? { passed: message.passed, failed: message.failed, skipped: message.skipped }
      if (!message.done) progress(name, `${message.passed} passed${message.failed ? `, ${message.failed} failed` : ''}`)
    })
    counts ??= { passed: 0, failed: 0, skipped: 0 }
    if (code !== 0 && counts.failed === 0) counts.failed = 1
    if (counts.passed + counts.failed + counts.skipped === 0) counts.failed = 1
    count(name, counts, seconds)
    if (counts.failed > 0) failures.push(name, output.trimEnd())
    else if (output.trim()) console.log(output.trimEnd())
  }

  /** `minutes`: how long it may go without saying that a test has ended. A file that hangs is a failure with a name, not a run without an end. */
  function execute(name, program, args, minutes, onMessage) {
    const started = Date.now()
    progress(name, '')
    const timer = setInterval(() => tty || console.log(`  ${name} … ${Math.round((Date.now() - started) / 1000)} s`), 30_000)
    return new Promise((resolve) => {
      // Each test file is a process: what Node made of our sources for one, the next need not make again.
      const env = { ...process.env, FORCE_COLOR: '0', NO_COLOR: '1', NODE_COMPILE_CACHE: join(root, 'node_modules', '.cache', 'compile') }
      // A test must not find a server, a key or an install that the caller's environment points to.
      for (const key of Object.keys(env))
        if (/^(SALLYPORT_(?!BIN$)|npm_(?!config_cache$)|NODE_TEST_CONTEXT|NODE_OPTIONS)/i.test(key)) delete env[key]
      // A group of its own, so that what a test left running ends with it.
      const command = program.includes('/') ? program : join(root, 'node_modules', '.bin', program)
      const child = spawn(command, args, {
        cwd: root,
        env,
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
        detached: process.platform !== 'win32',
      })
      let output = ''
      let unfinished = []
      const keep = (bytes) => {
        output += bytes
      }
      const end = () => {
        try {
          const pid = Number(child.pid)
          process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL')
        } catch {
          // It has ended.
        }
      }
      const interrupted = () => {
        end()
        process.exit(130)
      }
      process.on('SIGINT', interrupted).on('SIGTERM', interrupted)
      const hanging = () => {
        keep(`nothing ended for ${minutes} minutes: stopped${unfinished.map((file) => `\n  not finished: ${file}`).join('')}\n`)
        end()
      }
      let watchdog = setTimeout(hanging, minutes * 60_000)
      child.stdout.on('data', keep)
      child.stderr.on('data', keep)
      child.on('message', (message) => {
        clearTimeout(watchdog)
        watchdog = setTimeout(hanging, minutes * 60_000)
        if (message.unfinished) unfinished = message.unfinished
        onMessage?.(message)
      })
      child.on('error', (error) => keep(`${program} could not be started: ${error.code}\n`))
      child.on('close', (code) => {
        clearInterval(timer)
        clearTimeout(watchdog)
        process.off('SIGINT', interrupted).off('SIGTERM', interrupted)
        end()
        resolve({ code: code ?? 1, seconds: (Date.now() - started) / 1000, output })
      })
    })
  }

  function count(name, { passed, failed, skipped }, seconds) {
    total.passed += passed
    total.failed += failed
    total.skipped += skipped
    const detail = passed + failed + skipped > 1 ? `  ${summary({ passed, failed, skipped })}` : ''
    if (tty) process.stderr.write('\r\u001b[K')
    console.log(`${failed > 0 ? '✗' : '✓'} ${name.padEnd(16)} ${seconds.toFixed(1).padStart(6)} s${detail}`)
  }

  /** A program that counts for itself: shows what it prints, and takes the numbers of its last line. */
  async function counted(name, [program, ...args]) {
    const started = Date.now()
    let last = ''
    const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'], shell: process.platform === 'win32' })
    child.stdout.on('data', (bytes) => {
      process.stdout.write(bytes)
      last = (last + bytes).slice(-400)
    })
    const code = await new Promise((resolve) => child.on('close', resolve).on('error', () => resolve(1)))
    const [, passed, failed, skipped] = /(\d+) passed, (\d+) failed(?:, (\d+) skipped)?\s*$/.exec(last) ?? []
    const counts = { passed: Number(passed ?? 0), failed: Number(failed ?? 0), skipped: Number(skipped ?? 0) }
    if (code !== 0 && counts.failed === 0) counts.failed = 1
    count(name, counts, (Date.now() - started) / 1000)
    if (counts.failed > 0) failures.push(name, 'see above')
  }

  /** Says what failed and how, then the one plain line. Answers the exit code. */
  function finish() {
    for (let i = 0; i < failures.length; i += 2) console.log(`\n── ${failures[i]} ──\n${shorten(failures[i + 1])}`)
    console.log(summary(total))
    return total.failed > 0 || total.passed === 0 ? 1 : 0
  }

  return { command, suite, counted, finish }
}

function progress(name, detail) {
  if (tty) process.stderr.write(`\r  ${name} … ${detail}\u001b[K`)
}

const summary = ({ passed, failed, skipped }) => `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`

/** The first lines say what is wrong; a thousand of them say no more. */
function shorten(output, most = 300) {
  const lines = output.split('\n')
  return lines.length <= most ? output : `${lines.slice(0, most).join('\n')}\n… and ${lines.length - most} more lines`
}
