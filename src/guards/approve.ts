/**
 * Whether the rules on these arguments are met, and a person agrees where one must.
 *
 *   authenticate → read → limit → authorize → validate → [approve] → execute → release
 *
 * What the configuration marks `ask` is refused with a sentence until there is somebody to ask. Fails closed: a rule that
 * cannot be decided refuses, and there is no way yet to approve, so there is none to approve by mistake.
 *
 * @module
 */

import { type Approved, allow, approved, deny, type Entry, type Guard, type JsonObject, type Validated } from '../core/index.ts'

export function createApprove(): Guard<Validated, Approved> {
  return function approve(request) {
    const { entry } = request
    if (!entry) return allow(approved(request))
    if (entry.condition && hasArguments(request) && entry.condition.check(argumentsOf(entry, request), request.principal) !== 'met')
      return deny({
        reason: 'condition_not_met',
        sentence: `The ${entry.kind} ${entry.name} may be used only where this holds: ${entry.condition.source}`,
      })
    if (!entry.ask) return allow(approved(request))
    return deny({
      reason: 'approval_required',
      sentence: `The ${entry.kind} ${entry.name} may be used only when a person agrees to each use, and approvals are not available yet. The operator can class it "execute" in sallyport.yaml.`,
    })
  }
}

const nothing: JsonObject = Object.freeze({})

/** A task's were judged when it was started, and whoever asks for a completion has none yet. */
const hasArguments = ({ message: { method } }: Validated): boolean => method !== 'completion/complete' && !method.startsWith('tasks/')

/** Validated by now. A resource is named and has no arguments: its rule is on the URI. Decided by what it is, never by what was sent. */
function argumentsOf({ kind }: Entry, { message: { params } }: Validated): JsonObject {
  if (kind === 'resource' || kind === 'template') return { uri: params['uri'] }
  return (params['arguments'] as JsonObject | undefined) ?? nothing
}
