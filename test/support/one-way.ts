// Whether a regular expression can be read one way only: wherever it may go on or repeat, stop or choose, the next character decides. Then an
// engine that goes back finds nothing to go back for, and takes time in proportion to the text, as one would that never does.

type Characters = ReadonlySet<number>
interface Part {
  readonly first: Characters
  readonly canBeEmpty: boolean
  /** Throws where two ways are open, of which one begins with what follows. */
  check(follows: Characters): void
}

/** All beyond Latin-1 is one character here. */
const OTHER = 256
const all = Array.from({ length: OTHER + 1 }, (_, code) => code)
const known = new Map<string, Characters>()

function matching(source: string): Characters {
  const expression = new RegExp(`^${source}$`)
  const characters: Characters =
    known.get(source) ?? new Set(all.filter((code) => expression.test(code === OTHER ? '中' : String.fromCharCode(code))))
  known.set(source, characters)
  return characters
}
const both = (one: Characters, other: Characters): Characters => new Set([...one, ...other])
const meet = (one: Characters, other: Characters): boolean => [...one].some((code) => other.has(code))
const nothing: Characters = new Set()

/** Throws, and says where. What it does not know it does not let pass. */
export function assertOneWay(source: string): void {
  let at = 0
  const fail = (why: string): never => {
    throw new Error(`${why} before ${JSON.stringify(source.slice(at))} in ${source}`)
  }

  function choice(anyCase: boolean): Part {
    const ways = [sequence(anyCase)]
    while (source[at] === '|') {
      at++
      ways.push(sequence(anyCase))
    }
    if (ways.length === 1) return ways[0] as Part
    const where = at
    return {
      first: ways.reduce((set, { first }) => both(set, first), nothing),
      canBeEmpty: ways.some(({ canBeEmpty }) => canBeEmpty),
      check(follows) {
        let seen = nothing
        for (const way of ways) {
          const begins = way.canBeEmpty ? both(way.first, follows) : way.first
          if (meet(seen, begins)) throw new Error(`two ways begin alike before ${JSON.stringify(source.slice(where))} in ${source}`)
          seen = both(seen, begins)
          way.check(follows)
        }
      },
    }
  }

  function sequence(anyCase: boolean): Part {
    const parts: Part[] = []
    while (at < source.length && source[at] !== '|' && source[at] !== ')') parts.push(repeated(anyCase))
    return parts.reduceRight<Part>(
      (rest, part) => ({
        first: part.canBeEmpty ? both(part.first, rest.first) : part.first,
        canBeEmpty: part.canBeEmpty && rest.canBeEmpty,
        check(follows) {
          part.check(rest.canBeEmpty ? both(rest.first, follows) : rest.first)
          rest.check(follows)
        },
      }),
      { first: nothing, canBeEmpty: true, check: () => undefined },
    )
  }

  function repeated(anyCase: boolean): Part {
    const one = single(anyCase)
    const [, sign, least = '', comma, most] = /^(?:([?*+])|\{(\d+)(,?)(\d*)\})/.exec(source.slice(at)) ?? []
    if (sign === undefined && least === '') return one
    at += /^(?:[?*+]|\{[\d,]+\})/.exec(source.slice(at))?.[0].length ?? 0
    if (source[at] === '?' || source[at] === '+') fail('a quantifier of a quantifier')
    if (one.canBeEmpty) fail('a repetition of nothing')
    const where = at
    const isFixed = sign === undefined && (comma === '' || least === most)
    return {
      first: one.first,
      canBeEmpty: sign === '?' || sign === '*' || least === '0',
      check(follows) {
        if (!isFixed && meet(one.first, follows))
          throw new Error(`it may go on or not before ${JSON.stringify(source.slice(where))} in ${source}`)
        one.check(sign === '?' ? follows : both(one.first, follows))
      },
    }
  }

  function single(anyCase: boolean): Part {
    if (source[at] === '(') {
      const [opening = fail('an unknown group')] = /^\((?:\?i?:|(?!\?))/.exec(source.slice(at)) ?? []
      at += opening.length
      const inner = choice(anyCase || opening === '(?i:')
      if (source[at++] !== ')') fail('a group without an end')
      return inner
    }
    const [unit = fail('an unknown sign')] =
      /^(?:\[\^?(?:\\.|[^\]\\])+\]|\\[wdsSWD]|\\[^A-Za-z0-9]|[^\\()[\]{}?*+|^$.])/.exec(source.slice(at)) ?? []
    at += unit.length
    const first = matching(anyCase ? `(?i:${unit})` : unit)
    return { first, canBeEmpty: false, check: () => undefined }
  }

  const whole = choice(false)
  if (at < source.length) fail('too many brackets')
  // What ends a pattern takes what it can get: nothing behind it could want it back.
  whole.check(nothing)
}
