/**
 * What the sandbox costs: the same call as a function and as a module in a child, in turn; a call with no child there; memory; many at
 * once; and whether anything is left behind after ten thousand calls and a parent that was killed.
 *
 * @module
 */

import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { childrenOf, treeOf, useOf } from '../../src/sandbox/confine/process-tree.ts'
import { type Running, removeDirectory, start, temporaryDirectory } from './child.ts'
import { median, percentile } from './statistics.ts'

export interface SandboxFigures {
  /** Milliseconds, one call at a time: what a call in a warm child takes longer than the same function in the process. */
  readonly addedWarm: number
  readonly inlineP50: number
  readonly warmP50: number
  readonly warmP99: number
  /** A caller's first call: with a spare child there, and with none. Beside it what starting Node takes. */
  readonly firstCall: number
  readonly cold: number
  readonly nodeStart: number
  /** Proportional set size of one child with all that belongs to it, in MiB. */
  readonly childMegabytes: number | undefined
  /** Two hundred calls at once: until the last is answered, in milliseconds. */
  readonly parallel: number
  /** Calls of the killed server, and what it left. */
  readonly calls: number
  readonly leftBehind: readonly string[]
}

const program = fileURLToPath(new URL('../sallyport-sandbox.ts', import.meta.url))
const CALLERS = 8
const SLICE = 100

/** Undefined where there is no sandbox. @throws for a wrong answer. */
export async function measureSandbox(quick: boolean, say: (what: string) => void): Promise<SandboxFigures | undefined> {
  if (process.platform !== 'linux') return undefined
  const slices = quick ? 2 : 20
  const calls = quick ? 500 : 10_000
  const nodeStart = middle(5, () => void execFileSync(process.execPath, ['-e', '0']))
  const inline: number[] = []
  const warm: number[] = []
  const added: number[] = []
  let childMegabytes: number | undefined
  let parallel = 0
  let firstCall = 0
  await using directory = temporary()
  {
    await using server = await up(directory.path, 1)
    const call = caller(server, 0)
    await repeated(SLICE, () => call('inline'))
    await repeated(SLICE, () => call('sandboxed'))
    for (let slice = 0; slice < slices; slice++) {
      const one = await repeated(SLICE, () => call('inline'))
      const other = await repeated(SLICE, () => call('sandboxed'))
      inline.push(...one)
      warm.push(...other)
      added.push((median(other) ?? 0) - (median(one) ?? 0))
    }
    say(`sandbox: warm +${(median(added) ?? 0).toFixed(3)} ms`)
    childMegabytes = megabytesOfOne(server.child.pid)
    const first: number[] = []
    for (let index = 1; index < CALLERS; index++) {
      // Until the next spare is there.
      await sleep(1000)
      first.push(...(await repeated(1, () => caller(server, index)('sandboxed'))))
    }
    firstCall = median(first) ?? 0
    const began = performance.now()
    await Promise.all(Array.from({ length: 200 }, () => call('sandboxed')))
    parallel = performance.now() - began
    say(`sandbox: 200 at once in ${Math.round(parallel)} ms`)
  }
  const cold: number[] = []
  {
    await using server = await up(directory.path, 0)
    for (let index = 0; index < CALLERS; index++) cold.push(...(await repeated(1, () => caller(server, index)('sandboxed'))))
  }
  const leftBehind = await killed(directory.path, calls)
  say(`sandbox: ${calls} calls, then killed: ${leftBehind.length === 0 ? 'nothing' : leftBehind.join(', ')} left`)
  const sorted = [...warm].sort((a, b) => a - b)
  return {
    addedWarm: median(added) ?? 0,
    inlineP50: median(inline) ?? 0,
    warmP50: median(warm) ?? 0,
    warmP99: percentile(sorted, 99),
    firstCall,
    cold: median(cold) ?? 0,
    nodeStart,
    childMegabytes,
    parallel,
    calls,
    leftBehind,
  }
}

