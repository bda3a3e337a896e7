/**
 * One at a time for each name, in this process. Who is inside is known by where the call comes from (AsyncLocalStorage), so that what
 * `work` itself writes does not wait for its own end.
 *
 * Does not end a `work` that hangs: what goes over the network has its own deadline.
 *
 * @module
 */

import { AsyncLocalStorage } from 'node:async_hooks'

export interface Turns<Inside> {
  /** Whether nobody is inside, and nobody waits. */
  isFree(name: string): boolean
  /** What `work` was given, where the call comes from inside of it and it has not ended. */
  inside(name: string): Inside | undefined
  /** Waits for its turn, then runs `work`. @throws {Error} where it would wait for itself. */
  take<T>(name: string, work: (enter: <U>(inside: Inside, run: () => Promise<U>) => Promise<U>) => Promise<T>): Promise<T>
}

interface Entered<Inside> {
  readonly name: string
  readonly outer: Entered<Inside> | undefined
  /** Undefined once `work` has ended: what it left running is outside. */
  inside: Inside | undefined
}

export function createTurns<Inside>(): Turns<Inside> {
  const last = new Map<string, Promise<unknown>>()
  const within = new AsyncLocalStorage<Entered<Inside>>()

  function inside(name: string): Inside | undefined {
    for (let entered = within.getStore(); entered; entered = entered.outer) if (entered.name === name) return entered.inside
    return undefined
  }

  return {
    isFree: (name) => !last.has(name),
    inside,
    async take(name, work) {
      if (inside(name) !== undefined) throw new Error('A record cannot be taken exclusively by who is inside already.')
      const enter = async <U>(given: Inside, run: () => Promise<U>): Promise<U> => {
        const entered: Entered<Inside> = { name, outer: within.getStore(), inside: given }
        try {
          return await within.run(entered, run)
        } finally {
          entered.inside = undefined
        }
      }
      const turn = (last.get(name) ?? Promise.resolve()).then(() => work(enter))
      // However it ends, the next one begins.
      const ended = turn.then(noop, noop)
      last.set(name, ended)
      try {
        return await turn
      } finally {
        if (last.get(name) === ended) last.delete(name)
      }
    },
  }
}

const noop = (): void => {}
