/**
 * What a tool's result goes through before it may leave, whether its caller has waited (`release`) or comes back for it (`tasks/`):
 *
 *   promise ─▶ project ─▶ personal ─▶ seal ─▶ budget ─▶ bound
 *
 * `promise` and `bound` are `release`'s own: nothing leaves without them. The others are steps that an engine is given, and only results of
 * entries with rules of their own, or larger than they may be, go through them. Fails closed: what a step refuses is withheld.
 *
 * @module
 */

import { allow, type Decision, type Entry, type JsonObject, type Principal, type Taken } from '../../core/index.ts'

/** Whose result it is, of what, and who gets it. */
export interface Leaving {
  readonly entry: Entry
  readonly principal: Principal
  /** `_meta` of the request that is answered; of a task, of the call that began it. */
  readonly meta: JsonObject
  /** Of the same: whose sealed values say who can read what is sealed. */
  readonly params: JsonObject
  /** Of the legacy session that the call came in, if it did: what is counted together. */
  readonly session?: string | undefined
  /** Whether it is used within another call, and does not leave. */
  readonly isInside?: boolean | undefined
  /** Whether its revision has no links to resources. */
  readonly isLinkless?: boolean | undefined
  /** Is told what of secrets was taken out on the way: for the record. */
  readonly took?: ((taken: Taken) => void) | undefined
}

/** At once where nothing is waited for. Answers the same object where it changes nothing. */
export type Step = (result: JsonObject, leaving: Leaving) => Decision<JsonObject> | Promise<Decision<JsonObject>>

/** In this order. What is left out changes nothing. */
export interface Steps {
  /** Only what the tool's rule names (`release.only`). */
  readonly project?: Step | undefined
  /** Personal data, by the tool's policy (`release.personal`). */
  readonly personal?: Step | undefined
  /** Fields that only the caller can open. Before anything is kept or cut: what is kept of them must not be readable either. */
  readonly seal?: Step | undefined
  /** A head and a link, where a result is larger than its budget. Stores nothing that is not redacted. */
  readonly budget?: Step | undefined
}

/** One step after the other, a promise only from the first on that is one. */
export function inOrder({ project, personal, seal, budget }: Steps): Step {
  const steps = [project, personal, seal, budget].filter((step) => step !== undefined)

  function from(first: number, before: Decision<JsonObject>, leaving: Leaving): ReturnType<Step> {
    let outcome = before
    for (let at = first; at < steps.length && outcome.allowed; at++) {
      const next = (steps[at] as Step)(outcome.value, leaving)
      if (next instanceof Promise) return next.then((done) => from(at + 1, done, leaving))
      outcome = next
    }
    return outcome
  }
  return (result, leaving) => (steps.length === 0 ? allow(result) : from(0, allow(result), leaving))
}
