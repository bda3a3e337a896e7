/**
 * Redacts what is large in slices, and lets others have their turn in between. Nothing at the edge of a slice is missed: a cut is only made
 * where what stands on both sides of it, taken together, is redacted exactly as each side by itself.
 *
 * What is longer than the window is found only if it is found from its beginning (`OVERLAP`). Fails closed: where no cut can be made, the
 * slice grows.
 *
 * @module
 */

import type { JsonObject, Redactor } from '../../core/index.ts'
import { isObject } from '../../protocol/index.ts'
import { wholeCharacters } from '../results/index.ts'

type Redact = Pick<Redactor, 'text'>

const SLICE = 256 * 1024
/** Longer than a private key in PEM, the longest thing that a pattern finds. */
const OVERLAP = 24 * 1024
/** Where the first cut is not possible, further forward. */
const STEP_BACK = 4 * 1024
const TURN_MS = 8

export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** The same string where there is nothing to take out: no second copy is made of it. */
export async function redactLong(text: string, redactor: Redact, taken?: Map<string, number>): Promise<string> {
  if (text.length <= SLICE) return redactor.text(text, taken)
  const slices: string[] = []
  let isChanged = false
  for (let from = 0; from < text.length; ) {
    const to = cutOf(text, from, redactor)
    const slice = text.slice(from, to)
    const clean = redactor.text(slice, taken)
    isChanged ||= clean !== slice
    slices.push(clean)
    from = to
    await turn()
  }
  return isChanged ? slices.join('') : text
}

function cutOf(text: string, from: number, redactor: Redact): number {
  for (let most = from + SLICE; most < text.length; most += SLICE) {
    for (let at = most; at > most - SLICE / 2; at -= STEP_BACK) {
      const cut = wholeCharacters(text, at)
      if (isClear(text, cut, redactor)) return cut
    }
  }
  return text.length
}

function isClear(text: string, cut: number, redactor: Redact): boolean {
  const before = text.slice(Math.max(0, cut - OVERLAP), cut)
  const behind = text.slice(cut, cut + OVERLAP)
  return redactor.text(before) + redactor.text(behind) === redactor.text(before + behind)
}

/** Every string and key of `value`, in as many turns as it takes. */
export async function redactSlowly(value: JsonObject, redactor: Redact, taken?: Map<string, number>): Promise<JsonObject> {
  let since = performance.now()
  async function clean(part: unknown): Promise<unknown> {
    if (typeof part === 'string') return part.length > SLICE ? redactLong(part, redactor, taken) : redactor.text(part, taken)
    if (Array.isArray(part)) {
      const items: unknown[] = []
      for (const item of part) items.push(typeof item === 'object' || typeof item === 'string' ? await step(item) : item)
      return items
    }
    if (!isObject(part)) return part
    const members: [string, unknown][] = []
    for (const [key, member] of Object.entries(part)) members.push([redactor.text(key), await step(member)])
    return Object.fromEntries(members)
  }
  async function step(part: unknown): Promise<unknown> {
    if (performance.now() - since > TURN_MS) {
      await turn()
      since = performance.now()
    }
    return clean(part)
  }
  return (await clean(value)) as JsonObject
}
