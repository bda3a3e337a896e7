/**
 * One server's turn in one round: start, check, warm up, measure, end. It is measured in slices of a second, each next to a
 * slice of its base, which stays up meanwhile: so the two share whatever the machine is doing at that moment.
 *
 * @module
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { cpuMicroseconds, residentMegabytes } from './child.ts'
import { type Generator, type Load, runAutocannon } from './load.ts'
import { checkAnswer } from './messages.ts'
import { runPaced } from './paced.ts'
import { bringUp, type Measured, type Server } from './servers.ts'
import { median } from './statistics.ts'

export const CONNECTIONS = 16

/** Loads of one server, and of its base right before each. Empty for a base itself. */
export interface Paired {
  readonly own: readonly Load[]
  readonly base: readonly Load[]
}

export interface Turn {
  /** With 16 connections, as fast as it can. */
  readonly peak: Paired
  /** With one connection: what a call takes when nobody else is waiting. Gateways and their bases only. */
  readonly alone: Paired | undefined
  /** At half of the peak: evenly spaced, and in autocannon's bursts. */
  readonly half: { readonly paced: Paired; readonly bursts: Paired } | undefined
  /** Microseconds that the server's own process computed for one call: less troubled by others on the machine than a rate is. */
  readonly cpuPerCall: number | undefined
  readonly startedMs: number
  readonly idleMegabytes: number | undefined
  readonly loadedMegabytes: number | undefined
}

export interface Effort {
  /** So many slices of one second. */
  readonly seconds: number
  readonly warmUpSeconds: number
}

type Run = (target: Measured) => Promise<Load>

/**
 * Takes a server that is up; ends it, unless it is a base, which the caller needs for others.
 *
 * @throws if it answers wrongly before, under or after the load, or keeps no record of what it answered.
 */
export async function measure(measured: Measured, base: Measured | undefined, generator: Generator, effort: Effort): Promise<Turn> {
  const { server, running, message, stop } = measured
  const { seconds, warmUpSeconds } = effort
  const pid = running.child.pid
  let answered = 0
  let cpu = 0

  async function paired(count: number, run: Run): Promise<Paired> {
    const loads = { own: [] as Load[], base: [] as Load[] }
    for (let slice = 0; slice < count; slice++) {
      if (base) loads.base.push(await run(base))
      const before = cpuMicroseconds(pid) ?? Number.NaN
      const load = await run(measured)
      cpu = (cpuMicroseconds(pid) ?? Number.NaN) - before
      loads.own.push(load)
      answered += load.requests
    }
    return loads
  }

  await sleep(300)
  const idleMegabytes = residentMegabytes(pid)
  answered += (await generator.run(message, CONNECTIONS, warmUpSeconds)).requests
  const costs: number[] = []
  const peak = await paired(seconds, async (target) => {
    if (target === measured && cpu > 0) costs.push(cpu)
    return generator.run(target.message, CONNECTIONS, 1)
  })
  costs.push(cpu)
  const alone = server.group === 'server' ? undefined : await paired(seconds, ({ message: sent }) => generator.run(sent, 1, 1))
  const half = server.halfLoad ? await atHalf(peak) : undefined
  const loadedMegabytes = residentMegabytes(pid)
  await checkAnswer(message)
  if (base) await stop(answered)
  const cpuPerCall = median(costs.map((cost, slice) => cost / (peak.own[slice]?.requests ?? Number.NaN)).filter(Number.isFinite))
  return { peak, alone, half, cpuPerCall, startedMs: running.startedMs, idleMegabytes, loadedMegabytes }

  /** Each at half of what it could do a moment ago. */
  async function atHalf({ own, base: beside }: Paired): Promise<NonNullable<Turn['half']>> {
    const rateOf = (loads: readonly Load[]): number =>
      Math.max(CONNECTIONS, Math.floor((median(loads.map(({ requestsPerSecond }) => requestsPerSecond)) ?? 0) / 2))
    const rates = new Map([
      [measured, rateOf(own)],
      [base, rateOf(beside)],
    ])
    const rate = (target: Measured): number => rates.get(target) ?? CONNECTIONS
    return {
      paced: await paired(1, (target) => runPaced(target.message, CONNECTIONS, seconds, rate(target))),
      bursts: await paired(1, (target) => runAutocannon(target.message, CONNECTIONS, seconds, rate(target))),
    }
  }
}

/** Starts a server of its own for the turn, and leaves nothing behind if it fails. */
export async function measureAlone(server: Server, base: Measured | undefined, generator: Generator, effort: Effort): Promise<Turn> {
  const measured = await bringUp(server)
  try {
    return await measure(measured, base, generator, effort)
  } catch (error) {
    const said = measured.running.complaints().trim().slice(-400)
    await measured.stop()
    throw new Error(`${server.name}: ${error instanceof Error ? error.message : String(error)}${said ? `; its stderr: ${said}` : ''}`, { cause: error })
  }
}
