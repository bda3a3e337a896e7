/**
 * A text as the words that `phrases.ts` compares: lower case, as they look (hidden characters gone, letters of other scripts that look
 * Latin made Latin), with the ends of sentences. Files with secrets become `§file`, addresses `§address`. Linear.
 *
 * @module
 */

import { secretFiles } from './finding-rules.ts'
import { toSkeleton } from './look-alikes.ts'
import { END } from './phrases.ts'
import { cleanText } from './unicode.ts'

/** A word; a piece of a path or an address, which is looked at closer; an end. */
const pieces = /[^\s,;()[\]{}"“”`<>|!?]+|[!?]|\n[^\S\n]{0,80}\n/gu

/** What writing may need stands here in the middle of words. */
const unseen = /\p{Default_Ignorable_Code_Point}/gu

export function toWords(text: string): string[] {
  const words: string[] = []
  for (const [piece] of toSkeleton(cleanText(text).text.replace(unseen, '').normalize('NFKC')).matchAll(pieces)) {
    if (piece === '!' || piece === '?' || piece.startsWith('\n')) {
      words.push(END)
      continue
    }
    const ends = /[.:]$/.test(piece)
    const bare = ends ? piece.slice(0, -1) : piece
    if (isAddress(bare)) words.push('§address')
    else if (isSecretFile(bare)) words.push('§file')
    else for (const [word] of bare.matchAll(/[\p{L}\p{N}’']+/gu)) words.push(word.replaceAll("'", '’').replace(/^’|’$/g, ''))
    if (ends && piece.endsWith('.')) words.push(END)
  }
  return words
}

/** `deleteAll_notes-now` in its words. */
export const wordsOfName = (name: string): string[] =>
  [
    ...cleanText(name)
      .text.normalize('NFKC')
      .matchAll(/\p{Lu}?[\p{Ll}\p{Lo}\p{M}]+|\p{Lu}+|\p{N}+/gu),
  ].map(([word]) => toSkeleton(word))

const isAddress = (piece: string): boolean =>
  /https?:\/\/[^/]/.test(piece) || /^[^@\s]{1,64}@[^@\s]{1,200}\.[a-z]{2,24}$/.test(piece.slice(0, 300))

function isSecretFile(piece: string): boolean {
  const text = piece.slice(0, 300)
  return secretFiles.some((file) => {
    const at = text.indexOf(file)
    if (at === -1) return false
    // `.env` is a file of its own name: not `process.env`, not `.env.example`.
    const before = text[at - 1] ?? ''
    const after = text[at + file.length] ?? ''
    return !/[a-z0-9]/.test(before) && (file.endsWith('_') || !/[a-z0-9.]/.test(after))
  })
}
