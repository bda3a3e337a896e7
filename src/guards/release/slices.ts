/**
 * Redacts what is large in slices, and lets others have their turn in between. Nothing at the edge of a slice is missed: a cut is only made
 * where what stands on both sides of it, taken together, is redacted exactly as each side by itself.
 *
 * What is longer than the window is found only if it is found from its beginning (`OVERLAP`). Fails closed: where no cut can be made, the
 * slice grows.
 *
 * @module
 */

import { inSlices, type Redactor, type Steps, textInBlob } from '../../core/index.ts'
import { wholeCharacters } from '../results/index.ts'
import { charactersOf } from './size.ts'

/** What changes texts, in a value of any size. */
export interface Changing {
  /** A value that is small: the same one where nothing is changed. What a text is called may tell what it is. */
  readonly deep: (value: unknown) => unknown
  /** A slice of a text. */
  readonly text: (text: string) => string
  /** The same, to see what it would do. */
  readonly trial: (text: string) => string
}

const SLICE = 256 * 1024
/** Longer than a private key in PEM, the longest thing that a pattern finds. */
const OVERLAP = 24 * 1024
/** Where the first cut is not possible, further forward. */
const STEP_BACK = 4 * 1024

/** The same string where there is nothing to take out: no second copy is made of it. */
function* changeLong(text: string, changing: Changing): Steps<string> {
  if (text.length <= SLICE) return changing.text(text)
  const slices: string[] = []
  let isChanged = false
  for (let from = 0; from < text.length; ) {
    const to = cutOf(text, from, changing.trial)
    const slice = text.slice(from, to)
    const clean = changing.text(slice)
    isChanged ||= clean !== slice
    slices.push(clean)
    from = to
    yield
  }
  return isChanged ? slices.join('') : text
}

function cutOf(text: string, from: number, trial: Changing['trial']): number {
  for (let most = from + SLICE; most < text.length; most += SLICE) {
    for (let at = most; at > most - SLICE / 2; at -= STEP_BACK) {
      const cut = wholeCharacters(text, at)
      if (isClear(text, cut, trial)) return cut
    }
  }
  return text.length
}

function isClear(text: string, cut: number, trial: Changing['trial']): boolean {
  const before = text.slice(Math.max(0, cut - OVERLAP), cut)
  const behind = text.slice(cut, cut + OVERLAP)
  return trial(before) + trial(behind) === trial(before + behind)
}

/** As `redactDeep` changes a value, in as many turns as it takes: what is small all at once, what is large member by member. */
export const changeSlowly = (value: unknown, changing: Changing): Promise<unknown> => inSlices(change(value, changing))

function* change(part: unknown, changing: Changing): Steps<unknown> {
  yield
  if (charactersOf(part, SLICE) <= SLICE) return changing.deep(part)
  if (typeof part === 'string') return yield* changeLong(part, changing)
  return Array.isArray(part) ? yield* changeList(part, changing) : yield* changeObject(part as object, changing)
}

/** What is small goes together, up to a slice. */
function* changeList(list: readonly unknown[], changing: Changing): Steps<unknown[]> {
  const items: unknown[] = []
  let small: unknown[] = []
  let room = SLICE
  function* end(): Steps<void> {
    if (small.length > 0) for (const item of (yield* change(small, changing)) as unknown[]) items.push(item)
    small = []
    room = SLICE
  }
  for (const item of list) {
    const size = charactersOf(item, SLICE)
    if (size > room - 2) yield* end()
    if (size > SLICE - 2) items.push(yield* change(item, changing))
    else {
      small.push(item)
      room -= size
    }
  }
  yield* end()
  return items
}

function* changeObject(object: object, changing: Changing): Steps<object> {
  const members: [string, unknown][] = []
  let small: [string, unknown][] = []
  let room = SLICE
  function* end(): Steps<void> {
    if (small.length > 0)
      for (const member of Object.entries((yield* change(Object.fromEntries(small), changing)) as object)) members.push(member)
    small = []
    room = SLICE
  }
  for (const [name, member] of Object.entries(object)) {
    const size = charactersOf({ [name]: member }, SLICE)
    if (size > room - 2) yield* end()
    if (size > SLICE - 2) {
      const isBlob = name === 'blob' && typeof member === 'string'
      members.push([changing.text(name), isBlob ? yield* changeBlob(member, changing) : yield* change(member, changing)])
    } else {
      small.push([name, member])
      room -= size
    }
  }
  yield* end()
  return Object.fromEntries(members)
}

function* changeBlob(base64: string, changing: Changing): Steps<string> {
  const outside = yield* changeLong(base64, changing)
  const text = outside === base64 ? textInBlob(base64) : undefined
  if (text === undefined) return outside
  const inside = yield* changeLong(text, changing)
  return inside === text ? base64 : Buffer.from(inside).toString('base64')
}

/** Secrets; `taken`: of which kinds how many there were. */
export const withoutSecrets = (redactor: Pick<Redactor, 'text' | 'deep'>, taken?: Map<string, number>): Changing => ({
  deep: (value) => redactor.deep(value, taken),
  text: (text) => redactor.text(text, taken),
  trial: (text) => redactor.text(text),
})
