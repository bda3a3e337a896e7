/**
 * Suggestions for a variable (2026-07-28 completion): what a function of the author answers, bounded. Who may ask is decided as for
 * the resource itself; what may be suggested is for the function, which knows who asks.
 *
 * @module
 */

import { allow, type Call, type Decision, deny, type JsonObject, type Produced } from '../../core/index.ts'
import { isObject } from '../../protocol/index.ts'
import { type CallContext, RunningContext } from '../definitions/context.ts'

export interface CompletionContext extends CallContext {
  /** What the caller has chosen for the other variables; not validated. */
  readonly arguments: Readonly<Record<string, string>>
}

/** `value`: what was typed so far. Best suggestions first. */
export type Completer = (value: string, context: CompletionContext) => readonly string[] | Promise<readonly string[]>

/** §completion results. */
const MAX_VALUES = 100
const MAX_VALUE_CHARACTERS = 4_096

class RunningCompletion extends RunningContext implements CompletionContext {
  readonly arguments: Readonly<Record<string, string>>

  constructor(call: Call, chosen: Readonly<Record<string, string>>) {
    super(call)
    this.arguments = chosen
  }
}

/** `names`: what there is to choose. Without a completer there is nothing to suggest. */
export function suggest(
  completer: Completer | undefined,
  call: Call,
  names: readonly string[],
): Decision<Produced> | Promise<Decision<Produced>> {
  const { name, value } = call.params['argument'] as { readonly name: string; readonly value: string }
  if (!names.includes(name)) return deny({ reason: 'invalid_params', problem: 'params.argument.name is not one that can be completed.' })
  const values = completer?.(value, new RunningCompletion(call, chosenIn(call.params, names))) ?? []
  return values instanceof Promise ? values.then(shape) : shape(values)
}

function shape(values: unknown): Decision<Produced> {
  if (!Array.isArray(values)) return deny({ reason: 'invalid_result', path: 'completion/values', rule: 'must be a list of texts' })
  const shown = values.slice(0, MAX_VALUES)
  if (!shown.every((each) => typeof each === 'string' && each.length <= MAX_VALUE_CHARACTERS))
    return deny({ reason: 'invalid_result', path: 'completion/values', rule: 'must be a list of texts' })
  return allow({
    kind: 'result',
    result: { completion: { values: shown, total: values.length, hasMore: values.length > shown.length } },
  })
}

function chosenIn({ context }: JsonObject, names: readonly string[]): Readonly<Record<string, string>> {
  const given = isObject(context) && isObject(context['arguments']) ? context['arguments'] : {}
  const chosen = names.flatMap((name) => {
    const value = Object.hasOwn(given, name) ? given[name] : undefined
    return typeof value === 'string' && value.length <= MAX_VALUE_CHARACTERS ? [[name, value] as const] : []
  })
  return Object.fromEntries(chosen)
}
