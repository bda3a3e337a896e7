/** From every turn of every round to one figure a row: medians, and ratios of slices that were measured one right after the other. @module */

import type { Clients } from './clients.ts'
import type { Load } from './load.ts'
import type { Paired, Slice, Turn } from './measure.ts'
import type { Redaction } from './redaction.ts'
import type { SandboxFigures } from './sandbox.ts'
import type { Server } from './servers.ts'
import type { StartUp } from './start-up.ts'
import { median } from './statistics.ts'

export interface Row {
  readonly name: string
  readonly title: string
  readonly group: string
  readonly guarded: boolean
  readonly base: string | undefined
  /** Of its base's requests per second, in the slice right before; 1 for a base. */
  readonly ratio: number | undefined
  readonly lowestRatio: number
  readonly highestRatio: number
  readonly requestsPerSecond: number
  /** Microseconds, as all times here but `startedMs`. */
  readonly p50: number
  readonly p99: number
  readonly cpuPerCall: number | undefined
  readonly cpuOfBase: number | undefined
  /** With one connection. */
  readonly p50Alone: number | undefined
  /** What it adds to its base. */
  readonly addedAlone: number | undefined
  readonly ratioAlone: number | undefined
  /** At half of the peak, evenly spaced, and in bursts. */
  readonly p99Half: number | undefined
  readonly p99HalfOfBase: number | undefined
  readonly p99Bursts: number | undefined
  readonly p99BurstsOfBase: number | undefined
  readonly idleMegabytes: number | undefined
  readonly loadedMegabytes: number | undefined
  readonly startedMs: number
}

export interface Results {
  readonly rows: readonly Row[]
  /** The cheap stdio upstream over its own pipes: with 16 requests in flight, and with one. */
  readonly pipes: { readonly peak: Load; readonly alone: Load } | undefined
  readonly clients: Clients | undefined
  readonly sandbox: SandboxFigures | undefined
  readonly startUp: StartUp | undefined
  readonly redaction: Redaction | undefined
  readonly failures: readonly string[]
}

/** Undefined for a server that was measured in no round. */
export function toRow(server: Server, turns: readonly Turn[]): Row | undefined {
  if (turns.length === 0) return undefined
  const over = (figure: (turn: Turn) => number | undefined): number | undefined => median(turns.flatMap((turn) => figure(turn) ?? []))
  const slices = (of: (turn: Turn) => Paired | undefined, figure: (slice: Slice) => number | undefined): number | undefined =>
    median(turns.flatMap((turn) => of(turn)?.own.flatMap((slice) => figure(slice) ?? []) ?? []))
  const compared = (of: (turn: Turn) => Paired | undefined, compare: (own: Slice, base: Slice) => number): number[] =>
    turns.flatMap((turn) => {
      const { own = [], base = [] } = of(turn) ?? {}
      return own.flatMap((slice, index) => (base[index] ? [compare(slice, base[index])] : []))
    })
  const throughput = (own: Slice, base: Slice): number => own.requestsPerSecond / base.requestsPerSecond
  const ratios = compared(({ peak }) => peak, throughput)
  const isBase = server.base === undefined
  return {
    name: server.name,
    title: server.title,
    group: server.group,
    guarded: server.guarded,
    base: server.base,
    ratio: isBase ? 1 : median(ratios),
    lowestRatio: isBase ? 1 : Math.min(...ratios),
    highestRatio: isBase ? 1 : Math.max(...ratios),
    requestsPerSecond:
      slices(
        ({ peak }) => peak,
        ({ requestsPerSecond }) => requestsPerSecond,
      ) ?? 0,
    p50:
      slices(
        ({ peak }) => peak,
        ({ p50 }) => p50,
      ) ?? 0,
    p99:
      slices(
        ({ peak }) => peak,
        ({ p99 }) => p99,
      ) ?? 0,
    cpuPerCall: slices(
      ({ peak }) => peak,
      ({ cpuPerCall }) => cpuPerCall,
    ),
    cpuOfBase: median(
      compared(
        ({ peak }) => peak,
        (own, base) => (own.cpuPerCall ?? Number.NaN) / (base.cpuPerCall ?? Number.NaN),
      ).filter(Number.isFinite),
    ),
    p50Alone: slices(
      ({ alone }) => alone,
      ({ p50 }) => p50,
    ),
    addedAlone: median(
      compared(
        ({ alone }) => alone,
        (own, base) => own.p50 - base.p50,
      ),
    ),
    ratioAlone: median(compared(({ alone }) => alone, throughput)),
    p99Half: slices(
      ({ half }) => half?.paced,
      ({ p99 }) => p99,
    ),
    p99HalfOfBase: median(
      compared(
        ({ half }) => half?.paced,
        (own, base) => own.p99 / base.p99,
      ),
    ),
    p99Bursts: slices(
      ({ half }) => half?.bursts,
      ({ p99 }) => p99,
    ),
    p99BurstsOfBase: median(
      compared(
        ({ half }) => half?.bursts,
        (own, base) => own.p99 / base.p99,
      ),
    ),
    idleMegabytes: over(({ idleMegabytes }) => idleMegabytes),
    loadedMegabytes: over(({ loadedMegabytes }) => loadedMegabytes),
    startedMs: over(({ startedMs }) => startedMs) ?? 0,
  }
}
