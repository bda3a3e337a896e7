/** What a person reads: the ratio first, then what it is made of, then the goals. @module */

import type { Clients } from './clients.ts'
import { type Goal, toGoals } from './goals.ts'
import type { Results, Row } from './results.ts'
import type { SandboxFigures } from './sandbox.ts'
import { groups, isGateway } from './servers.ts'

export interface Circumstances {
  readonly date: string
  readonly commit: string
  readonly node: string
  readonly generator: string
  readonly cores: number
  readonly rounds: number
  readonly seconds: number
}

export function toText(results: Results, about: Circumstances): string {
  const goals = toGoals(results)
  const parts = [
    `${about.date} · commit ${about.commit} · Node ${about.node} · ${about.generator}, 16 connections · ${about.cores} cores · ${about.rounds} × ${about.seconds} s, medians`,
  ]
  for (const group of groups) {
    const rows = results.rows.filter((row) => row.group === group)
    if (rows.length > 0) parts.push(groupText(group, rows, results, goals))
  }
  const { clients, sandbox, startUp, redaction } = results
  if (clients) parts.push(clientsText(clients))
  if (sandbox) parts.push(sandboxText(sandbox))
  parts.push(goalsText(goals))
  if (startUp) {
    parts.push(
      `start-up (from ${startUp.from}): node itself ${Math.round(startUp.nodeMs)} ms · --help ${Math.round(startUp.helpMs)} ms · ` +
        `guard listening ${Math.round(startUp.firstListenMs)} ms with a new data directory, ${Math.round(startUp.listenMs)} ms after that`,
    )
  }
  if (redaction) {
    parts.push(
      `scanning 10 KB: ${Math.round(redaction.clean10k)} µs clean, ${Math.round(redaction.secret10k)} µs with a credential; 100 KB takes ${(10 * redaction.growth).toFixed(1)} × as long`,
    )
  }
  if (results.failures.length > 0) parts.push(['not measured:', ...results.failures.map((failure) => `  ${failure}`)].join('\n'))
  return `${parts.join('\n\n')}\n`
}

const bases: Record<string, string> = {
  server: 'of bare',
  'number of tools': 'of one tool',
  'proof of possession': 'of bearer',
  'encrypted fields': 'of plain',
  tokens: 'of library',
  'stdio gateway': 'of forwarder',
  'http gateway': 'of upstream',
}

function groupText(group: string, rows: readonly Row[], results: Results, goals: readonly Goal[]): string {
  const gateway = isGateway({ group })
  const halved = rows.some(({ p99Half }) => p99Half !== undefined)
  const heads = [
    bases[group] ?? '',
    'range',
    group,
    'guards',
    'req/s',
    'p50 µs',
    'p99 µs',
    'CPU µs',
    'times',
    ...(gateway ? ['alone p50', 'added', 'alone of'] : halved ? ['p99 half', 'bursts'] : []),
    'MB idle',
    'loaded',
    'goal',
  ]
  const body = rows.map((row) => [
    fixed(row.ratio),
    row.base ? `${fixed(row.lowestRatio)}–${fixed(row.highestRatio)}` : '',
    row.title,
    row.guarded ? 'all' : 'none',
    whole(row.requestsPerSecond),
    whole(row.p50),
    whole(row.p99),
    whole(row.cpuPerCall),
    row.cpuOfBase?.toFixed(1) ?? '',
    ...(gateway
      ? [whole(row.p50Alone), row.addedAlone === undefined ? '' : `+${whole(row.addedAlone)}`, row.ratioAlone?.toFixed(2) ?? '']
      : halved
        ? [whole(row.p99Half), whole(row.p99Bursts)]
        : []),
    whole(row.idleMegabytes),
    whole(row.loadedMegabytes),
    goalOf(row.name, goals),
  ])
  if (group === 'stdio gateway' && results.pipes) {
    const { peak, alone } = results.pipes
    const figures = [peak.requestsPerSecond, peak.p50, peak.p99].map(whole)
    body.unshift(['', '', 'the upstream itself, over its pipes', 'none', ...figures, '', '', whole(alone.p50)])
  }
  return aligned([heads, ...body], new Set([1, 2, 3, heads.length - 1]))
}

function clientsText({ from, calls, startUp: { ownMs, sdkMs } }: Clients): string {
  const rows = calls.map(({ concurrency, own, sdk, ratio, lowestRatio, highestRatio, ownCpuMicroseconds, cpuOfSdk }) => [
    fixed(ratio),
    `${fixed(lowestRatio)}–${fixed(highestRatio)}`,
    `calls a second, ${concurrency} at once`,
    whole(own),
    whole(sdk),
    whole(ownCpuMicroseconds),
    cpuOfSdk.toFixed(1),
  ])
  const startUp = [fixed(ownMs / sdkMs), '', 'ms from start-up to the first answer', whole(ownMs), whole(sdkMs), '', '']
  return aligned([['of SDK', 'range', `client (from ${from})`, 'ours', 'SDK’s', 'CPU µs', 'times'], ...rows, startUp], new Set([1, 2]))
}

function sandboxText(figures: SandboxFigures): string {
  const { addedWarm, inlineP50, warmP50, warmP99, firstCall, cold, nodeStart, childMegabytes, parallel, calls, leftBehind } = figures
  const ms = (figure: number): string => `${figure < 10 ? figure.toFixed(2) : Math.round(figure)} ms`
  return aligned(
    [
      ['sandbox', 'a tool as a module in a child, and the same as a function'],
      [`+${ms(addedWarm)}`, `a warm call: ${ms(warmP50)} beside ${ms(inlineP50)}, p99 ${ms(warmP99)}`],
      [ms(firstCall), "a caller's first call, by a spare child"],
      [ms(cold), `a caller's first call with no child there; Node by itself starts in ${ms(nodeStart)}`],
      [childMegabytes === undefined ? '' : `${Math.round(childMegabytes)} MB`, 'a child, with all that belongs to it (proportional)'],
      [ms(parallel), 'for 200 calls at once'],
      [
        leftBehind.length === 0 ? 'nothing' : leftBehind.join(', '),
        `left after ${calls.toLocaleString('en')} calls and the kill of the server`,
      ],
    ],
    new Set([1]),
  )
}

function goalOf(name: string, goals: readonly Goal[]): string {
  const goal = goals.find(({ row }) => row === name)
  return goal ? `${goal.goal} ${mark(goal)}` : ''
}

function goalsText(goals: readonly Goal[]): string {
  const known = goals.filter(({ met }) => met !== undefined)
  const rows = known.map((goal) => [mark(goal), goal.measured ?? '', goal.goal, goal.what])
  return known.length === 0 ? 'no goal was measured' : aligned([['', 'measured', 'goal', 'what'], ...rows], new Set([0, 2, 3]))
}

const mark = ({ met }: Goal): string => (met === undefined ? '' : met ? '✓' : '✗')
const fixed = (figure: number | undefined): string => figure?.toFixed(2) ?? '–'
const whole = (figure: number | undefined): string => (figure === undefined ? '' : Math.round(figure).toLocaleString('en'))

/** Columns as wide as their widest cell, numbers to the right, words (`left`) to the left. */
function aligned(rows: readonly (readonly string[])[], left: ReadonlySet<number>): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => (left.has(column) ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
