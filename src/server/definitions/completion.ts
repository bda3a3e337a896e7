/**
 * Answers `completion/complete` for the arguments of one prompt or template (2026-07-28 completion): by a function of its author's,
 * or from the values that the parameter lists.
 *
 * What is asked is checked first: the argument must be one that is declared, and what stands beside it must keep its parameters'
 * rules. What is suggested is checked after: at most a hundred texts, without hidden characters. Fails closed: suggestions of a
 * function that answers anything else are withheld.
 *
 * @module
 */

import { allow, type Call, type Decision, deny, type Execution, type JsonObject, type Principal, type Produced } from '../../core/index.ts'
import { isObject } from '../../protocol/index.ts'
import { cleanText, REMOVED, type RemovedFrom } from '../../trust/index.ts'
import { isThenable } from './thenable.ts'

/** What a completion function may look at. */
export interface CompletionContext {
  readonly principal: Principal
  readonly signal: AbortSignal
  /** What other arguments are already, as the caller says; checked like arguments. */
  readonly arguments: Readonly<Record<string, string>>
}
export type CompletionAnswer = readonly string[] | { readonly values: readonly string[]; readonly total?: number }
/** `value`: what is typed so far. Suggestions are shown to whoever may use the prompt: leave out what this caller may not know. */
export type Complete = (value: string, context: CompletionContext) => CompletionAnswer | Promise<CompletionAnswer>

/** An argument that can be asked about. */
export interface Completable {
  /** All its values, where they can be listed. */
  readonly allowed?: readonly string[] | undefined
  readonly read?: ((argument: string) => { readonly value: string } | { readonly rule: string }) | undefined
  readonly complete?: Complete | undefined
}
export type Completer = (call: Call) => Execution

const MAX_VALUES = 100
const MAX_VALUE_CHARACTERS = 4_096

const invalid = (problem: string): Decision<never> => deny({ reason: 'invalid_params', problem })
const broken = (path: string, rule: string): Decision<never> => deny({ reason: 'invalid_result', path, rule })

export function createCompleter(completables: ReadonlyMap<string, Completable>): Completer {
  return function complete(call) {
    // Their shape was validated; whether they mean anything here was not.
    const { argument, context } = call.params as {
      readonly argument: { readonly name: string; readonly value: string }
      readonly context?: unknown
    }
    const asked = completables.get(argument.name)
    if (!asked) return invalid('params.argument.name is none that can be completed here.')
    const beside = readContext(context)
    if (!beside.allowed) return beside
    const value = cleanText(argument.value).text
    if (!asked.complete) return answer(listed(asked.allowed ?? [], value))
    const { principal } = call
    const suggested = asked.complete(value, {
      principal,
      arguments: beside.value,
      get signal() {
        return call.signal
      },
    })
    return isThenable(suggested) ? Promise.resolve(suggested).then(answer) : answer(suggested)
  }

  function readContext(context: unknown): Decision<Readonly<Record<string, string>>> {
    const given = isObject(context) ? (context['arguments'] ?? {}) : context === undefined ? {} : undefined
    if (!isObject(given)) return invalid('params.context must have an object of arguments.')
    const read: [string, string][] = []
    for (const [name, argument] of Object.entries(given)) {
      const path = `context/arguments/${name.slice(0, 80)}`
      const declared = completables.get(name)
      if (!declared) return deny({ reason: 'invalid_arguments', path, rule: 'is not declared' })
      if (typeof argument !== 'string') return deny({ reason: 'invalid_arguments', path, rule: 'must be string' })
      const checked = declared.read?.(argument) ?? { value: argument }
      if ('rule' in checked) return deny({ reason: 'invalid_arguments', path, rule: checked.rule })
      read.push([name, cleanText(checked.value).text])
    }
    return allow(Object.fromEntries(read))
  }
}

/** What begins so stands before what only has it within. */
function listed(allowed: readonly string[], value: string): readonly string[] {
  const sought = value.toLowerCase()
  const fits = allowed.filter((one) => one.toLowerCase().includes(sought))
  const begins = (one: string): boolean => one.toLowerCase().startsWith(sought)
  return [...fits.filter(begins), ...fits.filter((one) => !begins(one))]
}

function answer(suggested: unknown): Decision<Produced> {
  const { values, total }: JsonObject = Array.isArray(suggested) ? { values: suggested } : isObject(suggested) ? suggested : {}
  if (!Array.isArray(values)) return broken('completion/values', 'must be a list')
  const removed: RemovedFrom[] = []
  const shown: string[] = []
  for (const [index, value] of values.slice(0, MAX_VALUES).entries()) {
    const at = `completion/values/${index}`
    if (typeof value !== 'string' || value.length > MAX_VALUE_CHARACTERS)
      return broken(at, `must be a text of at most ${MAX_VALUE_CHARACTERS} characters`)
    const clean = cleanText(value)
    shown.push(clean.text)
    for (const one of clean.removed) removed.push({ in: at, ...one })
  }
  const count = total ?? values.length
  if (typeof count !== 'number' || !Number.isSafeInteger(count) || count < values.length)
    return broken('completion/total', 'must be how many values there are')
  const result: JsonObject = {
    completion: { values: shown, total: count, hasMore: count > shown.length },
    ...(removed.length === 0 ? {} : { _meta: { [REMOVED]: removed } }),
  }
  return allow({ kind: 'result', result })
}
