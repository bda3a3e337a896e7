/**
 * What one decision may cost. Whoever calls chooses the arguments, so that every step over them is paid for before it is
 * taken; a decision that runs out of it is none.
 *
 * @module
 */

/** A unit is about ten nanoseconds on a slow day. */
export const MAX_WORK = 1_000_000

/** Stands for a value that there is none of: a missing key, a wrong type, a sum that is too large. */
export const FAILED: unique symbol = Symbol('failed')

/** One decision while it is made. */
export class Run {
  readonly args: unknown
  readonly principal: unknown
  /** The variables of the comprehensions that it is in, the outermost first. */
  readonly locals: unknown[] = []
  work = 0

  constructor(args: unknown, principal: unknown) {
    this.args = args
    this.principal = principal
  }
}

/** Never throws; `FAILED` where there is no value. */
export type Term = (run: Run) => unknown

/** For what nobody can say beforehand how much it costs: the whole decision fails. */
export function giveUp(run: Run): false {
  run.work = Number.POSITIVE_INFINITY
  return false
}

/** Whether there was enough left. Where there was not, the whole decision fails, whatever comes of it. */
export function spend(run: Run, units: number): boolean {
  run.work += units
  return run.work <= MAX_WORK
}
