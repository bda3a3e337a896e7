/** What stands around a number tells what it is. @module */

const BEFORE = 48
const AFTER = 16

/** Whether `words` are close before or right behind `text[start, end)`. */
export const isNear = (text: string, start: number, end: number, words: RegExp): boolean =>
  words.test(text.slice(Math.max(0, start - BEFORE), start)) || words.test(text.slice(end, end + AFTER))

/** Whether a letter, a digit or an underscore stands there: then a number there is a part of something longer. */
export function isWordAt(text: string, at: number): boolean {
  const code = text.charCodeAt(at)
  return (code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a) || code === 0x5f || code > 0xbf
}

export const isDigitAt = (text: string, at: number): boolean => text.charCodeAt(at) >= 0x30 && text.charCodeAt(at) <= 0x39
