/**
 * What may leave: shaped for the caller's revision, redacted and bounded.
 *
 *   authenticate → read → limit → authorize → validate → approve → execute → [release]
 *
 * Results, errors and notifications all pass here; what a tool's result goes through on its way is in `steps.ts`. Fails closed: what is
 * too large for any answer is refused.
 *
 * @module
 */

import {
  allow,
  type Decision,
  deny,
  type Entry,
  type Executed,
  type JsonObject,
  type Outgoing,
  type PersonalRules,
  type Principal,
  type Redactor,
  type Released,
  released,
  type Taken,
  tookOut,
} from '../../core/index.ts'
import { isObject, toResult } from '../../protocol/index.ts'
import { brokenPromise, type ShownError, toShownError } from '../shown.ts'
import type { PersonalData } from './personal.ts'
import { ERROR_WITHHELD, withoutWords } from './project.ts'
import { charactersOf } from './size.ts'
import { changeSlowly, withoutSecrets } from './slices.ts'
import { inOrder, type Leaving, type Steps } from './steps.ts'

export interface ReleaseOptions {
  readonly redactor: Redactor
  readonly resultBytes: number
  readonly steps?: Steps | undefined
  /** What a result without rules may come to, in bytes, before it takes the steps. Undefined: there is no budget. */
  readonly plain?: ((principal: Principal) => number) | undefined
  /** Whether every result of a tool takes the steps: where they are counted together. */
  readonly every?: boolean | undefined
  /** Personal data in what is no result: of a notification. */
  readonly personal?: PersonalData['now'] | undefined
  /** Is told how many characters a result had that left as it was. Must be quick. */
  readonly note?: ((entry: Entry, characters: number) => void) | undefined
}

export interface Release {
  readonly release: (executed: Executed) => Decision<Released> | Promise<Decision<Released>>
  /** A whole result of a tool's call, as it may leave, but for the bound: of a task that has ended. */
  readonly shape: (result: JsonObject, leaving: Leaving) => Decision<JsonObject> | Promise<Decision<JsonObject>>
  /** Notifications, and requests of ours. Undefined for one that may not leave: a task's may be as large as its result. */
  readonly message: (message: Outgoing, entry?: Entry) => Outgoing | undefined
}

/** At once where nothing is waited for. */
type Outcome = Decision<Released> | Promise<Decision<Released>>

const MAX_MESSAGE_CHARACTERS = 65_536
/** What is longer is redacted in slices: a text can be written so that it takes a tenth of a second for each megabyte. */
const LONG = 128 * 1024

