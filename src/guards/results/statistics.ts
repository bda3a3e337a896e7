/**
 * What results come to, by tool and day: sent, and saved by budgets and by rules. Of nobody: no caller is in it.
 *
 *   release ─▶ two numbers are added in memory ─▶ every half minute, and in the end, one record a tool and day
 *
 * Never in a call's way: where it cannot be written, the log says so, and what was not written waits for the next time.
 *
 * @module
 */

import { BYTES_A_TOKEN, type Clock, type Log, problemOf } from '../../core/index.ts'
import { allRecords, changeRecord, type Store } from '../../storage/index.ts'

/** In tokens, as estimated. What was produced is what was sent and what was saved. */
export interface Statistic {
  readonly calls: number
  readonly produced: number
  readonly sent: number
  readonly byBudget: number
  readonly byRule: number
}

export interface Statistics {
  /** A result of the tool leaves, of so many characters. */
  sent(tool: string, characters: number): void
  saved(tool: string, by: 'budget' | 'rule', tokens: number): void
  flush(): Promise<void>
  close(): Promise<void>
}

export interface StatisticsOptions {
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
}

interface Sums {
  calls: number
  characters: number
  budget: number
  rule: number
}

const FLUSH_MS = 30_000
const DAY_MS = 86_400_000
const KEPT_DAYS = 400
const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10)

export function createStatistics({ store, clock, log }: StatisticsOptions): Statistics {
  const records = store.records<Statistic>('statistic')
  let sums = new Map<string, Sums>()
  let writing: Promise<void> = Promise.resolve()
  const timer = setInterval(() => void flush(), FLUSH_MS).unref()

  function of(tool: string): Sums {
    let found = sums.get(tool)
    if (!found) sums.set(tool, (found = { calls: 0, characters: 0, budget: 0, rule: 0 }))
    return found
  }
  function flush(): Promise<void> {
    return (writing = writing.then(write))
  }
  async function write(): Promise<void> {
    const batch = sums
    sums = new Map()
    const now = clock()
    const expiresAt = (Math.floor(now / DAY_MS) + 1 + KEPT_DAYS) * DAY_MS
    for (const [tool, sum] of batch) {
      try {
        await changeRecord(
          records,
          `${dayOf(now)}/${tool}`,
          (before) => added(before, sum),
          () => ({ expiresAt }),
        )
      } catch (error) {
        log('warn', 'statistics could not be written', { problem: problemOf(error) })
        const kept = of(tool)
        for (const key of ['calls', 'characters', 'budget', 'rule'] as const) kept[key] += sum[key]
      }
    }
  }

  return {
    sent(tool, characters) {
      const sum = of(tool)
      sum.calls++
      sum.characters += characters
    },
    saved(tool, by, tokens) {
      of(tool)[by] += Math.max(0, tokens)
    },
    flush,
    async close() {
      clearInterval(timer)
      await flush()
    },
  }
}

function added(before: Statistic | undefined, { calls, characters, budget, rule }: Sums): Statistic {
  const sent = Math.ceil(characters / BYTES_A_TOKEN)
  const { calls: c = 0, produced = 0, sent: s = 0, byBudget = 0, byRule = 0 } = before ?? {}
  return {
    calls: c + calls,
    produced: produced + sent + budget + rule,
    sent: s + sent,
    byBudget: byBudget + budget,
    byRule: byRule + rule,
  }
}

export interface DayOfTool extends Statistic {
  readonly day: string
  readonly tool: string
}

/** From a day on, in order of days. */
export async function readStatistics(store: Store, since: number): Promise<readonly DayOfTool[]> {
  const from = dayOf(since)
  const found: DayOfTool[] = []
  for await (const { id, value } of allRecords(store.records<Statistic>('statistic'))) {
    const slash = id.indexOf('/')
    const day = id.slice(0, slash)
    if (day >= from) found.push({ day, tool: id.slice(slash + 1), ...value })
  }
  return found
}
