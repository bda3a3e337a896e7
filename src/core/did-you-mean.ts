/** The name that was probably meant by one that nobody knows: for the messages about options, configurations, definitions and tools. @module */

/** At most three letters away and no further than half of the word, or a part of the key or around it: `scopes` of `requiredScopes`. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const written = word.toLowerCase()
  const near = known
    .map((one) => ({ one, away: distance(written, one.toLowerCase()), isPart: isPartOf(written, one.toLowerCase()) }))
    .filter(({ away, isPart }) => isPart || away <= Math.min(3, word.length / 2))
    .sort((a, b) => a.away - b.away)
  return near[0]?.one
}

const isPartOf = (one: string, other: string): boolean =>
  Math.min(one.length, other.length) > 2 && (one.includes(other) || other.includes(one))

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

/** `sallyport.yaml` has a block of that name around it. No letters of the two are alike. */
const within: ReadonlyMap<string, string> = new Map([['listen', 'port']])

/** About a key that is not among those that are known. `said`: what is known to be meant by it. */
export function noSuchKey(key: string, known: readonly string[], said?: string): string {
  const inside = within.get(key)
  const meant = said ?? (inside !== undefined && known.includes(inside) ? inside : nearest(key, known))
  return `there is no such key${meant === undefined ? '' : `; did you mean "${meant}"?`}`
}

type JsonSchema = Readonly<Record<string, unknown>>

/** Which keys a JSON Schema, as zod writes it, has at a place. */
export function keysAt(schema: JsonSchema, path: readonly PropertyKey[]): readonly string[] {
  let at = branchesOf(schema)
  for (const key of path) {
    at = at
      .flatMap(({ properties, additionalProperties, items }) => {
        const named = (properties as Readonly<Record<PropertyKey, JsonSchema>> | undefined)?.[key]
        return [named ?? additionalProperties, items].filter((each) => typeof each === 'object') as JsonSchema[]
      })
      .flatMap(branchesOf)
  }
  return at.flatMap(({ properties }) => Object.keys((properties as object | undefined) ?? {}))
}

function branchesOf(schema: JsonSchema): readonly JsonSchema[] {
  const branches = (schema['oneOf'] ?? schema['anyOf'] ?? []) as readonly JsonSchema[]
  return [schema, ...branches.flatMap(branchesOf)]
}
