/** One server's turn in one round: start, check, warm up, measure, end. @module */

import { setTimeout as sleep } from 'node:timers/promises'
import { cpuMicroseconds, residentMegabytes } from './child.ts'
import { type Generator, type Load, runAutocannon } from './load.ts'
import { checkAnswer } from './messages.ts'
import { runPaced } from './paced.ts'
import { bringUp, type Server } from './servers.ts'

export const CONNECTIONS = 16

export interface Turn {
  /** With 16 connections, as fast as it can. */
  readonly peak: Load
  /** Microseconds that the server's own process computed for one call: less troubled by others on the machine than a rate is. */
  readonly cpuPerCall: number | undefined
  /** With one connection: what a call takes when nobody else is waiting. Gateways and their bases only. */
  readonly alone?: Load
  /** At half of `peak`: evenly spaced, and in autocannon's bursts. */
  readonly half?: { readonly paced: Load; readonly bursts: Load }
  readonly startedMs: number
  readonly idleMegabytes: number | undefined
  readonly loadedMegabytes: number | undefined
}

export interface Effort {
  readonly seconds: number
  readonly warmUpSeconds: number
}

/** @throws if the server does not start, answers wrongly before, under or after the load, or keeps no record of what it answered. */
export async function measure(server: Server, generator: Generator, { seconds, warmUpSeconds }: Effort): Promise<Turn> {
  const { running, message, stop } = await bringUp(server)
  const pid = running.child.pid
  let answered = 0
  const counted = async (load: Promise<Load>): Promise<Load> => {
    answered += (await load).requests
    return load
  }
  try {
    await sleep(300)
    const idleMegabytes = residentMegabytes(pid)
    await counted(generator.run(message, CONNECTIONS, warmUpSeconds))
    const before = cpuMicroseconds(pid)
    const peak = await counted(generator.run(message, CONNECTIONS, seconds))
    const after = cpuMicroseconds(pid)
    const cpuPerCall = before === undefined || after === undefined ? undefined : (after - before) / peak.requests
    const alone = server.group === 'server' ? undefined : await counted(generator.run(message, 1, seconds))
    const rate = Math.max(CONNECTIONS, Math.floor(peak.requestsPerSecond / 2))
    const half = server.halfLoad
      ? {
          paced: await counted(runPaced(message, CONNECTIONS, seconds, rate)),
          bursts: await counted(runAutocannon(message, CONNECTIONS, seconds, rate)),
        }
      : undefined
    const loadedMegabytes = residentMegabytes(pid)
    await checkAnswer(message)
    await stop(answered)
    return {
      peak,
      cpuPerCall,
      ...(alone ? { alone } : {}),
      ...(half ? { half } : {}),
      startedMs: running.startedMs,
      idleMegabytes,
      loadedMegabytes,
    }
  } catch (error) {
    const said = running.complaints().trim().slice(-400)
    await stop()
    throw new Error(`${server.name}: ${error instanceof Error ? error.message : String(error)}${said ? `; its stderr: ${said}` : ''}`, {
      cause: error,
    })
  }
}
