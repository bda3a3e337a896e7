/**
 * `MCPClient` beside the official SDK's `Client`, on which it is built: what our credential, our guard of the network and our bounds cost.
 * Both over Streamable HTTP, at the same server in a process of its own, each in a process of its own, in slices that take turns.
 *
 * @module
 */

import { createInterface } from 'node:readline'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Slice } from '../peers/client.ts'
import { type Program, type Running, start } from './child.ts'
import { currentBuild } from './guard.ts'
import { median } from './statistics.ts'

const CONCURRENCIES = [1, 16] as const
const PAIRS_PER_ROUND = 2

export interface ClientCalls {
  readonly concurrency: number
  /** Calls a second. */
  readonly own: number
  readonly sdk: number
  /** Of the SDK's, in the slice right before. */
  readonly ratio: number
  readonly lowestRatio: number
  readonly highestRatio: number
  /** What the client's process computed for a call. */
  readonly ownCpuMicroseconds: number
  readonly cpuOfSdk: number
}

export interface Clients {
  readonly from: 'dist' | 'src'
  readonly calls: readonly ClientCalls[]
  /** From starting the process to the first answer of the tool: connected, asked and read. */
  readonly startUp: { readonly ownMs: number; readonly sdkMs: number }
}

interface Pair {
  readonly own: Slice
  readonly sdk: Slice
}

const peer = (name: string): string => fileURLToPath(new URL(`../peers/${name}.ts`, import.meta.url))

/** @throws if a client does not start, or gets an answer that is not its own. */
export async function measureClients(rounds: number, seconds: number, onStep: (what: string) => void): Promise<Clients> {
  const { from } = currentBuild()
  const server = await start({ args: [peer('cheap-modern')] })
  try {
    const program = (who: 'sallyport' | 'sdk'): Program => ({ args: [peer('client'), who, server.ready.url, packageOf(from)] })
    const pairs = new Map<number, Pair[]>(CONCURRENCIES.map((concurrency) => [concurrency, []]))
    const started: { own: number; sdk: number }[] = []
    for (let round = 1; round <= rounds; round++) {
      await using sdk = running(await start(program('sdk')))
      await using own = running(await start(program('sallyport')))
      started.push({ own: own.startedMs, sdk: sdk.startedMs })
      for (const [concurrency, found] of pairs) {
        // What the first second is slow for, no long-lived program has.
        await sdk.slice(concurrency, 1)
        await own.slice(concurrency, 1)
        for (let pair = 0; pair < PAIRS_PER_ROUND * seconds; pair++)
          found.push({ sdk: await sdk.slice(concurrency, 1), own: await own.slice(concurrency, 1) })
        onStep(
          `round ${round}/${rounds}  client, ${concurrency} at once  ${toCalls(concurrency, found.slice(-PAIRS_PER_ROUND * seconds)).ratio.toFixed(2)}`,
        )
      }
    }
    const middle = (who: 'own' | 'sdk'): number => median(started.map((each) => each[who])) ?? 0
    return {
      from,
      calls: [...pairs].map(([concurrency, found]) => toCalls(concurrency, found)),
      startUp: { ownMs: middle('own'), sdkMs: middle('sdk') },
    }
  } finally {
    await server.stop()
  }
}

/** What a program imports that says `from 'sallyport/client'`. */
const packageOf = (from: 'dist' | 'src'): string =>
  pathToFileURL(fileURLToPath(new URL(from === 'dist' ? '../../dist/client-entry.js' : '../../src/client-entry.ts', import.meta.url))).href

interface Caller extends AsyncDisposable {
  readonly startedMs: number
  slice(concurrency: number, seconds: number): Promise<Slice>
}

function running({ child, startedMs, complaints, stop }: Running): Caller {
  if (child.stdout === null || child.stdin === null) throw new Error('the client has no pipes')
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const { stdin } = child
  return {
    startedMs,
    async slice(concurrency, seconds) {
      stdin.write(`${concurrency} ${seconds}\n`)
      const { value, done } = await lines.next()
      if (done) throw new Error(`the client ended in the middle of its calls: ${complaints().trim().slice(-600)}`)
      return JSON.parse(value) as Slice
    },
    [Symbol.asyncDispose]: stop,
  }
}

function toCalls(concurrency: number, pairs: readonly Pair[]): ClientCalls {
  const rate = ({ calls, seconds }: Slice): number => calls / seconds
  const over = (figure: (pair: Pair) => number): number => median(pairs.map(figure)) ?? 0
  const ratios = pairs.map(({ own, sdk }) => rate(own) / rate(sdk))
  return {
    concurrency,
    own: over(({ own }) => rate(own)),
    sdk: over(({ sdk }) => rate(sdk)),
    ratio: median(ratios) ?? 0,
    lowestRatio: Math.min(...ratios),
    highestRatio: Math.max(...ratios),
    ownCpuMicroseconds: over(({ own }) => own.cpuMicroseconds),
    cpuOfSdk: over(({ own, sdk }) => own.cpuMicroseconds / sdk.cpuMicroseconds),
  }
}
