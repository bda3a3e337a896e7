/**
 * Finds what looks like a secret. One pass over the text says where a literal of the list stands; only there is a pattern tried, by the
 * linear-time engine (RE2), on a window of the text. So the time is in proportion to the text, whatever it is made of.
 *
 * A detector, not a guarantee: a secret without a form of its own and without a name beside it is not found.
 *
 * @module
 */

import { RE2JS } from 're2js'
import { once } from '../once.ts'
import { isFiller } from './entropy.ts'
import { type Finding, mergeFindings } from './finding.ts'
import { createLiterals } from './literals.ts'
import { patterns } from './patterns/index.ts'
import type { SecretPattern } from './patterns/pattern.ts'

const WINDOW = 400
/** A text in base64 shows no literal, so that it is worth looking wherever a resource brings one (`deep.ts`). */
const BLOB = '"blob":"'

interface Prepared extends SecretPattern {
  compiled?: RE2JS
}

/** Made with the first text: commands that show nothing do not wait for it. */
const prepared = once(() => {
  const byLiteral = new Map<string, Prepared[]>([[BLOB, []]])
  for (const pattern of patterns)
    for (const literal of pattern.literals) {
      const list = byLiteral.get(literal)
      if (list) list.push(pattern)
      else byLiteral.set(literal, [pattern])
    }
  return {
    literals: createLiterals([...byLiteral.keys()]),
    lengths: [...byLiteral.keys()].map((key) => key.length),
    lists: [...byLiteral.values()],
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
  const hits = prepared().literals.all(text)
  if (hits.length === 0) return []
  return mergeFindings(matches(text, hits, false), matches(text, hits, true))
}

function matches(text: string, hits: readonly number[], byName: boolean): Finding[] {
  const { lengths, lists } = prepared()
  const found: Finding[] = []
  let done = 0
  for (let i = 0; i < hits.length; i += 2) {
    const literal = hits[i] as number
    const start = (hits[i + 1] as number) - (lengths[literal] as number)
    if (start < done) continue
    for (const pattern of lists[literal] as Prepared[]) {
      if ((pattern.byName === true) !== byName) continue
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
  const { literals, lengths, lists } = prepared()
  const hits = literals.all(text)
  let tried = 0
  let characters = 0
  for (let i = 0; i < hits.length; i += 2)
    for (const { back = 0, window = WINDOW } of lists[hits[i] as number] as Prepared[]) {
      const start = (hits[i + 1] as number) - (lengths[hits[i] as number] as number)
      tried++
      characters += Math.min(text.length, start + window) - Math.max(0, start - back)
    }
  return { tried, characters }
}

function match(text: string, start: number, pattern: Prepared): Finding | undefined {
  const { back = 0, window = WINDOW, notAfter } = pattern
  if (!pattern.inWord && !beginsWord(text, start)) return undefined
  if (notAfter?.test(text.slice(Math.max(0, start - 16), start))) return undefined
  const from = Math.max(0, start - back)
  const matcher = (pattern.compiled ??= RE2JS.compile(pattern.pattern)).matcher(text.slice(from, start + window))
  if (!(back > 0 ? matcher.find() : matcher.lookingAt())) return undefined
  const group = matcher.groupCount() > 0 ? 1 : 0
  const begin = from + matcher.start(group)
  let end = from + matcher.end(group)
  // The end of a sentence is not the end of a token.
  if (text.charCodeAt(end - 1) === 0x2e) end--
  if (pattern.exact && isWord(text.charCodeAt(end))) return undefined
  const secret = text.slice(begin, end)
  if (isFiller(secret) || pattern.check?.(secret) === false) return undefined
  return { type: pattern.id, start: begin, end }
}

/** Of a token; NaN beyond the text is not. */
const isWord = (code: number): boolean =>
  (code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a) || code === 0x5f || code === 0x2d

/** Behind nothing that a token may hold, or behind an escape: `\n` and `%20` end what stood before. */
function beginsWord(text: string, at: number): boolean {
  if (at === 0 || !isWord(text.charCodeAt(at - 1))) return true
  return (
    text[at - 2] === '\\' ||
    (text[at - 3] === '%' && /^[0-9A-Fa-f]{2}/.test(text.slice(at - 2, at))) ||
    /\\u[0-9A-Fa-f]{4}$/.test(text.slice(Math.max(0, at - 6), at))
  )
}
