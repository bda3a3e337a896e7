/** `sallyport stats`: how many tokens of results were produced, sent and saved, by tool and by day. Estimates; of nobody. @module */

import { readStatistics, type Statistic } from '../../guards/index.ts'
import type { WithData } from '../common.ts'
import { withExistingData } from '../data.ts'
import { parseSince } from '../durations.ts'
import { createOutput, table } from '../output.ts'
import { shownShort } from '../shown.ts'

export interface StatsOptions extends WithData {
  readonly since?: string
}

const none: Statistic = { calls: 0, produced: 0, sent: 0, byBudget: 0, byRule: 0 }
const HEADINGS = ['calls', 'produced', 'sent', 'saved', 'by budget', 'by rule']

export async function stats({ json = false, dataDir, since = '7d' }: StatsOptions): Promise<void> {
  const from = parseSince('--since', since, Date.now())
  const rows = await withExistingData(dataDir, ({ store }) => readStatistics(store, from))
  const total = rows.reduce(plus, none)
  const tools = grouped(rows.map(({ tool, ...row }) => [tool, row])).sort(([, one], [, other]) => saved(other) - saved(one))
  const days = grouped(rows.map(({ day, ...row }) => [day, row]))
  const output = createOutput(json)
  const named =
    (name: 'tool' | 'day') =>
    ([key, sums]: readonly [string, Statistic]) => ({ [name]: key, ...sums, saved: saved(sums) })
  output.object({
    since: new Date(from).toISOString(),
    total: { ...total, saved: saved(total) },
    tools: tools.map(named('tool')),
    days: days.map(named('day')),
  })
  if (rows.length === 0) {
    output.note('Nothing was counted yet: a server that runs writes every half minute.')
    return
  }
  // Not 100 where something was sent.
  const share = total.produced === 0 ? 0 : Math.floor((saved(total) / total.produced) * 100)
  output.line(
    `About ${counted(total.produced)} tokens of results: ${counted(total.sent)} were sent, ${counted(saved(total))} (${share} %) were not.`,
  )
  for (const [heading, sums] of [
    ['tool', tools],
    ['day', days],
  ] as const) {
    output.line()
    const lines = sums.map(([key, sum]) => [
      shownShort(key),
      ...[sum.calls, sum.produced, sum.sent, saved(sum), sum.byBudget, sum.byRule].map(counted),
    ])
    for (const line of table([[heading, ...HEADINGS], ...lines])) output.line(line)
  }
}

const saved = ({ byBudget, byRule }: Statistic): number => byBudget + byRule
const counted = (count: number): string => count.toLocaleString('en')

function plus(sum: Statistic, { calls, produced, sent, byBudget, byRule }: Statistic): Statistic {
  return {
    calls: sum.calls + calls,
    produced: sum.produced + produced,
    sent: sum.sent + sent,
    byBudget: sum.byBudget + byBudget,
    byRule: sum.byRule + byRule,
  }
}

/** In the order in which the names come first. */
function grouped(rows: readonly (readonly [string, Statistic])[]): [string, Statistic][] {
  const sums = new Map<string, Statistic>()
  for (const [key, row] of rows) sums.set(key, plus(sums.get(key) ?? none, row))
  return [...sums]
}
