/**
 * One message, one line, for whoever reads it. A newline ends a line on stdio and JSON escapes it; but Node's `readline`
 * also ends one at U+2028 and U+2029, and Python's `splitlines` at U+0085, which JSON leaves as they are. Unescaped, whoever
 * chooses a string in a message could end the line in its middle and put a message of their own behind it, past the guard.
 *
 * @module
 */

const otherLineEnds = /[\u0085\u2028\u2029]/g

/** `json`: what `JSON.stringify` wrote. Inside strings, where alone these characters can be, an escape means the same. */
export const toLine = (json: string): string =>
  `${json.replace(otherLineEnds, (end) => `\\u${end.charCodeAt(0).toString(16).padStart(4, '0')}`)}\n`
