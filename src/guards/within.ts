/**
 * A call in the course of another: what a snippet asks of a tool, as a request of its own, with the very credential of the call that it is
 * made in. It proves nothing by itself: it goes in at the beginning of the pipeline, like what comes over a wire.
 *
 *   a Call that runs ─ receivedWithin ─▶ Received ─▶ authenticate → read → limit → … → release
 *
 * Its caller can be asked nothing on the way, and hears nothing of it. Fails closed: without a request there is no credential, and so no
 * call.
 *
 * @module
 */

import { allow, type Call, type Clock, decisionOf, type JsonObject, type Message, NOTHING, type Received } from '../core/index.ts'
import { MODERN_VERSION } from '../protocol/index.ts'
import { RunningCall } from './running-call.ts'

export interface AskedWithin {
  readonly tool: string
  readonly args: JsonObject
  /** Which tools may be called there. */
  readonly allows: (tool: string) => boolean
  /** Registers what to do when the result is not wanted any more, beside the end of the call that it is made in. */
  readonly onCancel: (listener: () => void) => void
}

/** What joins records with those of a host. */
const JOINING = ['claudecode/toolUseId', 'traceparent', 'tracestate']

export function receivedWithin(call: Call, { tool, args, allows, onCancel }: AskedWithin, clock: Clock): Received {
  const outer = RunningCall.requestOf(call)
  if (!outer) throw new TypeError('a call without a request makes no others')
  const { transport, address, credential, possession, resource, session } = outer
  const message: Message = {
    era: 'modern',
    version: MODERN_VERSION,
    id: 'within',
    method: 'tools/call',
    params: { name: tool, arguments: args },
    through: call.entry.name,
    within: { decision: decisionOf(outer), allows },
    // Long texts are found by it.
    bytes: Number.POSITIVE_INFINITY,
    meta: Object.fromEntries(JOINING.flatMap((name) => (Object.hasOwn(call.meta, name) ? [[name, call.meta[name]] as const] : []))),
    client: outer.message.client,
    capabilities: NOTHING,
    logLevel: undefined,
  }
  return {
    transport,
    id: message.id,
    address,
    credential,
    possession,
    certificate: () => outer.certificate?.(),
    resource,
    headers: NOTHING,
    receivedAt: clock(),
    session,
    read: () => allow(message),
    send() {},
    open() {},
    onCancel(listener) {
      call.onAbort(listener)
      onCancel(listener)
    },
  }
}
