// Sign-ins by the thousand against one server, and what it holds and keeps on the way.
//
// Time: an hour passes after every eighty sign-ins (the server lets one address register 120 clients an hour), so that each rule of
// retention comes to bear: what waits for an answer, codes and clients that nobody used within each hour, browser sessions after twelve,
// refresh tokens after thirty days, grants after a year and the clients of all of them a day later at the end.

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { globalAgent } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Agent, setGlobalDispatcher } from 'undici'
import { createAccounts } from '../../src/people/index.ts'
import { openData } from '../../src/vault/index.ts'
import { ANA } from '../support/authorization.ts'
import { stop } from '../support/child.ts'
import { createTempDir, withBin } from '../support/paths.ts'
import { type Expected, judgeSoak, type Step, type Verdict } from './judge.ts'
import { countRows, type Rows } from './rows.ts'
import type { Look, Order } from './server.ts'
import { type Place, signInOnce, turnBack } from './sign-ins.ts'

export interface SoakOptions {
  readonly signIns: number
  /** At once. */
  readonly parallel: number
  onStep?(step: Step): void
}

export interface Soak {
  readonly signIns: number
  readonly seconds: number
  readonly steps: readonly Step[]
  /** What is left when everything has expired. */
  readonly end: Rows
  readonly verdicts: readonly Verdict[]
}

export const AN_HOUR: number = 80
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const SESSION_HOURS = 12
export async function soak({ signIns, parallel, onStep = () => {} }: SoakOptions): Promise<Soak> {
  await using folder = await createTempDir('soak')
  const data = await openData({ dataDir: folder.path })
  await createAccounts({ store: data.store, clock: Date.now }).create(ANA)
  await data.store.close()
  const started = performance.now()
  const child = fork(fileURLToPath(new URL('server.ts', import.meta.url)), [folder.path], { execArgv: ['--expose-gc'], env: withBin() })
  try {
    const { url, issuer } = (await messageOf(child)) as { url: string; issuer: string }
    const ask = async <T>(order: Order): Promise<T> => {
      child.send(order)
      return (await messageOf(child)) as T
    }
    const hangUp = useOwnConnections()
    const kept = { grants: 0, refreshTokens: 0, done: 0, perHour: [] as number[] }
    const steps: Step[] = []
    async function look(): Promise<void> {
      await hangUp()
      const { bytes, ...counted } = countRows(folder.path)
      const step = { ...(await ask<Look>('look')), ...counted, databaseBytes: bytes, signIns: kept.done, expected: expectedOf(kept) }
      steps.push(step)
      onStep(step)
    }
    // The library is loaded and a socket opened once, so that the first look is of a server that serves.
    await turnBack({ issuer, resource: url })
    await ask({ advanceMs: HOUR_MS + 1_000 })
    await look()
    while (kept.done < signIns) {
      const count = Math.min(AN_HOUR, signIns - kept.done)
      const left = await inParallel(count, parallel, (index) => oneOf({ issuer, resource: url }, kept.done + index))
      for (const { grants, refreshTokens } of left) {
        kept.grants += grants
        kept.refreshTokens += refreshTokens
      }
      kept.done += count
      kept.perHour.push(count)
      await ask({ advanceMs: HOUR_MS + 1_000 })
      await look()
    }
    // One rule after the other, as they would.
    for (const advanceMs of [31 * DAY_MS, 335 * DAY_MS, DAY_MS]) await ask({ advanceMs })
    const { rows: end } = countRows(folder.path)
    return { signIns, seconds: Math.round((performance.now() - started) / 1000), steps, end, verdicts: judgeSoak(steps, end) }
  } finally {
    await stop(child)
  }
}

/** Answers how to end the connections of all clients, which would otherwise be counted as the server's. */
function useOwnConnections(): () => Promise<void> {
  let agent = new Agent()
  setGlobalDispatcher(agent)
  return async () => {
    await agent.close()
    globalAgent.destroy()
    agent = new Agent()
    setGlobalDispatcher(agent)
    await delay(50)
  }
}

/** Every fifth has somebody beside it who turns back. */
async function oneOf(place: Place, index: number): ReturnType<typeof signInOnce> {
  if (index % 5 === 0) await turnBack(place)
  return signInOnce(place, index)
}

/** An hour after the last sign-in. */
function expectedOf(kept: { grants: number; refreshTokens: number; done: number; perHour: readonly number[] }): Expected {
  const recent = kept.perHour.slice(-(SESSION_HOURS - 1)).reduce((sum, count) => sum + count, 0)
  return {
    exactly: {
      account: 1,
      client: kept.done,
      grant: kept.grants,
      'oauth_artifact:RefreshToken': kept.refreshTokens,
      'oauth_artifact:AuthorizationCode': 0,
      'oauth_artifact:Interaction': 0,
    },
    atMost: { 'oauth_artifact:Session': recent },
  }
}

async function inParallel<T>(count: number, parallel: number, work: (index: number) => Promise<T>): Promise<T[]> {
  const results: T[] = []
  let next = 0
  await Promise.all(
    Array.from({ length: Math.min(parallel, count) }, async () => {
      while (next < count) results.push(await work(next++))
    }),
  )
  return results
}

async function messageOf(child: ChildProcess): Promise<unknown> {
  const ended = new AbortController()
  const signal = AbortSignal.any([ended.signal, AbortSignal.timeout(120_000)])
  const gone = once(child, 'exit', { signal }).then(([code]) => {
    throw new Error(`the server of the soak has ended with ${code}`)
  })
  try {
    const [message] = (await Promise.race([once(child, 'message', { signal }), gone])) as [unknown]
    return message
  } finally {
    gone.catch(() => {})
    ended.abort()
  }
}
