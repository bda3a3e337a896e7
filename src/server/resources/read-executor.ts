/**
 * Runs the function behind a resource or a template, and makes a result of what it answers.
 *
 *   a URI ─ read ─▶ contents, with how long they stay fresh, not yet fit to leave
 *
 * What it throws is a crash: opaque to the caller, complete in the audit.
 *
 * @module
 */

import { allow, type Call, type Decision, deny, type Executor, type Produced } from '../../core/index.ts'
import type { Completer } from '../definitions/completion.ts'
import { type CallContext, RunningContext } from '../definitions/context.ts'
import { InputRequired, toInput } from '../definitions/input-required.ts'
import { type ResourceAnswer, toContents } from './contents.ts'
import type { Named } from './described.ts'
import { type Freshness, toFreshResult } from './freshness.ts'
import { PublicContext } from './public-context.ts'

export interface ReadExecutorOptions {
  readonly read: (named: Named, context: CallContext) => ResourceAnswer | InputRequired | Promise<ResourceAnswer | InputRequired>
  readonly mimeType: string | undefined
  readonly freshness: Freshness
  readonly resultBytes: number
  readonly watch?: ((uri: string, changed: () => void) => (() => void) | undefined | void) | undefined
  /** Answers `completion/complete`; without it, there is nothing to suggest. */
  readonly complete?: Completer | undefined
}

const noSuggestions: Decision<Produced> = allow({ kind: 'result', result: { completion: { values: [], total: 0, hasMore: false } } })

export function createReadExecutor({ read, mimeType, freshness, resultBytes, watch, complete }: ReadExecutorOptions): Executor {
  function shape(call: Call, uri: string, own: RunningContext, context: CallContext, answer: unknown): Decision<Produced> {
    if (answer instanceof InputRequired) return toInput(answer)
    RunningContext.requireAsked(own)
    const contents = toContents(answer, { uri, mimeType, resultBytes })
    if (!contents.allowed) return contents
    const isImpersonal = context instanceof PublicContext && !PublicContext.hasLooked(context)
    return allow({ kind: 'result', result: toFreshResult(freshness, call, contents.value, isImpersonal) })
  }

  return {
    execute(call) {
      if (call.method === 'completion/complete') return complete ? complete(call) : noSuggestions
      const { uri } = call.params
      if (call.method !== 'resources/read' || typeof uri !== 'string') return deny({ reason: 'unknown_method', method: call.method })
      const own = new RunningContext(call)
      const context = freshness.scope === 'public' ? new PublicContext(own) : own
      const answer = read(call.args as Named, context)
      return answer instanceof Promise
        ? answer.then((settled) => shape(call, uri, own, context, settled))
        : shape(call, uri, own, context, answer)
    },
    ...(watch && { watch: (_, uri, changed) => watch(uri, changed) ?? (() => {}) }),
  }
}
