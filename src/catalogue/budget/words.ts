/**
 * A text as the words that a search compares: lower case, names taken apart where programmers put them together, and without the `s` of
 * a plural. Linear in what it is given.
 *
 * @module
 */

/** `listIssues`, `HTTPServer`, `v2api`: where a small letter or a digit meets a capital, and where capitals meet the next word. */
const pieces = /\p{Lu}+(?!\p{Ll})|\p{Lu}?[\p{Ll}\p{Lo}\p{Lt}\p{Lm}\p{M}]+|\p{Lu}|\p{N}+/gu
/** The same for what most tools are written in, several times as fast. */
const plainPieces = /[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+/g
const isPlain = /^[\x00-\x7f]*$/
/** Written without spaces: each two neighbours are a word. */
const unspaced = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]+$/u

export function toSearchWords(text: string): string[] {
  if (isPlain.test(text)) return (text.match(plainPieces) ?? []).map((piece) => singular(piece.toLowerCase()))
  const words: string[] = []
  for (const piece of text.normalize('NFKC').match(pieces) ?? []) {
    const word = piece.toLowerCase()
    if (!unspaced.test(word) || word.length < 3) words.push(singular(word))
    else for (let at = 0; at + 2 <= word.length; at++) words.push(word.slice(at, at + 2))
  }
  return words
}

/** What a question is made of beside what it asks for, in English: it says nothing of any tool. */
const idle = new Set(
  'a an and are as at be by can do for from how i in is it me my of on or that the to use want what which with'.split(' '),
)

/** The same of what somebody looks for, each once. */
export function toAskedWords(query: string): string[] {
  const words = [...new Set(toSearchWords(query))]
  const telling = words.filter((word) => !idle.has(word))
  return telling.length > 0 ? telling : words
}

const singular = (word: string): string => (word.length > 3 && word.endsWith('s') && !word.endsWith('ss') ? word.slice(0, -1) : word)
