/** Header values that plain ASCII cannot carry: `=?base64?…?=` (2026-07-28 streamable-http §value encoding). @module */

const PREFIX = '=?base64?'
const SUFFIX = '?='
const plain = /^[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?$/

/** Undefined for a value with characters that no header may carry, or base64 that is not canonical. */
export function decodeSentinel(value: string): string | undefined {
  if (value.startsWith(PREFIX) && value.endsWith(SUFFIX) && value.length >= PREFIX.length + SUFFIX.length) {
    const encoded = value.slice(PREFIX.length, -SUFFIX.length)
    const bytes = Buffer.from(encoded, 'base64')
    if (bytes.toString('base64') !== encoded) return undefined
    const text = bytes.toString('utf8')
    return Buffer.from(text).equals(bytes) ? text : undefined
  }
  return value === '' || plain.test(value) ? value : undefined
}

export function encodeSentinel(value: string): string {
  const looksEncoded = value.startsWith(PREFIX) && value.endsWith(SUFFIX)
  return value === '' || (plain.test(value) && !looksEncoded) ? value : `${PREFIX}${Buffer.from(value).toString('base64')}${SUFFIX}`
}
