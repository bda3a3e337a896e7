/**
 * Finds some bytes in others that come in steps, each looked at once: Knuth, Morris and Pratt (1977). `Buffer.indexOf` takes the product of
 * the two lengths where somebody has chosen both, and nobody else is answered meanwhile. Pure.
 *
 * @module
 */

export interface Finder {
  /** Where they end in `bytes`, from `from` on; undefined: not in these. What of them these end with is kept in mind. */
  endIn(bytes: Uint8Array, from: number): number | undefined
}

/** `wanted`: at least one. What overlaps with what was found is not found. */
export function createFinder(wanted: Uint8Array): Finder {
  const borders = bordersOf(wanted)
  let matched = 0
  return {
    endIn(bytes, from) {
      for (let at = from; at < bytes.length; at++) {
        matched = extended(wanted, borders, matched, bytes[at])
        if (matched < wanted.length) continue
        matched = 0
        return at + 1
      }
      return undefined
    },
  }
}

/** Of each beginning, how much of its end is a beginning, too. */
function bordersOf(wanted: Uint8Array): Uint16Array {
  const borders = new Uint16Array(wanted.length)
  for (let at = 1; at < wanted.length; at++) borders[at] = extended(wanted, borders, borders[at - 1] as number, wanted[at])
  return borders
}

function extended(wanted: Uint8Array, borders: Uint16Array, matched: number, byte: number | undefined): number {
  let length = matched
  while (length > 0 && wanted[length] !== byte) length = borders[length - 1] as number
  return wanted[length] === byte ? length + 1 : length
}
