/**
 * Answers `prompts/get` from a template or a function, and `completion/complete` for its arguments.
 *
 *   call.args ─▶ template, or function ─ checkPromptOutput ─▶ messages, and what was removed from the arguments and from them
 *
 * What comes of either is checked alike (2026-07-28 prompts §security): its shape, the resources that it points to, and what is
 * hidden in it. Fails closed: an answer with one wrong message is withheld.
 *
 * @module
 */

import {
  allow,
  type Call,
  type Decision,
  deny,
  type Entry,
  type Execution,
  type Executor,
  type JsonObject,
  NOTHING,
  type Principal,
  type Produced,
} from '../../core/index.ts'
import { INTERNAL_ERROR, isObject } from '../../protocol/index.ts'
import { checkPromptOutput, type Parameters, REMOVED, type RemovedFrom, readArguments } from '../../trust/index.ts'
import type { Completer } from './completion.ts'
import { RunningContext } from './context.ts'
import { InputRequired, toInput } from './input-required.ts'
import type { PromptDefinition } from './prompt.ts'
import { type Parse, toNormalize } from './standard-schema.ts'
import { isThenable } from './thenable.ts'
import { ToolError } from './tool-result.ts'

export type Render = (call: Call) => Execution

const members = new Set(['description', 'messages', '_meta'])

export function createPromptExecutor({ render, complete }: { readonly render: Render; readonly complete: Completer }): Executor {
  return {
    execute(call) {
      if (call.method === 'prompts/get') return render(call)
      return call.method === 'completion/complete' ? complete(call) : deny({ reason: 'unknown_method', method: call.method })
    },
  }
}

/** As they were sent. */
const given = ({ arguments: args }: JsonObject): JsonObject => (args as JsonObject | undefined) ?? NOTHING

/** What a rule judges and a function gets: in the types that the parameters say, without hidden characters, and past a library's rules. */
export function normalizePrompt(parameters: Parameters, parse: Parse | undefined): NonNullable<Entry['normalize']> {
  const further = parse && toNormalize(parse)
  return function normalize(args) {
    const { values } = readArguments(args, parameters)
    return further ? further(values) : allow(values)
  }
}

/** Whether a caller may have a resource that a prompt's messages point to (2026-07-28 prompts §security). */
export type MayRefer = (uri: string, principal: Principal) => boolean | Promise<boolean>

export interface RenderOptions {
  readonly run: NonNullable<PromptDefinition['render']>
  readonly parameters: Parameters
  readonly mayRefer: MayRefer | undefined
  readonly description: string | undefined
}

export function createRender({ run, parameters, mayRefer, description }: RenderOptions): Render {
  function render(call: Call): Execution {
    const { removed } = readArguments(given(call.params), parameters)
    const context = new RunningContext(call)
    const shape = (answer: unknown): Execution => toProduced(answer, context, call.principal, removed)
    try {
      const answer = run(call.args as never, context)
      return isThenable(answer) ? Promise.resolve(answer).then(shape, failed) : shape(answer)
    } catch (error) {
      return failed(error)
    }
  }

  function toProduced(answer: unknown, context: RunningContext, principal: Principal, removed: readonly RemovedFrom[]): Execution {
    if (answer instanceof InputRequired) return toInput(answer)
    RunningContext.requireAsked(context)
    const result = toResult(answer)
    const stranger = Object.keys(result).find((key) => !members.has(key))
    if (stranger !== undefined) return broken(`${stranger.slice(0, 80)} is no member of a prompt's result`)
    const checked = checkPromptOutput(description === undefined ? result : { description, ...result })
    if ('problem' in checked) return broken(checked.problem)
    const { _meta: meta } = checked.result
    const all = { [REMOVED]: [...removed, ...checked.removed] }
    const produced: Decision<Produced> = allow({
      kind: 'result',
      result: removed.length === 0 ? checked.result : { ...checked.result, _meta: { ...(isObject(meta) ? meta : {}), ...all } },
    })
    if (!mayRefer) return produced
    const settle = (may: readonly boolean[]): Decision<Produced> => {
      const refused = checked.references.find((_, index) => !may[index])
      return refused ? broken(`${refused.at} refers to a resource that its reader may not have`) : produced
    }
    const may = checked.references.map(({ uri }) => mayRefer(uri, principal))
    return may.some((each) => each instanceof Promise)
      ? Promise.all(may.map(async (each) => each)).then(settle)
      : settle(may as readonly boolean[])
  }

  return render
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
