/**
 * What a link and a process of one person have in common: when they have nothing to do and may end, and how long a call waits for them to
 * start. Pure but for the waiting.
 *
 * @module
 */

import type { Clock, Decision, Produced } from '../../core/index.ts'
import type { UpstreamCall } from '../upstream/index.ts'

export interface Idle {
  /** Calls that run, or that wait for it. */
  readonly calls: number
  /** Since when it has nothing to do. */
  readonly idleSince: number
}

/** How long one may have nothing to do, unless told. */
export const IDLE_SECONDS = 600
/** How often they are looked at. */
export const sweepMs = (idleSeconds: number): number => Math.min(15_000, idleSeconds * 500)
/** A person who was asked something in a call may take as long (`guards/request-state`), and what asked it is kept. */
const QUESTION_MS = 11 * 60_000

export const isIdle = ({ calls, idleSince }: Idle, since: number): boolean => calls === 0 && idleSince <= since

export function longestIdle<T extends Idle>(all: Iterable<T>, now: number): T | undefined {
  let longest: T | undefined
  for (const one of all) if (isIdle(one, now) && one.idleSince < (longest?.idleSince ?? Infinity)) longest = one
  return longest
}

/** From when on it has nothing to do after such an answer. */
export const idleAfter = (outcome: Decision<Produced>, now: number): number =>
  outcome.allowed && outcome.value.kind === 'input' ? now + QUESTION_MS : now

/** `npx` may have to download it first: a first call waits longer than one whose server is down. False: too late, or the caller went away. */
export function hasStarted(started: Promise<void>, { deadlineAt, caller }: UpstreamCall, clock: Clock): Promise<boolean> {
  return new Promise((resolve) => {
    const late = setTimeout(resolve, Math.max(0, deadlineAt - clock()), false)
    const settle = (value: boolean): void => {
      clearTimeout(late)
      resolve(value)
    }
    caller.onAbort(() => settle(false))
    void started.then(() => settle(true))
  })
}
