/**
 * Finds any of many literals in one pass over a text (Aho and Corasick), whatever case they are written in: each character is looked at
 * once, however many literals there are. It says where a pattern is worth trying; most text has no such place.
 *
 * @module
 */

export interface Literals {
  /** Where the first literal ends that ends behind `after`; -1: there is none. */
  first(text: string, after?: number): number
  /** Every literal in `text`, by where it ends: `[literal, end, literal, end, …]`. */
  all(text: string): number[]
}

/** @param literals ASCII, in lower case, each once. */
export function createLiterals(literals: readonly string[]): Literals {
  // Characters that no literal has are one class: 0.
  const classes = new Uint8Array(128)
  let width = 1
  for (const literal of literals)
    for (const character of literal) {
      const code = character.charCodeAt(0)
      if (classes[code] === 0) classes[code] = width++
    }
  for (let code = 0x41; code <= 0x5a; code++) classes[code] = classes[code + 0x20] as number

  const longest = Math.max(...literals.map((literal) => literal.length))
  const size = literals.reduce((sum, literal) => sum + literal.length, 1)
  const next = new Uint16Array(size * width)
  const ends: number[][] = [[]]
  let states = 1
  literals.forEach((literal, number) => {
    let state = 0
    for (const character of literal) {
      const slot = state * width + (classes[character.charCodeAt(0)] as number)
      if (next[slot] === 0) {
        next[slot] = states++
        ends.push([])
      }
      state = next[slot] as number
    }
    ends[state]?.push(number)
  })
  complete(next, ends, width)
  const isEnd = Uint8Array.from(ends, (list) => (list.length > 0 ? 1 : 0))

  return {
    first(text, after = 0) {
      let state = 0
      for (let at = Math.max(0, after - longest); at < text.length; at++) {
        const code = text.charCodeAt(at)
        state = code < 128 ? (next[state * width + (classes[code] as number)] as number) : 0
        if (isEnd[state] === 1 && at >= after) return at + 1
      }
      return -1
    },
    all(text) {
      const found: number[] = []
      let state = 0
      for (let at = 0; at < text.length; at++) {
        const code = text.charCodeAt(at)
        state = code < 128 ? (next[state * width + (classes[code] as number)] as number) : 0
        if (isEnd[state] === 1) for (const literal of ends[state] as number[]) found.push(literal, at + 1)
      }
      return found
    },
  }
}

/** Makes an automaton of the tree: where a branch ends, the longest beginning of another that the text also ends with goes on. */
function complete(next: Uint16Array, ends: number[][], width: number): void {
  const fallback = new Uint16Array(ends.length)
  const queue = [0]
  for (const state of queue)
    for (let character = 1; character < width; character++) {
      const slot = state * width + character
      const child = next[slot] as number
      const other = state === 0 ? 0 : (next[(fallback[state] as number) * width + character] as number)
      if (child === 0) next[slot] = other
      else {
        fallback[child] = other
        ends[child]?.push(...(ends[other] ?? []))
        queue.push(child)
      }
    }
}