type Server = Running & AsyncDisposable

async function up(dataDir: string, spares: number): Promise<Server> {
  // Temporary files of its own, so that what it leaves can be told from what others do.
  mkdirSync(temporaryOf(dataDir), { recursive: true })
  const args = [program, '--data-dir', dataDir, '--spares', `${spares}`, '--keys', `${CALLERS}`]
  const running = await start({ args, env: { TMPDIR: temporaryOf(dataDir) } })
  return { ...running, [Symbol.asyncDispose]: running.stop }
}

async function killed(dataDir: string, calls: number): Promise<string[]> {
  const before = { mounts: mounts(), files: readdirSync(temporaryOf(dataDir)) }
  const server = await up(dataDir, 1)
  const call = caller(server, 0)
  for (let done = 0; done < calls; done += 50) await Promise.all(Array.from({ length: 50 }, () => call('sandboxed')))
  const pids = treeOf(server.child.pid ?? 0, MOST)
    .slice(1)
    .map(({ pid }) => pid)
  server.child.kill('SIGKILL')
  for (let attempt = 0; attempt < 100 && pids.some(isAlive); attempt++) await sleep(50)
  await server.stop()
  const processes = pids.filter(isAlive).length
  const added = (now: readonly string[], then: readonly string[]): number => now.filter((each) => !then.includes(each)).length
  const left: [number, string][] = [
    [processes, 'processes'],
    [added(mounts(), before.mounts), 'mounts'],
    [added(readdirSync(temporaryOf(dataDir)), before.files), 'files'],
  ]
  return left.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`)
}

/** Calls a tool as one of the callers, and answers how long it took. */
function caller({ ready }: Running, index: number): (tool: 'inline' | 'sandboxed') => Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: 256 })
  const headers = {
    authorization: `Bearer ${ready.keys?.[index]}`,
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': 'tools/call',
  }
  return (tool) =>
    new Promise((resolve, reject) => {
      const began = performance.now()
      const sent = request(ready.url, { method: 'POST', agent, headers: { ...headers, 'mcp-name': tool } }, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
        response.on('end', () =>
          text.includes('"text":"5"') ? resolve(performance.now() - began) : reject(new Error(`${tool} answered ${text.slice(0, 300)}`)),
        )
      })
      sent.on('error', reject)
      sent.end(bodyOf(tool))
    })
}

const bodyOf = (name: string): string =>
  JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: {
      name,
      arguments: { operation: 'add', a: 2, b: 3 },
      _meta: {
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1' },
        'io.modelcontextprotocol/clientCapabilities': {},
      },
    },
  })

async function repeated(times: number, once: () => Promise<number>): Promise<number[]> {
  const taken: number[] = []
  for (let time = 0; time < times; time++) taken.push(await once())
  return taken
}

/** More processes than a server has here. */
const MOST = 10_000

/** Of the largest child of a server, with what is below it. */
function megabytesOfOne(pid = 0): number | undefined {
  const use = useOf(pid)
  const children = use === undefined ? [] : childrenOf(use)
  const sizes = children.map((child) => treeOf(child, MOST).reduce((sum, each) => sum + proportional(each.pid), 0) / 1024)
  return sizes.length === 0 ? undefined : Math.max(...sizes)
}

/** In KiB. */
function proportional(pid: number): number {
  try {
    return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0)
  } catch {
    return 0
  }
}

const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}`)
const mounts = (): string[] => readFileSync('/proc/self/mountinfo', 'utf8').split('\n')
const temporaryOf = (dataDir: string): string => join(dataDir, 'temporary')
const temporary = (): { readonly path: string } & AsyncDisposable => {
  const path = temporaryDirectory()
  return { path, [Symbol.asyncDispose]: async () => removeDirectory(path) }
}

function middle(times: number, once: () => void): number {
  return (
    median(
      Array.from({ length: times }, () => {
        const began = performance.now()
        once()
        return performance.now() - began
      }),
    ) ?? 0
  )
}
