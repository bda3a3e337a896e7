/**
 * The executor of everything that an upstream offers: says on its wire what was approved on ours, under its own name.
 * Nothing of the caller goes along but arguments, trace context, parameter headers that we do not know, and a progress
 * token of ours.
 *
 * @module
 */

import { type Call, type Clock, deny, type Executor, type JsonObject } from '../core/index.ts'
import { isObject } from '../protocol/index.ts'
import type { Upstream } from './upstream/index.ts'

export interface UpstreamExecutorOptions {
  readonly upstream: Upstream
  /** The operator's own bound on this upstream, if it is tighter than the general one. */
  readonly timeoutSeconds: number | undefined
  readonly clock: Clock
}

export function createUpstreamExecutor({ upstream, timeoutSeconds, clock }: UpstreamExecutorOptions): Executor {
  const timeoutMs = timeoutSeconds === undefined ? undefined : timeoutSeconds * 1000
  return {
    execute(call) {
      const params = upstreamParams(call)
      if (!params) return deny({ reason: 'unknown_method', method: call.method })
      const { deadlineAt } = call
      return upstream.call({
        method: call.method,
        params,
        meta: call.meta,
        capabilities: call.capabilities,
        mirrors: call.entry.mirrors,
        parameters: call.parameters,
        deadlineAt: timeoutMs === undefined ? deadlineAt : Math.min(deadlineAt, clock() + timeoutMs),
        onCancel: (listener) => call.onAbort(listener),
        notify: (notification) => call.notify(notification),
      })
    },
  }
}

function upstreamParams({ method, params, entry }: Call): JsonObject | undefined {
  const { name } = entry.origin
  switch (method) {
    case 'tools/call':
    case 'prompts/get':
      return params.arguments === undefined ? { name } : { name, arguments: params.arguments }
    case 'resources/read':
      return { uri: params.uri }
    case 'completion/complete': {
      const ref = entry.kind === 'prompt' ? { type: 'ref/prompt', name } : { type: 'ref/resource', uri: name }
      const context = isObject(params.context) ? { context: params.context } : {}
      return { ref, argument: params.argument, ...context }
    }
  }
  return undefined
}
