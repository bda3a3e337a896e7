/**
 * The macros that go over a list (CEL language definition §Macros). Each step is paid for before it
 * is taken, by the size of what it does.
 *
 * @module
 */

import { FAILED, type Run, spend, type Term } from './work.ts'

export interface Loop {
  readonly range: Term
  /** Where the variable is kept. */
  readonly slot: number
  /** What one step costs. */
  readonly cost: number
}

/** What it costs to keep a value until the garbage is collected. */
const KEPT = 5

type Macro = (loop: Loop, body: readonly Term[]) => Term

/** An error does not matter where another item decides. */
function quantifier(decisive: boolean): Macro {
  return (loop, [predicate]) =>
    over(loop, (run, items, next) => {
      let outcome: unknown = !decisive
      for (const item of items) {
        if (!next(run, item)) return FAILED
        const verdict = predicate?.(run)
        if (verdict === decisive) return decisive
        if (typeof verdict !== 'boolean') outcome = FAILED
      }
      return outcome
    })
}

const existsOne: Macro = (loop, [predicate]) =>
  over(loop, (run, items, next) => {
    let count = 0
    for (const item of items) {
      const verdict = next(run, item) ? predicate?.(run) : FAILED
      if (typeof verdict !== 'boolean') return FAILED
      if (verdict) count++
    }
    return count === 1
  })

/** Those of which the predicate holds, each made into something else. */
const collect = (loop: Loop, predicate: Term | undefined, transform: Term | undefined): Term =>
  over(loop, (run, items, next) => {
    const kept: unknown[] = []
    for (const item of items) {
      const verdict = next(run, item) ? (predicate?.(run) ?? true) : FAILED
      if (typeof verdict !== 'boolean') return FAILED
      if (!verdict) continue
      const value = transform ? transform(run) : item
      if (value === FAILED || !spend(run, KEPT)) return FAILED
      kept.push(value)
    }
    return kept
  })

function over(
  { range, slot, cost }: Loop,
  decide: (run: Run, items: readonly unknown[], next: (run: Run, item: unknown) => boolean) => unknown,
): Term {
  const next = (run: Run, item: unknown): boolean => {
    run.locals[slot] = item
    return spend(run, cost)
  }
  return (run) => {
    const items = range(run)
    return Array.isArray(items) ? decide(run, items, next) : FAILED
  }
}

/** By name and how many arguments they take, the variable included. */
export const macros: Readonly<Record<string, Macro>> = {
  'all/2': quantifier(false),
  'exists/2': quantifier(true),
  'exists_one/2': existsOne,
  'filter/2': (loop, [predicate]) => collect(loop, predicate, undefined),
  'map/2': (loop, [transform]) => collect(loop, undefined, transform),
  'map/3': (loop, [predicate, transform]) => collect(loop, predicate, transform),
}
