/**
 * Finds many byte strings in one text at once. A table over three bytes tells how far the search may jump ahead (Wu and
 * Manber); where it may not, one binary search over the sorted needles decides. Linear in the text, whatever the needles:
 * no comparison looks further than `HEAD_BYTES`, and what follows a found head is not searched again.
 *
 * @module
 */

export interface Finder {
  /** Where in `text[from, length)` the first needle begins; -1 if there is none. */
  next(text: Uint8Array, from: number, length: number): number
  /** Where the longest needle that begins at `at` ends. */
  end(text: Uint8Array, at: number, length: number): number
}

/** No needle may be shorter. */
export const SHORTEST = 8
/** Of a longer needle so much is enough: then it counts as found as far as it goes, so that a piece of a key does not pass. */
const HEAD_BYTES = 64

interface Group {
  readonly head: Uint8Array
  readonly needles: readonly Uint8Array[]
}

export function createFinder(needles: readonly Uint8Array[]): Finder {
  const groups = groupByHead(needles)
  // How far the end of the window of SHORTEST bytes may move, by the three bytes at its end.
  const jumps = new Uint8Array(1 << 15).fill(SHORTEST - 2)
  for (const { head } of groups)
    for (let at = 0; at <= SHORTEST - 3; at++) {
      const slot = slotOf(head[at] as number, head[at + 1] as number, head[at + 2] as number)
      jumps[slot] = Math.min(jumps[slot] as number, SHORTEST - 3 - at)
    }

  function groupAt(text: Uint8Array, at: number, length: number): Group | undefined {
    let low = 0
    let high = groups.length - 1
    // How much of the text the neighbours on either side share with it: whatever lies between them shares as much.
    let below = 0
    let above = 0
    while (low <= high) {
      const middle = (low + high) >> 1
      const group = groups[middle] as Group
      const { head } = group
      const shared = sharedLength(head, text, at, length, Math.min(below, above))
      if (shared === head.length) return group
      if (at + shared < length && (head[shared] as number) < (text[at + shared] as number)) {
        low = middle + 1
        below = shared
      } else {
        high = middle - 1
        above = shared
      }
    }
    return undefined
  }

  return {
    next(text, from, length) {
      for (let end = from + SHORTEST - 1; end < length; ) {
        const jump = jumps[slotOf(text[end - 2] as number, text[end - 1] as number, text[end] as number)] as number
        if (jump === 0 && groupAt(text, end - SHORTEST + 1, length)) return end - SHORTEST + 1
        end += jump || 1
      }
      return -1
    },
    end(text, at, length) {
      let longest = 0
      for (const needle of groupAt(text, at, length)?.needles ?? []) {
        const shared = sharedLength(needle, text, at, length, 0)
        if (shared === needle.length || shared >= HEAD_BYTES) longest = Math.max(longest, shared)
      }
      return at + longest
    },
  }
}

const slotOf = (a: number, b: number, c: number): number => ((a << 10) ^ (b << 5) ^ c) & 0x7fff

function sharedLength(needle: Uint8Array, text: Uint8Array, at: number, length: number, from: number): number {
  const most = Math.min(needle.length, length - at)
  let shared = from
  while (shared < most && needle[shared] === text[at + shared]) shared++
  return shared
}

/** Sorted, and no head the beginning of another: so one at most is found at any place. */
function groupByHead(needles: readonly Uint8Array[]): Group[] {
  const groups: { head: Uint8Array; needles: Uint8Array[] }[] = []
  for (const needle of [...needles].sort(Buffer.compare)) {
    const last = groups.at(-1)
    if (last && sharedLength(last.head, needle, 0, needle.length, 0) === last.head.length) last.needles.push(needle)
    else groups.push({ head: needle.subarray(0, HEAD_BYTES), needles: [needle] })
  }
  return groups
}
