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

import { type Approved, allow, approved, deny, type Guard, type Validated } from '../core/index.ts'
import { kindOf } from '../protocol/index.ts'
import { judgeArguments } from './arguments.ts'

export function createApprove(): Guard<Validated, Approved> {
  return function approve(request) {
    const { entry } = request
    if (!entry) return allow(approved(request))
    const denial = hasArguments(request) ? judgeArguments(entry, request.args, request.principal) : undefined
    if (denial) return deny(denial)
    if (!entry.ask) return allow(approved(request))
    return deny({
      reason: 'approval_required',
      sentence: `The ${entry.kind} ${entry.name} may be used only when a person agrees to each use, and approvals are not available yet. The operator can class it "execute" in sallyport.yaml.`,
    })
  }
}

/** A task's were judged when it was started, and whoever asks for a completion has none yet. */
function hasArguments({ message: { method } }: Validated): boolean {
  const kind = kindOf(method)
  return kind !== 'complete' && kind !== 'task'
}
