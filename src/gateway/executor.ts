/**
 * The executor of everything that an upstream offers: says on its wire what was approved on ours, under its own name.
 * Nothing of the caller goes along but arguments, answers to what the upstream asked, trace context, parameter headers that we
 * do not know, which capabilities it has of those that can be used through us, and a progress token of ours.
 *
 * @module
 */

import { type Call, type Clock, deny, type Execution, type Executor, type Input, type JsonObject } from '../core/index.ts'
import { isObject } from '../protocol/index.ts'
import { createConnectingExecutor, type PersonalCredentials } from './credentials/index.ts'
import { isDeclined, type Upstream, withAnswers } from './upstream/index.ts'

export interface UpstreamExecutorOptions {
  readonly upstream: Upstream
  /** The operator's own bound on this upstream, if it is tighter than the general one. */
  readonly timeoutSeconds: number | undefined
  /** Where callers need something of their own: asks those who have not got it yet. */
  readonly personal?: Pick<PersonalCredentials, 'isPersonal' | 'credentials'> | undefined
  readonly clock: Clock
}

const declined = deny({ reason: 'input_refused', sentence: 'The caller did not agree to what the call needs.' })

export function createUpstreamExecutor({ upstream, timeoutSeconds, personal, clock }: UpstreamExecutorOptions): Executor {
  const timeoutMs = timeoutSeconds === undefined ? undefined : timeoutSeconds * 1000
  function forward(call: Call, input: Input | undefined): Execution {
    const params = upstreamParams(call)
    if (!params) return deny({ reason: 'unknown_method', method: call.method })
    const { deadlineAt } = call
    const isModern = upstream.session?.dialect.era === 'modern'
    if (input && !isModern && isDeclined(input)) return declined
    return upstream.call({
      method: call.method,
      params: input && isModern ? withAnswers(params, input) : params,
      mirrors: call.entry.mirrors,
      parameters: call.parameters,
      deadlineAt: timeoutMs === undefined ? deadlineAt : Math.min(deadlineAt, clock() + timeoutMs),
      caller: call,
    })
  }
  const execute = personal
    ? createConnectingExecutor({ forward, personal, clock }).execute
    : (call: Call): Execution => forward(call, call.input)
  return {
    execute,
    watch: (_, uri, changed) => upstream.watch(uri, changed),
    watchTask: (_, taskId, changed) => upstream.watchTask(taskId, changed),
  }
}

function upstreamParams({ method, params, entry, args }: Call): JsonObject | undefined {
  const { name } = entry.origin
  switch (method) {
    case 'tools/call':
    case 'prompts/get':
      // As they were read: in the place of references and signs, what they stand for.
      return params.arguments === undefined ? { name } : { name, arguments: args }
    case 'resources/read':
      return { uri: params.uri }
    case 'completion/complete': {
      const ref = entry.kind === 'prompt' ? { type: 'ref/prompt', name } : { type: 'ref/resource', uri: name }
      const context = isObject(params.context) ? { context: params.context } : {}
      return { ref, argument: params.argument, ...context }
    }
    // By now under the upstream's own id (`guards`).
    case 'tasks/get':
    case 'tasks/cancel':
      return { taskId: params.taskId }
    case 'tasks/update':
      return { taskId: params.taskId, inputResponses: params.inputResponses }
  }
  return undefined
}
