/** Keys that nobody knows are problems, with the key that was probably meant: a slip must not open anything. @module */

export type Report = (problem: string) => void

/** Whether there are none. */
export function checkKeys(given: object, known: readonly string[], at: string, report: Report): boolean {
  let fine = true
  for (const key of Object.keys(given)) {
    if (known.includes(key)) continue
    fine = false
    const meant = nearest(key, known)
    report(
      `${at === '' ? '' : `${at}.`}${key.slice(0, 64)}: there is no such key${meant === undefined ? '' : `; did you mean "${meant}"?`}`,
    )
  }
  return fine
}

/** At most three letters away and no further than half of the word, or a part of the key: `scopes` of `requiredScopes`. */
function nearest(word: string, known: readonly string[]): string | undefined {
  const written = word.toLowerCase()
  const near = known
    .map((one) => ({ one, away: distance(written, one.toLowerCase()), isPart: written.length > 2 && one.toLowerCase().includes(written) }))
    .filter(({ away, isPart }) => isPart || away <= Math.min(3, word.length / 2))
    .sort((a, b) => a.away - b.away)
  return near[0]?.one
}

/** How many letters must be put in, taken out or changed (Levenshtein). Nobody's slip is longer than 40. */
function distance(from: string, to: string): number {
  if (from.length > 40 || to.length > 40) return Number.POSITIVE_INFINITY
  let above = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let row = 0; row < from.length; row++) {
    const line = [row + 1]
    for (let column = 0; column < to.length; column++) {
      const changed = (above[column] ?? 0) + (from[row] === to[column] ? 0 : 1)
      line.push(Math.min((line[column] ?? 0) + 1, (above[column + 1] ?? 0) + 1, changed))
    }
    above = line
  }
  return above.at(-1) ?? 0
}
