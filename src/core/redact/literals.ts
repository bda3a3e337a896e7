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

/** A row of the table: the states that follow one, by character. */
const WIDTH = 128

/** @param literals ASCII, in lower case, each once. */
export function createLiterals(literals: readonly string[]): Literals {
  const longest = Math.max(...literals.map((literal) => literal.length))
  const { next, ends, firstEnd } = inOrder(treeOf(literals))

  return {
    first(text, after = 0) {
      let state = 0
      for (let at = Math.max(0, after - longest); at < text.length; at++) {
        const code = text.charCodeAt(at)
        state = code < WIDTH ? (next[state * WIDTH + code] as number) : 0
        if (state >= firstEnd && at >= after) return at + 1
      }
      return -1
    },
    all(text) {
      const found: number[] = []
      let state = 0
      for (let at = 0; at < text.length; at++) {
        const code = text.charCodeAt(at)
        state = code < WIDTH ? (next[state * WIDTH + code] as number) : 0
        if (state >= firstEnd) for (const literal of ends[state] as number[]) found.push(literal, at + 1)
      }
      return found
    },
  }
}

interface Automaton {
  readonly next: Uint16Array
  /** Which literals end in a state. */
  readonly ends: number[][]
}

function treeOf(literals: readonly string[]): Automaton {
  const next = new Uint16Array(literals.reduce((sum, literal) => sum + literal.length, 1) * WIDTH)
  const ends: number[][] = [[]]
  literals.forEach((literal, number) => {
    let state = 0
    for (let at = 0; at < literal.length; at++) {
      const slot = state * WIDTH + literal.charCodeAt(at)
      if (next[slot] === 0) next[slot] = ends.push([]) - 1
      state = next[slot] as number
    }
    ends[state]?.push(number)
  })
  complete(next, ends)
  return { next, ends }
}

/** Makes an automaton of the tree: where a branch ends, the longest beginning of another that the text also ends with goes on. */
function complete(next: Uint16Array, ends: number[][]): void {
  const fallback = new Uint16Array(ends.length)
  const queue = [0]
  for (const state of queue) {
    for (let code = 0; code < WIDTH; code++) {
      const slot = state * WIDTH + code
      const child = next[slot] as number
      const other = state === 0 ? 0 : (next[(fallback[state] as number) * WIDTH + code] as number)
      if (child === 0) next[slot] = other
      else {
        fallback[child] = other
        ends[child]?.push(...(ends[other] ?? []))
        queue.push(child)
      }
    }
    const row = state * WIDTH
    for (let code = 0x41; code <= 0x5a; code++) next[row + code] = next[row + code + 0x20] as number
  }
}

/** The states in which a literal ends last, so that one comparison tells them. */
function inOrder({ next, ends }: Automaton): Automaton & { readonly firstEnd: number } {
  const states = [...ends.keys()]
  const order = [...states.filter((state) => ends[state]?.length === 0), ...states.filter((state) => ends[state]?.length !== 0)]
  const place = new Uint16Array(states.length)
  order.forEach((state, at) => {
    place[state] = at
  })
  const moved = new Uint16Array(states.length * WIDTH)
  for (const state of states)
    for (let code = 0; code < WIDTH; code++)
      moved[(place[state] as number) * WIDTH + code] = place[next[state * WIDTH + code] as number] as number
  return {
    next: moved,
    ends: order.map((state) => ends[state] as number[]),
    firstEnd: order.findIndex((state) => ends[state]?.length !== 0),
  }
}
