/** From every turn of every round to one figure a row: medians, and ratios to the base of the same round. @module */

import type { Load } from './load.ts'
import type { Turn } from './measure.ts'
import type { Redaction } from './redaction.ts'
import type { Server } from './servers.ts'
import type { StartUp } from './start-up.ts'
import { median } from './statistics.ts'

/** What one round brought, by the server's name. */
export type Round = ReadonlyMap<string, Turn>

export interface Row {
  readonly name: string
  readonly title: string
  readonly group: string
  readonly guarded: boolean
  readonly base: string | undefined
  /** Of the base's requests per second in the same round; 1 for a base. Undefined where either is missing. */
  readonly ratio: number | undefined
  readonly lowestRatio: number | undefined
  readonly highestRatio: number | undefined
  readonly requestsPerSecond: number
  /** Microseconds. */
  readonly p50: number
  readonly p99: number
  readonly cpuPerCall: number | undefined
  /** With one connection. */
  readonly p50Alone: number | undefined
  readonly ratioAlone: number | undefined
  readonly p99Half: number | undefined
  readonly p99HalfBursts: number | undefined
  readonly idleMegabytes: number | undefined
  readonly loadedMegabytes: number | undefined
  readonly startedMs: number
}

export interface Results {
  readonly rows: readonly Row[]
  /** The cheap stdio upstream over its own pipes: with 16 requests in flight, and with one. */
  readonly pipes: { readonly peak: Load; readonly alone: Load } | undefined
  readonly startUp: StartUp | undefined
  readonly redaction: Redaction | undefined
  readonly failures: readonly string[]
}

/** Undefined for a server that was measured in no round. */
export function toRow(server: Server, rounds: readonly Round[]): Row | undefined {
  const turns = rounds.flatMap((round) => round.get(server.name) ?? [])
  if (turns.length === 0) return undefined
  const over = (figure: (turn: Turn) => number | undefined): number | undefined => median(turns.flatMap((turn) => figure(turn) ?? []))
  const ratios = (figure: (turn: Turn) => number | undefined): number[] =>
    rounds.flatMap((round) => {
      const mine = round.get(server.name)
      const base = round.get(server.base ?? server.name)
      const [above, below] = [mine && figure(mine), base && figure(base)]
      return above !== undefined && below ? [above / below] : []
    })
  const peaks = ratios(({ peak }) => peak.requestsPerSecond)
  return {
    name: server.name,
    title: server.title,
    group: server.group,
    guarded: server.guarded,
    base: server.base,
    ratio: median(peaks),
    lowestRatio: peaks.length > 0 ? Math.min(...peaks) : undefined,
    highestRatio: peaks.length > 0 ? Math.max(...peaks) : undefined,
    requestsPerSecond: over(({ peak }) => peak.requestsPerSecond) ?? 0,
    p50: over(({ peak }) => peak.p50) ?? 0,
    p99: over(({ peak }) => peak.p99) ?? 0,
    cpuPerCall: over(({ cpuPerCall }) => cpuPerCall),
    p50Alone: over(({ alone }) => alone?.p50),
    ratioAlone: median(ratios(({ alone }) => alone?.requestsPerSecond)),
    p99Half: over(({ half }) => half?.paced.p99),
    p99HalfBursts: over(({ half }) => half?.bursts.p99),
    idleMegabytes: over(({ idleMegabytes }) => idleMegabytes),
    loadedMegabytes: over(({ loadedMegabytes }) => loadedMegabytes),
    startedMs: over(({ startedMs }) => startedMs) ?? 0,
  }
}
