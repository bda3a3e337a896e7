/**
 * One server's turn in one round: start, check, warm up, measure, end. It is measured in slices of a second, each next to a
 * slice of its base, which stays up meanwhile: so the two share whatever the machine is doing at that moment.
 *
 * @module
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { cpuMicroseconds, residentMegabytes } from './child.ts'
import { type Generator, type Load, runAutocannon } from './load.ts'
import { checkAnswer, type Message } from './messages.ts'
import { runPaced } from './paced.ts'
import { bringUp, isGateway, type Measured, type Server } from './servers.ts'
import { median } from './statistics.ts'

export const CONNECTIONS = 16

export interface Slice extends Load {
  /** Microseconds that the server's own process computed for one call: less troubled by others on the machine than a rate is. */
  readonly cpuPerCall: number | undefined
}

/** Slices of one server, and of its base right before each. Of a base itself, nothing is beside it. */
export interface Paired {
  readonly own: readonly Slice[]
  readonly base: readonly Slice[]
}

export interface Turn {
  /** With 16 connections, as fast as it can. */
  readonly peak: Paired
  /** With one connection: what a call takes when nobody else is waiting. Gateways and their bases only. */
  readonly alone: Paired | undefined
  /** At half of the peak: evenly spaced, and in autocannon's bursts. */
  readonly half: { readonly paced: Paired; readonly bursts: Paired } | undefined
  readonly startedMs: number
  readonly idleMegabytes: number | undefined
  readonly loadedMegabytes: number | undefined
}

export interface Effort {
  /** So many slices of one second. */
  readonly seconds: number
  /** At most. */
  readonly warmUpSeconds: number
}

/** A gateway's code is compiled for good after some ten thousand calls: measured before, it costs a third more. */
const WARM_CALLS = 40_000

/** So many calls, whatever a server makes in a second: else a slower one would be measured colder. Answers how many. */
export async function warmUp(message: Message, generator: Generator, { warmUpSeconds }: Effort): Promise<number> {
  let calls = 0
  for (let second = 0; second < warmUpSeconds && calls < WARM_CALLS; second++)
    calls += (await generator.run(message, CONNECTIONS, 1)).requests
  return calls
}

type Run = (target: Measured) => Promise<Load>

/**
 * Takes a server that is up; ends it, unless it is a base, which the caller needs for others.
 *
 * @throws if it answers wrongly before, under or after the load, or keeps no record of what it answered.
 */
export async function measure(measured: Measured, base: Measured | undefined, generator: Generator, effort: Effort): Promise<Turn> {
  const { server, running, message, stop } = measured
  const { pid } = running.child
  let answered = 0

  async function slice(target: Measured, run: Run): Promise<Slice> {
    const before = cpuMicroseconds(target.running.child.pid)
    const load = await run(target)
    const after = cpuMicroseconds(target.running.child.pid)
    if (target === measured) answered += load.requests
    return { ...load, cpuPerCall: before === undefined || after === undefined ? undefined : (after - before) / load.requests }
  }
  async function paired(count: number, run: Run): Promise<Paired> {
    const slices = { own: [] as Slice[], base: [] as Slice[] }
    for (let index = 0; index < count; index++) {
      if (base) slices.base.push(await slice(base, run))
      slices.own.push(await slice(measured, run))
    }
    return slices
  }
  /** Each at half of what it could do a moment ago. */
  async function atHalf({ own, base: beside }: Paired): Promise<NonNullable<Turn['half']>> {
    const half = (slices: readonly Slice[]): number =>
      Math.max(CONNECTIONS, Math.floor((median(slices.map(({ requestsPerSecond }) => requestsPerSecond)) ?? 0) / 2))
    const rate = (target: Measured): number => half(target === measured ? own : beside)
    return {
      paced: await paired(1, (target) => runPaced(target.message, CONNECTIONS, effort.seconds, rate(target))),
      bursts: await paired(1, (target) => runAutocannon(target.message, CONNECTIONS, effort.seconds, rate(target))),
    }
  }

  await sleep(300)
  const idleMegabytes = residentMegabytes(pid)
  answered += await warmUp(message, generator, effort)
  const peak = await paired(effort.seconds, (target) => generator.run(target.message, CONNECTIONS, 1))
  const alone = isGateway(server) ? await paired(effort.seconds, (target) => generator.run(target.message, 1, 1)) : undefined
  const half = server.halfLoad ? await atHalf(peak) : undefined
  const loadedMegabytes = residentMegabytes(pid)
  await checkAnswer(message)
  if (base) await stop(answered)
  return { peak, alone, half, startedMs: running.startedMs, idleMegabytes, loadedMegabytes }
}

/** Starts a server of its own for the turn, and leaves nothing behind if it fails. */
export async function measureAlone(server: Server, base: Measured | undefined, generator: Generator, effort: Effort): Promise<Turn> {
  const measured = await bringUp(server)
  try {
    return await measure(measured, base, generator, effort)
  } catch (error) {
    const said = measured.running.complaints().trim().slice(-400)
    await measured.stop()
    throw new Error(`${server.name}: ${error instanceof Error ? error.message : String(error)}${said ? `; its stderr: ${said}` : ''}`, {
      cause: error,
    })
  }
}
