/** The goals of the project's performance page, and what a run says of each. A report: nothing fails by it. @module */

import type { Results, Row } from './results.ts'

export interface Goal {
  readonly what: string
  readonly goal: string
  /** Undefined where the run did not measure it. */
  readonly measured: string | undefined
  readonly met: boolean | undefined
  /** The row that it belongs to, where it belongs to one. */
  readonly row?: string
}

export function toGoals({ rows, clients, sandbox, startUp, redaction }: Results): Goal[] {
  const find = (name: string): Row | undefined => rows.find((row) => row.name === name)
  const ratio = (name: string): number | undefined => find(name)?.ratio
  const fastestPeer = rows
    .filter((row) => row.group === 'server' && !row.guarded && row.base)
    .sort((a, b) => (b.ratio ?? 0) - (a.ratio ?? 0))[0]
  const key = find('sallyport-key')
  const one = key?.ratio
  const stdio = find('guard-stdio')?.requestsPerSecond

  return [
    atLeast('guarded call, API key: of bare node:http', 0.6, one, '', 'sallyport-key'),
    atLeast('guarded call, own JWT: of bare node:http', 0.6, ratio('sallyport-jwt'), '', 'sallyport-jwt'),
    atLeast(
      `guarded call: times the fastest unguarded peer${fastestPeer ? ` (${fastestPeer.name})` : ''}`,
      1,
      quotient(one, fastestPeer?.ratio),
      ' ×',
    ),
    atLeast('guarded call: times the unguarded SDK (Server, 50 tools)', 5, quotient(one, ratio('sdk2-server-50')), ' ×'),
    atLeast('1,000 tools: of the same with one tool', 0.95, ratio('sallyport-key-1000'), '', 'sallyport-key-1000'),
    atMost('p99 at half of the peak, evenly spaced: times bare node:http’s', 3, key?.p99HalfOfBase, ' ×'),
    atMost('p99 at half of the peak, in autocannon’s bursts: times bare node:http’s', 3, key?.p99BurstsOfBase, ' ×'),
    atLeast('gateway, stdio upstream: of a bare forwarder', 0.6, ratio('guard-stdio'), '', 'guard-stdio'),
    atLeast('gateway, stdio upstream: times unguarded mcp-proxy', 4, quotient(stdio, find('mcp-proxy')?.requestsPerSecond), ' ×'),
    atLeast('gateway, stdio upstream: times unguarded supergateway', 4, quotient(stdio, find('supergateway')?.requestsPerSecond), ' ×'),
    atLeast('gateway, HTTP upstream: of the upstream’s own throughput', 0.5, ratio('guard-http'), '', 'guard-http'),
    atMost('gateway, HTTP upstream: added at p50, one connection', 100, find('guard-http')?.addedAlone, ' µs'),
    ...[1, 16].map((concurrency) =>
      atLeast(
        `client, ${concurrency === 1 ? 'one call at a time' : `${concurrency} calls at once`}: of the SDK’s client`,
        1,
        clients?.calls.find((calls) => calls.concurrency === concurrency)?.ratio,
        '',
      ),
    ),
    atMost('sandboxed call, warm: added to the same in the process', 0.2, sandbox?.addedWarm, ' ms'),
    atMost('sandboxed call, cold', 60, sandbox?.cold, ' ms'),
    atMost('scanning a 10 KB result', 1000, redaction?.clean10k, ' µs'),
    atMost('sallyport --help', 200, startUp?.helpMs, ' ms'),
    atMost('guard listening before its child is up', 500, startUp?.listenMs, ' ms'),
    atMost('guard resident when idle', 110, find('guard-stdio')?.idleMegabytes ?? startUp?.idleMegabytes, ' MB'),
  ]
}

const quotient = (above: number | undefined, below: number | undefined): number | undefined =>
  above === undefined || !below ? undefined : above / below
const say = (figure: number, unit: string): string => `${figure < 20 ? figure.toFixed(2) : Math.round(figure)}${unit}`

function atLeast(what: string, goal: number, measured: number | undefined, unit: string, row?: string): Goal {
  return { ...goalOf(what, `≥ ${goal}${unit}`, measured, unit, row), met: measured === undefined ? undefined : measured >= goal }
}

function atMost(what: string, goal: number, measured: number | undefined, unit: string, row?: string): Goal {
  return { ...goalOf(what, `≤ ${goal}${unit}`, measured, unit, row), met: measured === undefined ? undefined : measured <= goal }
}

function goalOf(what: string, goal: string, measured: number | undefined, unit: string, row: string | undefined): Omit<Goal, 'met'> {
  return { what, goal, measured: measured === undefined ? undefined : say(measured, unit), ...(row === undefined ? {} : { row }) }
}
