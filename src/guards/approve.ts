/**
 * Whether a person must agree, and has.
 *
 *   authenticate → read → limit → authorize → validate → [approve] → execute → release
 *
 * What the configuration marks `ask` is refused with a sentence until there is somebody to ask; everything else passes.
 * Fails closed: there is no way yet to approve, so there is none to approve by mistake.
 *
 * @module
 */

import { type Approved, allow, approved, deny, type Guard, type Validated } from '../core/index.ts'

export function createApprove(): Guard<Validated, Approved> {
  return function approve(request) {
    const { entry } = request
    if (!entry?.ask) return allow(approved(request))
    return deny({
      reason: 'approval_required',
      sentence: `The ${entry.kind} ${entry.name} may be used only when a person agrees to each use, and approvals are not available yet. The operator can class it "execute" in sallyport.yaml.`,
    })
  }
}
