/**
 * The arguments of a use as its entry takes them, for its rule and its executor alike: two readings could differ. `validate` reads
 * them of a request, `approve` has them judged; a task that is run again from its record is read and judged anew.
 *
 *   put values for signs ─▶ open what is sealed ─▶ check ─▶ fetch what is referred to ─▶ normalize
 *
 * A schema library may ask somebody else before it answers: that takes a place and has a deadline, like a call. Fails closed: what
 * cannot be read is refused, and so is what a rule cannot decide.
 *
 * @module
 */

import {
  allow,
  createTally,
  type Decision,
  type Denial,
  deny,
  type Entry,
  type JsonObject,
  type Principal,
  principalKey,
} from '../core/index.ts'
import { veil } from '../payload/index.ts'
import type { Reveal } from './personal/index.ts'
import type { ResolveReferences } from './references/index.ts'

export interface ArgumentBounds {
  readonly deadlineSeconds: number
  /** How many of one principal may be at work at once. */
  readonly concurrency: number
}
type Read = Decision<unknown> | Promise<Decision<unknown>>

/** Who sent the arguments, and with what beside them. */
export interface Sender {
  readonly principal: Principal
  /** `params._meta`. */
  readonly meta: JsonObject
  /** They were taken before: a later round of the same call, or its record. What may be used once is not used twice by that. */
  readonly isAgain: boolean
}
type Step<In, Out> = (entry: Entry, args: In, sender: Sender) => Decision<Out> | Promise<Decision<Out>>

export interface ArgumentSteps {
  /** For entries with `sealed` fields: puts the values that came sealed in their places, so that `check` sees them. */
  readonly open: Step<JsonObject, JsonObject>
  /** For callers who may: puts what signs stand for in their places (`personal`), so that `check` sees it. */
  readonly reveal?: Reveal | undefined
  /** For entries with `references`: reads what they refer to, once they are known to be well-formed. */
  readonly resolve: ResolveReferences
}

/** One reading. `sender` is made where an entry needs it: the call of any other pays nothing for it. */
export type ReadArguments = (entry: Entry, args: JsonObject, principal: Principal, meta: JsonObject, isAgain: boolean) => Read

export function createReadArguments({ open, resolve, reveal }: ArgumentSteps): ReadArguments {
  function readPlain({ check, normalize, references }: Entry, args: JsonObject, principal: Principal): Read {
    const violation = check?.(args)
    if (violation) return deny({ reason: 'invalid_arguments', ...violation })
    if (references) return readReferring(references, args, principal, normalize)
    return normalize ? normalize(args) : allow(args)
  }
  /** A schema library sees the references, and rule and executor what they refer to. */
  async function readReferring(
    references: NonNullable<Entry['references']>,
    args: JsonObject,
    principal: Principal,
    normalize: Entry['normalize'],
  ): Promise<Decision<unknown>> {
    const place = await resolve(references, args, principal)
    if (!place.allowed) return place
    const made = normalize ? await normalize(args) : allow(args)
    return made.allowed ? allow(place.value(made.value, normalize !== undefined)) : made
  }
  function readOpened(entry: Entry, opened: Decision<JsonObject>, principal: Principal): Read {
    if (!opened.allowed) return opened
    const read = readPlain(entry, opened.value, principal)
    return read instanceof Promise ? read.then((outcome) => veiled(entry, outcome)) : veiled(entry, read)
  }
  return function readArguments(entry, args, principal, meta, isAgain) {
    const revealing = reveal?.(args, principal)
    if (revealing) return revealing.then((revealed) => readClear(entry, revealed, principal, meta, isAgain))
    return readClear(entry, args, principal, meta, isAgain)
  }
  function readClear(entry: Entry, args: JsonObject, principal: Principal, meta: JsonObject, isAgain: boolean): Read {
    if (!entry.sealed) return readPlain(entry, args, principal)
    const opening = open(entry, args, { principal, meta, isAgain })
    return opening instanceof Promise
      ? opening.then((opened) => readOpened(entry, opened, principal))
      : readOpened(entry, opening, principal)
  }
}

function veiled({ sealed }: Entry, read: Decision<unknown>): Decision<unknown> {
  if (read.allowed || read.denial.reason !== 'invalid_arguments' || !sealed) return read
  return deny(veil(read.denial, 'arguments', sealed.arguments))
}

/** Why the entry's rule does not let them through. What the rule says is for the operator (`audit`): it may name people, limits and secrets. */
export function judgeArguments({ kind, name, condition }: Entry, args: unknown, principal: Principal): Denial | undefined {
  if (!condition || condition.check(args as JsonObject, principal) === 'met') return undefined
  const use =
    kind === 'tool' || kind === 'prompt' ? `The ${kind} ${name} may not be used with these arguments` : 'This resource may not be read'
  return { reason: 'condition_not_met', sentence: `${use}: a rule of this server does not allow it.` }
}

/** Waits for a reading that takes its time, though not for ever. */
export function createArgumentWaits({ deadlineSeconds, concurrency }: ArgumentBounds) {
  const places = createTally()

  return async function wait(entry: Entry, principal: Principal, read: Promise<Decision<unknown>>): Promise<Decision<unknown>> {
    const leave = places.take(principalKey(principal), concurrency)
    if (!leave) {
      // What it throws is nobody's.
      read.catch(() => {})
      return deny({ reason: 'overloaded', problem: `This caller has ${concurrency} calls running already: wait for one to end.` })
    }
    // What nobody waits for any more still runs.
    read.then(leave, leave)
    const seconds = entry.limits?.deadlineSeconds ?? deadlineSeconds
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<Decision<never>>((resolve) => {
      timer = setTimeout(resolve, seconds * 1000, deny({ reason: 'deadline_exceeded', seconds }))
    })
    try {
      return await Promise.race([read, late])
    } finally {
      clearTimeout(timer)
    }
  }
}