export function createRelease({
  redactor,
  resultBytes,
  steps = {},
  plain = unbounded,
  every = false,
  personal,
  note,
}: ReleaseOptions): Release {
  const take = inOrder(steps)
  // What stays here is not cut: all but the budget of what leaves.
  const takeInside = inOrder({ ...steps, budget: undefined })
  // A character is at most three bytes of UTF-8 (a surrogate pair, two characters, is four): only a text near the bound is measured.
  const fits = (text: string): boolean =>
    text.length * 3 <= resultBytes || (text.length <= resultBytes && Buffer.byteLength(text) <= resultBytes)
  const tooLarge: Decision<never> = deny({ reason: 'result_too_large', limitBytes: resultBytes })

  function shape(result: JsonObject, leaving: Leaving): Decision<JsonObject> | Promise<Decision<JsonObject>> {
    const wrong = brokenPromise(leaving.entry, result)
    if (wrong) return deny({ reason: 'invalid_result', ...wrong })
    if (!isWhole(result)) return allow(result)
    return leaving.isInside ? takeInside(result, leaving) : take(result, leaving)
  }

  /** Of a tool's call. Undefined: it takes the steps. */
  function asItIs(done: Executed, entry: Entry, result: JsonObject): Decision<Released> | undefined {
    const isInside = isWithin(done)
    if ((every && !isInside) || hasRules(entry)) return undefined
    const most = isInside ? Number.POSITIVE_INFINITY : plain(done.request.principal)
    // What may be megabytes is not even written out here.
    const atOnce = Math.min(most, LONG)
    if (charactersOf(result, atOnce) > atOnce) return undefined
    const wrong = brokenPromise(entry, result)
    if (wrong) return deny({ reason: 'invalid_result', ...wrong })
    const { era, method } = done.request.message
    const text = redactor.json(toResult(era, method, result), found, done)
    if (text.length * 3 > most && (text.length > most || Buffer.byteLength(text) > most) && isWhole(result)) return undefined
    if (!isInside) note?.(entry, text.length)
    return fits(text) ? allow(released(done, 'result', text, result['isError'] === true)) : tooLarge
  }

  function answer(done: Executed, result: JsonObject): Outcome {
    const { era, method } = done.request.message
    const whole = toResult(era, method, result)
    if (charactersOf(whole, LONG) > LONG) return inTurns(done, result, whole)
    return written(done, result, redactor.json(whole, found, done))
  }

  /** What is long may be megabytes, and as slow as its writer likes. */
  async function inTurns(done: Executed, result: JsonObject, whole: unknown): Promise<Decision<Released>> {
    const taken = new Map<string, number>()
    const clean = await changeSlowly(whole, withoutSecrets(redactor, taken))
    if (taken.size > 0) found(taken, done)
    return written(done, result, JSON.stringify(clean))
  }

  function written(done: Executed, result: JsonObject, text: string): Decision<Released> {
    const { entry, message } = done.request
    const { method } = message
    if (note && entry && method === 'tools/call' && !isWithin(done)) note(entry, text.length)
    return fits(text) ? allow(released(done, 'result', text, result['isError'] === true)) : tooLarge
  }

  function failed(done: Executed, error: ShownError): Outcome {
    const taken = new Map<string, number>()
    const shown = toShownError(error, redactor, taken)
    const inError = (text: string): Decision<Released> => {
      if (taken.size > 0) found(taken, done)
      return fits(text) ? allow(released(done, 'error', text, true, shown.code)) : tooLarge
    }
    if (charactersOf(shown, LONG) > LONG)
      return changeSlowly(shown, withoutSecrets(redactor, taken)).then((clean) => inError(JSON.stringify(clean)))
    return inError(redactor.json(shown, found, done))
  }

  /** What is no tool's result takes the one step that its entry's rules can have. */
  function without(value: JsonObject, done: Executed, entry: Entry, then: (done: Executed, left: JsonObject) => Outcome): Outcome {
    const left = steps.personal?.(value, leavingOf(done, entry)) ?? allow(value)
    const go = (outcome: Decision<JsonObject>): Outcome => (outcome.allowed ? then(done, outcome.value) : outcome)
    return left instanceof Promise ? left.then(go) : go(left)
  }

  /** What a task has come to that an upstream keeps; our own were shaped when they ended. */
  function resultOfTask({ request: { entry, message }, produced }: Executed): JsonObject | undefined {
    if (message.method !== 'tasks/get' || !entry || entry.executor.task || produced.kind !== 'result') return undefined
    const { status, result } = produced.result
    return status === 'completed' && isObject(result) ? result : undefined
  }

  return {
    shape,
    release(done) {
      const { request, produced } = done
      const { entry, message } = request
      switch (produced.kind) {
        case 'prepared':
          return fits(produced.text) ? allow(released(done, 'result', produced.text, false)) : tooLarge
        case 'result': {
          const { result } = produced
          // What becomes of the call is not known yet; what is said of it is, and may say something.
          if (result['resultType'] === 'task' && hasPersonal(entry)) return without(result, done, entry, answer)
          if (message.method === 'tools/call' && entry) {
            const plainly = asItIs(done, entry, result)
            if (plainly) return plainly
            const shaped = shape(result, leavingOf(done, entry))
            if (shaped instanceof Promise) return shaped.then((outcome) => (outcome.allowed ? answer(done, outcome.value) : outcome))
            return shaped.allowed ? answer(done, shaped.value) : shaped
          }
          const inner = resultOfTask(done)
          if (!inner || !entry) return hasPersonal(entry) ? without(result, done, entry, answer) : answer(done, result)
          const withTask = (outcome: Decision<JsonObject>): Outcome => {
            if (!outcome.allowed) return outcome
            const whole = (_: Executed, beside: JsonObject) => answer(done, { ...beside, result: outcome.value })
            const { result: __, ...beside } = result
            return hasPersonal(entry) ? without(beside, done, entry, whole) : whole(done, beside)
          }
          const shaped = shape(inner, leavingOf(done, entry))
          return shaped instanceof Promise ? shaped.then(withTask) : withTask(shaped)
        }
        case 'error': {
          const { code, message: words, data } = produced
          if (entry?.release?.only) return failed(done, { code, message: ERROR_WITHHELD })
          const error = { message: words, ...(data === undefined ? {} : { data }) }
          return hasPersonal(entry)
            ? without(error, done, entry, (_, left) => failed(done, { ...left, code } as ShownError))
            : failed(done, produced)
        }
      }
    },
    message(said, entry) {
      const given = entry?.release?.only ? withoutWords(said) : said
      if (!given) return undefined
      const message = personal && hasPersonal(entry) ? { ...given, params: personal(given.params, entry.release.personal) } : given
      const text = JSON.stringify(message.params)
      if (message.method === 'notifications/tasks' ? !fits(text) : text.length > MAX_MESSAGE_CHARACTERS) return undefined
      return redactor.suspects(text) ? { ...message, params: JSON.parse(redactor.json(message.params)) as JsonObject } : message
    },
  }
}

/** Decided when the entry is made: a plain one's results take no step. */
const hasRules = ({ release, sealed }: Entry): boolean => release !== undefined || sealed !== undefined
const hasPersonal = (entry: Entry | undefined): entry is Entry & { readonly release: { readonly personal: PersonalRules } } =>
  entry?.release?.personal !== undefined
/** For the record: the request carries it there. */
const found = (taken: Taken, done: Executed | undefined): void => (done ? tookOut(done.request, taken) : undefined)
/** Its result is used here, by a snippet: what leaves of that is another result. */
const isWithin = ({ request }: Executed): boolean => request.message.within !== undefined
const unbounded = (): number => Number.POSITIVE_INFINITY
/** Neither a question nor a task that will have a result. */
export const isWhole = ({ resultType = 'complete' }: JsonObject): boolean => resultType === 'complete'

const leavingOf = ({ request, request: { principal, message, session } }: Executed, entry: Entry): Leaving => ({
  entry,
  took: (taken) => tookOut(request, taken),
  principal,
  meta: message.meta,
  params: message.params,
  session: session?.key,
  isInside: message.within !== undefined,
  isLinkless: LINKLESS.has(message.version),
})
/** They came with 2025-06-18: older clients refuse a result that has one (2025-06-18 changelog). */
const LINKLESS: ReadonlySet<string> = new Set(['2024-11-05', '2025-03-26'])
