/** What was found in a text, and the text without it. @module */

export interface Finding {
  readonly type: string
  /** In UTF-16 units, as JavaScript counts a string: `text.slice(start, end)` is what was found. */
  readonly start: number
  readonly end: number
}

/** What `find` finds in `text`, which is the member `name`: a name gives away what stands beside it, in a tree as in a text. */
export function findBeside(text: string, name: string | undefined, find: (text: string) => readonly Finding[]): readonly Finding[] {
  if (name === undefined) return find(text)
  const by = name.length + 2
  return find(`${name}: ${text}`).flatMap(({ type, start, end }) =>
    end <= by ? [] : [{ type, start: Math.max(0, start - by), end: end - by }],
  )
}

/** `text` with what `instead` says in place of each finding. They are in order, and none overlaps another. */
export function replaceFindings(text: string, findings: readonly Finding[], instead: (finding: Finding) => string): string {
  if (findings.length === 0) return text
  let out = ''
  let done = 0
  for (const finding of findings) {
    out += text.slice(done, finding.start) + instead(finding)
    done = finding.end
  }
  return out + text.slice(done)
}

/** Two lists of findings as one, in order: what overlaps is one finding, called what `first` calls it. */
export function mergeFindings(first: readonly Finding[], second: readonly Finding[]): Finding[] {
  if (second.length === 0) return [...first]
  const merged: Finding[] = []
  const all = [...first.map((finding) => ({ finding, rank: 0 })), ...second.map((finding) => ({ finding, rank: 1 }))]
  let rank = 0
  for (const next of all.sort((one, other) => one.finding.start - other.finding.start || one.rank - other.rank)) {
    const last = merged.at(-1)
    if (!last || next.finding.start >= last.end) {
      merged.push(next.finding)
      rank = next.rank
      continue
    }
    const type = next.rank < rank ? next.finding.type : last.type
    merged[merged.length - 1] = { type, start: last.start, end: Math.max(last.end, next.finding.end) }
    rank = Math.min(rank, next.rank)
  }
  return merged
}
