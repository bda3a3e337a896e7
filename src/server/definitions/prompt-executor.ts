/**
 * Answers `prompts/get` from a template or a function, and `completion/complete` for its arguments.
 *
 *   arguments ─ without hidden characters ─▶ template, or function ─ checkPromptOutput ─▶ messages, and what was removed
 *
 * What a function makes is checked like what anybody else makes (2026-07-28 prompts §security): its shape, the resources that it
 * points to, and what is hidden in it. Fails closed: an answer with one wrong message is withheld.
 *
 * @module
 */

import { allow, type Call, type Decision, deny, type Executor, type JsonObject, type Principal, type Produced } from '../../core/index.ts'
import { INTERNAL_ERROR, isObject } from '../../protocol/index.ts'
import { type CompiledPrompt, checkPromptOutput, type Parameters, REMOVED, type RemovedFrom, readArguments } from '../../trust/index.ts'
import type { Completer } from './completion.ts'
import { RunningContext } from './context.ts'
import { InputRequired, toInput } from './input-required.ts'
import type { PromptDefinition } from './prompt.ts'
import type { Parse } from './standard-schema.ts'
import { isThenable } from './thenable.ts'
import { ToolError } from './tool-result.ts'

type Outcome = Decision<Produced> | Promise<Decision<Produced>>
export type Render = (args: JsonObject, call: Call) => Outcome

const nothing: JsonObject = Object.freeze({})
const members = new Set(['description', 'messages', '_meta'])

export function createPromptExecutor({ render, complete }: { readonly render: Render; readonly complete: Completer }): Executor {
  return {
    execute(call) {
      if (call.method === 'prompts/get') return render((call.params['arguments'] as JsonObject | undefined) ?? nothing, call)
      return call.method === 'completion/complete' ? complete(call) : deny({ reason: 'unknown_method', method: call.method })
    },
  }
}

export function renderTemplate(prompt: CompiledPrompt): Render {
  return function render(args) {
    const { removed: _, ...result } = prompt.render(args)
    return allow({ kind: 'result', result })
  }
}

export interface RenderOptions {
  readonly run: NonNullable<PromptDefinition['render']>
  readonly parameters: Parameters
  readonly parse: Parse | undefined
  readonly mayRefer: ((uri: string, principal: Principal) => boolean) | undefined
  readonly description: string | undefined
}

export function createRender({ run, parameters, parse, mayRefer, description }: RenderOptions): Render {
  function begin(params: unknown, call: Call, removed: readonly RemovedFrom[]): Outcome {
    const shape = (answer: unknown): Decision<Produced> => toProduced(answer, call.principal, removed)
    try {
      const answer = run(params as never, new RunningContext(call))
      return isThenable(answer) ? Promise.resolve(answer).then(shape, failed) : shape(answer)
    } catch (error) {
      return failed(error)
    }
  }

  function toProduced(answer: unknown, principal: Principal, removed: readonly RemovedFrom[]): Decision<Produced> {
    if (answer instanceof InputRequired) return toInput(answer)
    const result = toResult(answer)
    const stranger = Object.keys(result).find((key) => !members.has(key))
    if (stranger !== undefined) return broken(`${stranger.slice(0, 80)} is no member of a prompt's result`)
    const checked = checkPromptOutput(
      description === undefined ? result : { description, ...result },
      mayRefer && { mayRefer: (uri) => mayRefer(uri, principal) },
    )
    if ('problem' in checked) return broken(checked.problem)
    const all = [...removed, ...checked.removed]
    if (removed.length === 0) return allow({ kind: 'result', result: checked.result })
    const { _meta: meta } = checked.result
    return allow({ kind: 'result', result: { ...checked.result, _meta: { ...(isObject(meta) ? meta : {}), [REMOVED]: all } } })
  }

  return function render(args, call) {
    const { values, removed } = readArguments(args, parameters)
    const params = Object.fromEntries([...values].map(([name, value]) => [name, parameters.byName.get(name)?.toValue(value)]))
    if (!parse) return begin(params, call, removed)
    const parsed = parse(params)
    const next = (read: Awaited<typeof parsed>): Outcome =>
      'violation' in read ? deny({ reason: 'invalid_arguments', ...read.violation }) : begin(read.value, call, removed)
    return parsed instanceof Promise ? parsed.then(next) : next(parsed)
  }
}

function toResult(answer: unknown): JsonObject {
  if (typeof answer === 'string') return { messages: [{ role: 'user', content: { type: 'text', text: answer } }] }
  return isObject(answer) ? answer : { messages: answer }
}

/** `problem` begins with the path. */
function broken(problem: string): Decision<never> {
  const [path = ''] = problem.split(' ', 1)
  return deny({ reason: 'invalid_result', path, rule: problem.slice(path.length + 1) })
}

/** A prompt has no results that are errors: what its caller should read is the error's message. */
function failed(error: unknown): Decision<Produced> {
  if (error instanceof ToolError) return allow({ kind: 'error', code: INTERNAL_ERROR, message: error.message })
  throw error
}
