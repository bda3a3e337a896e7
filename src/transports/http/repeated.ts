/**
 * Header fields that may come once only. Node keeps the first of two and drops the other without a word; whoever stands in
 * front of us may have looked at the last.
 *
 * @module
 */

/** `name` in lower case. */
export function isRepeated(rawHeaders: readonly string[], name: string): boolean {
  let count = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const field = rawHeaders[at] as string
    if (field.length === name.length && field.toLowerCase() === name) count++
  }
  return count > 1
}
