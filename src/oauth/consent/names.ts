/**
 * Whether a name that a client chose is made to look like another (UTS #39): letters of several alphabets in one name, letters that only
 * look like plain ones, characters that nobody sees. Shown beside the name; a detector, since a whole word can look like another too. Pure.
 *
 * @module
 */

import type { WhoAsks } from '../pages/index.ts'

type NameProblem = WhoAsks['nameProblems'][number]

/** Written together in ordinary text (UTS #39 §5.2, highly restrictive). */
const together: readonly RegExp[] = [
  /^[\p{scx=Latin}\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{sc=Common}\p{sc=Inherited}]*$/u,
  /^[\p{scx=Latin}\p{scx=Han}\p{scx=Bopomofo}\p{sc=Common}\p{sc=Inherited}]*$/u,
  /^[\p{scx=Latin}\p{scx=Han}\p{scx=Hangul}\p{sc=Common}\p{sc=Inherited}]*$/u,
]
const letter = /\p{L}/gu
const latin = /\p{Script=Latin}/u
const unseen = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/u

/** Of the name as it was registered, before anything is taken out of it. */
export function problemsWithName(name: string): NameProblem[] {
  const composed = name.normalize('NFC')
  const letters: readonly string[] = composed.match(letter) ?? []
  const problems: NameProblem[] = []
  if (mixes(letters)) problems.push('mixes')
  // Styled, full-width and ligature letters: they read like the letters that they stand for, and are others.
  if (letters.some((each) => each.normalize('NFKC') !== each)) problems.push('unusual')
  if (unseen.test(composed)) problems.push('hides')
  return problems
}

/** Two alphabets that are not written together. What is not Latin may be of one script, whichever it is. */
function mixes(letters: readonly string[]): boolean {
  const text = letters.join('')
  if (together.some((pattern) => pattern.test(text))) return false
  const scripts = new Set(letters.map(scriptOf))
  scripts.delete(undefined)
  return scripts.size > 1
}

/** Those that have letters which look like Latin ones, and a place for every other. */
const scripts = ['Latin', 'Cyrillic', 'Greek', 'Armenian', 'Cherokee', 'Coptic', 'Lisu', 'Georgian', 'Hebrew', 'Arabic'] as const
const patterns = new Map<string, RegExp>(scripts.map((script) => [script, new RegExp(`\\p{Script=${script}}`, 'u')]))
const shared = /[\p{sc=Common}\p{sc=Inherited}]/u

function scriptOf(character: string): string | undefined {
  if (latin.test(character)) return 'Latin'
  if (shared.test(character)) return undefined
  for (const [script, pattern] of patterns) if (pattern.test(character)) return script
  return 'other'
}
