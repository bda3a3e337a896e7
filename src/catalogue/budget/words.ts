/**
 * A text as the words that a search compares: lower case, names taken apart where programmers put them together, and without the `s` of
 * a plural. Linear in what it is given.
 *
 * @module
 */

/** `listIssues`, `HTTPServer`, `v2api`: where a small letter or a digit meets a capital, and where capitals meet the next word. */
const seams = /(?<=[\p{Ll}\p{N}])(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})/gu
const runs = /[\p{L}\p{M}]+|\p{N}+/gu
/** Written without spaces: each two neighbours are a word. */
const unspaced = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]+$/u

export function toSearchWords(text: string): string[] {
  const words: string[] = []
  for (const [run] of text.normalize('NFKC').replace(seams, ' ').matchAll(runs)) {
    const word = run.toLowerCase()
    if (!unspaced.test(word) || word.length < 3) words.push(singular(word))
    else for (let at = 0; at + 2 <= word.length; at++) words.push(word.slice(at, at + 2))
  }
  return words
}

const singular = (word: string): string => (/[^s]s$/.test(word) && word.length > 3 ? word.slice(0, -1) : word)
