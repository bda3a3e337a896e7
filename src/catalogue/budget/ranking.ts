/**
 * Which tools fit some words best: a score in the manner of Okapi BM25 over name, title, names of parameters and description. Only
 * tools that the caller may use count, also in how rare a word is: the order must tell nothing of the others.
 *
 * Deterministic; what is equal stands in the order of the catalogue. Made at the first search after the catalogue has changed, in
 * slices, and bounded by what is read of each tool; a search is bounded by its number of words.
 *
 * @module
 */

import { atOnce, type Entry, type Steps } from '../../core/index.ts'
import { isObject } from '../../protocol/index.ts'
import { toAskedWords, toSearchWords } from './words.ts'

/** Which tools somebody may use: a mark for each, in the order of the catalogue. */
export type Marks = Uint8Array

export interface Ranking {
  /** Places of the tools in the order of the catalogue, best first. */
  search(query: string, permitted: Marks): number[]
}

/** Of each tool's words. */
const READ_CHARACTERS = 1_024
const MAX_WORDS = 16
/** From so many letters on, the beginning of a word finds it too. */
const MIN_BEGINNING = 3
// How soon a word that is repeated stops counting, and how much a long text counts less (Robertson and Zaragoza 2009 §3).
const K1 = 1.2
const B = 0.75
const weights = { name: 4, title: 3, parameters: 2, description: 1 } as const

interface Postings {
  readonly at: number[]
  readonly weight: number[]
}

export const createRanking = (tools: readonly Entry[]): Ranking => atOnce(rankingSteps(tools))

/** The same, to be interrupted between tools. */
export function* rankingSteps(tools: readonly Entry[]): Steps<Ranking> {
  const postings = new Map<string, Postings>()
  const lengths = new Float64Array(tools.length)
  const names = new Map<string, number[]>()
  for (const [at, { name, definition }] of tools.entries()) {
    yield
    const counts = new Map<string, number>()
    for (const [weight, text] of textsOf(name, definition)) {
      for (const word of toSearchWords(text)) counts.set(word, (counts.get(word) ?? 0) + weight)
    }
    for (const [word, weight] of counts) {
      let known = postings.get(word)
      if (!known) postings.set(word, (known = { at: [], weight: [] }))
      known.at.push(at)
      known.weight.push(weight)
      lengths[at] = (lengths[at] as number) + weight
    }
    const lower = name.toLowerCase()
    names.set(lower, [...(names.get(lower) ?? []), at])
  }
  const dictionary = [...postings.keys()].sort()

  /** What a word of a query stands for: itself, and at half its worth what begins with it. */
  function* meant(word: string): Generator<{ postings: Postings; worth: number }> {
    const exact = postings.get(word)
    if (exact) yield { postings: exact, worth: 1 }
    if (word.length < MIN_BEGINNING) return
    for (let at = firstAfter(dictionary, word); dictionary[at]?.startsWith(word) === true; at++)
      yield { postings: postings.get(dictionary[at] as string) as Postings, worth: 0.5 }
  }

  return {
    search(query, permitted) {
      let count = 0
      let total = 0
      for (let at = 0; at < tools.length; at++) {
        if (permitted[at] !== 1) continue
        count++
        total += lengths[at] as number
      }
      const average = total / count
      const scores = new Float64Array(tools.length)
      for (const word of toAskedWords(query).slice(0, MAX_WORDS)) {
        for (const { postings: found, worth } of meant(word)) {
          const mine = found.at.reduce((sum, at) => sum + (permitted[at] as number), 0)
          const rarity = Math.log(1 + (count - mine + 0.5) / (mine + 0.5))
          found.at.forEach((at, index) => {
            const weight = found.weight[index] as number
            const share = 1 - B + B * ((lengths[at] as number) / average)
            scores[at] = (scores[at] as number) + (worth * rarity * weight * (K1 + 1)) / (weight + K1 * share)
          })
        }
      }
      // Who knows the name is given that tool first.
      for (const at of names.get(query.trim().toLowerCase()) ?? []) scores[at] = Number.POSITIVE_INFINITY
      const places: number[] = []
      scores.forEach((score, at) => {
        if (score > 0 && permitted[at] === 1) places.push(at)
      })
      return places.sort((one, other) => compare(scores[other] as number, scores[one] as number) || one - other)
    },
  }
}

function textsOf(name: string, { title, description, inputSchema }: Entry['definition']): [number, string][] {
  const properties = isObject(inputSchema) && isObject(inputSchema['properties']) ? Object.keys(inputSchema['properties']) : []
  const parts: [number, unknown][] = [
    [weights.name, name],
    [weights.title, title],
    [weights.parameters, properties.slice(0, 100).join(' ')],
    [weights.description, description],
  ]
  let left = READ_CHARACTERS
  return parts.map(([weight, part]) => {
    const text = typeof part === 'string' ? part.slice(0, left) : ''
    left -= text.length
    return [weight, text]
  })
}

/** Where what sorts behind `word` begins. */
function firstAfter(sorted: readonly string[], word: string): number {
  let from = 0
  let to = sorted.length
  while (from < to) {
    const middle = (from + to) >>> 1
    if ((sorted[middle] as string) <= word) from = middle + 1
    else to = middle
  }
  return from
}

/** Infinity less itself is no number. */
const compare = (one: number, other: number): number => (one === other ? 0 : one < other ? -1 : 1)
