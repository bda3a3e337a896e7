/**
 * What any definition of an upstream must be before it is looked at: of a name that can be said, and no larger than it may be, by itself
 * and with all others of its upstream. They are in every list that a caller reads, beside those of other upstreams.
 *
 * @module
 */

import type { EntryKind, JsonObject } from '../../core/index.ts'
import { isWithinDepth, MAX_URI_LENGTH } from '../../protocol/index.ts'

const MAX_NAME = 256
const MAX_BYTES = 256 * 1024
const MAX_DEPTH = 80
/** Of all definitions of one upstream. */
const MAX_TOTAL_BYTES = 2 * 1024 * 1024

/** What tells it from others, and how long that may be. */
const identifying = {
  tool: { member: 'name', most: MAX_NAME },
  prompt: { member: 'name', most: MAX_NAME },
  resource: { member: 'uri', most: MAX_URI_LENGTH },
  template: { member: 'uriTemplate', most: MAX_URI_LENGTH },
} as const satisfies Record<EntryKind, { member: string; most: number }>

export interface DefinitionBounds {
  /** What tells it from others. Undefined: it is left out, and that was said. */
  identify(kind: EntryKind, item: JsonObject): string | undefined
  /** What is to be said of those that came when there was no room left. */
  overflow(): string | undefined
}

export function createDefinitionBounds(leaveOut: (kind: EntryKind, name: string, why: string) => void): DefinitionBounds {
  let left = MAX_TOTAL_BYTES
  let unread = 0
  return {
    identify(kind, item) {
      // The first that does not fit is the last that is looked at.
      if (unread > 0) {
        unread++
        return undefined
      }
      const { member, most } = identifying[kind]
      const id = item[member]
      const bytes = isWithinDepth(item, MAX_DEPTH) ? Buffer.byteLength(JSON.stringify(item)) : undefined
      let problem: string
      if (typeof id !== 'string' || id === '') problem = `it has no ${member}`
      else if (id.length > most) problem = `its ${member} is longer than ${most} characters`
      else if (/[\u0000-\u001f\u007f-\u009f]/.test(id)) problem = `its ${member} has control characters`
      else if (bytes === undefined) problem = `its definition is nested deeper than ${MAX_DEPTH} levels`
      else if (bytes > MAX_BYTES) problem = `its definition is longer than ${MAX_BYTES} bytes`
      else if (bytes > left) {
        unread++
        return undefined
      } else {
        left -= bytes
        return id
      }
      leaveOut(kind, typeof id === 'string' ? id : '?', problem)
      return undefined
    },
    overflow: () => (unread > 0 ? `left out ${unread} definitions: all that it offers is longer than ${MAX_TOTAL_BYTES} bytes` : undefined),
  }
}
