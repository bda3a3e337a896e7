/**
 * Finds what looks like a secret. One pass over the text says where a literal of the list stands; only there is a pattern tried, on a window
 * of the text, and what it finds is judged on a bounded part of it. The patterns can be read one way only (`patterns/pattern.ts`). So the
 * time is in proportion to the text, whatever it is made of.
 *
 * A detector, not a guarantee: a secret without a form of its own and without a name beside it is not found.
 *
 * @module
 */

import { once } from '../once.ts'
import { isFiller } from './entropy.ts'
import { type Finding, mergeFindings } from './finding.ts'
import { createLiterals } from './literals.ts'
import { patterns } from './patterns/index.ts'
import type { SecretPattern } from './patterns/pattern.ts'

const WINDOW = 400
/** A text in base64 shows no literal, so that it is worth looking wherever a resource brings one (`deep.ts`). */
const BLOB = '"blob":"'
const BACKSLASH = 0x5c
const PERCENT = 0x25
const SMALL_U = 0x75

interface Prepared extends SecretPattern {
  compiled?: RegExp
}

/** Made with the first text: commands that show nothing do not wait for it. */
const prepared = once(() => {
  const byLiteral = new Map<string, { own: Prepared[]; named: Prepared[] }>([[BLOB, { own: [], named: [] }]])
  for (const pattern of patterns)
    for (const literal of pattern.literals) {
      let lists = byLiteral.get(literal)
      if (!lists) byLiteral.set(literal, (lists = { own: [], named: [] }))
      lists[pattern.byName ? 'named' : 'own'].push(pattern)
    }
  const lists = [...byLiteral.values()]
  return {
    literals: createLiterals([...byLiteral.keys()]),
    lengths: [...byLiteral.keys()].map((key) => key.length),
    own: lists.map(({ own }) => own),
    named: lists.map(({ named }) => named),
  }
})

/** Whether there is anything in `text` that is worth looking at; false is certain. */
export function mayHoldSecret(text: string): boolean {
  const { literals } = prepared()
  for (let at = literals.first(text); at !== -1; at = literals.first(text, at)) if (!isProgressToken(text, at)) return true
  return false
}

/** In every progress notification, and never a secret. */
const isProgressToken = (text: string, end: number): boolean => text.startsWith('progressToken', end - 13)

/** In order, none within another. What has a form of its own gives a finding its name, rather than the name beside it. */
export function findSecrets(text: string): Finding[] {
  const { literals, own, named } = prepared()
  const hits = literals.all(text)
  return hits.length === 0 ? [] : mergeFindings(matches(text, hits, own), matches(text, hits, named))
}

function matches(text: string, hits: readonly number[], lists: readonly Prepared[][]): Finding[] {
  const { lengths } = prepared()
  const found: Finding[] = []
  let done = 0
  for (let i = 0; i < hits.length; i += 2) {
    const literal = hits[i] as number
    const start = (hits[i + 1] as number) - (lengths[literal] as number)
    if (start < done) continue
    for (const pattern of lists[literal] as Prepared[]) {
      const finding = match(text, start, pattern)
      if (finding === undefined || finding.start < done) continue
      found.push(finding)
      done = finding.end
      break
    }
  }
  return found
}

/** How often a pattern is tried on `text`, and on how many characters in all: what bounds the time. */
export function windowsIn(text: string): { readonly tried: number; readonly characters: number } {
  const { literals, lengths, own, named } = prepared()
  const hits = literals.all(text)
  let tried = 0
  let characters = 0
  for (let i = 0; i < hits.length; i += 2) {
    const literal = hits[i] as number
    const start = (hits[i + 1] as number) - (lengths[literal] as number)
    for (const { window = WINDOW } of [...(own[literal] as Prepared[]), ...(named[literal] as Prepared[])]) {
      tried++
      characters += Math.min(text.length, start + window) - start
    }
  }
  return { tried, characters }
}

function match(text: string, start: number, pattern: Prepared): Finding | undefined {
  const { back = 0 } = pattern
  if (!pattern.inWord && !beginsWord(text, start)) return undefined
  if (typeof back === 'number') return matchAt(text, start, start - back, pattern)
  for (const each of back) {
    const finding = matchAt(text, start, start - each, pattern)
    if (finding) return finding
  }
  return undefined
}

function matchAt(text: string, start: number, from: number, pattern: Prepared): Finding | undefined {
  if (from < 0) return undefined
  const { window = WINDOW, notAfter, goesOn } = pattern
  const most = Math.min(text.length, start + window)
  const fit = (pattern.compiled ??= new RegExp(`^(?:${pattern.pattern})`)).exec(text.slice(from, most))
  if (fit === null) return undefined
  const [all, secretOfIt = all] = fit
  // A value cannot stand again in the little that may follow it.
  const begin = from + all.lastIndexOf(secretOfIt)
  let end = begin + secretOfIt.length
  if (goesOn) end = goesOn(text, end, most)
  // The end of a sentence is not the end of a token, nor is half of a character.
  if (text.charCodeAt(end - 1) === 0x2e) end--
  else if ((text.charCodeAt(end - 1) & 0xfc00) === 0xd800 && end < text.length) end++
  if (pattern.exact && isWord(text.charCodeAt(end))) return undefined
  const secret = text.slice(begin, end)
  if (pattern.check?.(secret) === false || isFiller(secret)) return undefined
  if (notAfter?.test(text.slice(Math.max(0, start - 16), start))) return undefined
  return { type: pattern.id, start: begin, end }
}

/** Of a token; NaN beyond the text is not. */
const isWord = (code: number): boolean =>
  (code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a) || code === 0x5f || code === 0x2d
const isHex = (code: number): boolean => (code >= 0x30 && code <= 0x39) || ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x66)

/** Behind nothing that a token may hold, or behind an escape: `\n` and `%20` end what stood before. */
function beginsWord(text: string, at: number): boolean {
  if (at === 0 || !isWord(text.charCodeAt(at - 1))) return true
  if (text.charCodeAt(at - 2) === BACKSLASH) return true
  if (!isHex(text.charCodeAt(at - 1)) || !isHex(text.charCodeAt(at - 2))) return false
  if (text.charCodeAt(at - 3) === PERCENT) return true
  return (
    isHex(text.charCodeAt(at - 3)) &&
    isHex(text.charCodeAt(at - 4)) &&
    text.charCodeAt(at - 5) === SMALL_U &&
    text.charCodeAt(at - 6) === BACKSLASH
  )
}
