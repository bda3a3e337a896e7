/**
 * Names that look alike: what a text looks like when it is read quickly, and whether a word mixes scripts. A small table: the letters of
 * Cyrillic and Greek, and the digits, that look like Latin letters in most typefaces (after UTS #39).
 *
 * @module
 */

const pairs =
  'аa еe оo рp сc уy хx іi јj ѕs ԁd һh ԛq ԝw ӏl ɡg ƅb ьb вb кk мm нh тt гr пn αa εe οo ρp υu νv κk ιi τt χx γy ηn ωw σo βb μu ѵv ɩi ıi ȷj'
const latin = new Map(pairs.split(' ').map((pair) => Array.from(pair) as [string, string]))

/** Lower case, in Latin letters where it looks like them. */
export function toSkeleton(text: string): string {
  const lower = text.toLowerCase()
  return /[^\0-\u024f]/.test(lower) ? Array.from(lower, (letter) => latin.get(letter) ?? letter).join('') : lower
}

/** A longer name is told apart by its beginning: it may have as many characters as its server likes. */
const MAX_NAME = 256

/** The same for two names that only a second look tells apart: case, separators, and digits that look like letters are nothing. */
export const toLook = (name: string): string =>
  toSkeleton(name.slice(0, MAX_NAME).normalize('NFKC'))
    .replace(/[^\p{L}\p{N}]/gu, '')
    .replace(/[1i|]/g, 'l')
    .replaceAll('0', 'o')
    .replaceAll('rn', 'm')
    .replaceAll('vv', 'w')

/** Latin with Cyrillic or Greek in one word: nobody writes so but to deceive. */
export const mixesScripts = (text: string): boolean =>
  (text.slice(0, MAX_NAME).match(/[\p{L}\p{M}]+/gu) ?? []).some(
    (word) => /\p{Script=Latin}/u.test(word) && /[\p{Script=Cyrillic}\p{Script=Greek}]/u.test(word) && !/^[µμ]/u.test(word),
  )
