/**
 * Reads the `pattern` of a prompt's parameter: whether it runs on the linear engine (RE2), whether it is anchored at both ends,
 * and whether what it matches may stand in a role line of a template.
 *
 * The last is decided from the characters that the pattern names: each must be a literal, a positive class, `\d`, `\w`, or a
 * class of letters, marks or digits, and none may be a line break, a control character or a sign by which a role begins.
 * Fails closed: what is not understood (`.`, a negated class, `\s`) does not pass.
 *
 * @module
 */

import { RE2JS } from 're2js'

export interface Pattern {
  /** Whether the whole text matches. Linear in its length. */
  matches(text: string): boolean
  /** Why a match may not stand in a role line; undefined: it may. */
  readonly roleLineProblem: string | undefined
}

type Range = readonly [from: number, to: number]
type Token =
  | { readonly kind: 'start' | 'end' | 'open' | 'close' | 'or' | 'repeat' | 'boundary' }
  | { readonly kind: 'characters'; readonly ranges: readonly Range[] }
  /** Letters, marks or digits of some kind: too many to list, and checked again in the value. */
  | { readonly kind: 'letters' }
  /** Something whose characters are not listed: `shown` says what it looks like. */
  | { readonly kind: 'open-ended'; readonly shown: string }

const MAX_PATTERN_CHARACTERS = 1_000

const lineBreaks: readonly Range[] = [
  [0, 0x1f],
  [0x7f, 0x9f],
  [0x2028, 0x2029],
]
/** A role begins with a colon behind its name, or in the brackets and signs of chat markup and of our own boundaries. */
export const ROLE_SIGNS = ':<>[]{}|#\u02d0\u2236\ua789\ufe13\ufe55\uff1a'

const digits: readonly Range[] = [[0x30, 0x39]]
const wordCharacters: readonly Range[] = [...digits, [0x41, 0x5a], [0x5f, 0x5f], [0x61, 0x7a]]
/** General categories of letters, marks and numbers, and scripts, which consist of them for the most part. */
const letterClass = /\\p(?:[LMN]|\{(?:[LMN][a-z]?|(?!Common|Inherited)[A-Z][a-z]{2,}(?:_[A-Z][a-z]+)*)\})/y
const repeat = /[*+?]|\{\d+(?:,\d*)?\}/y

/** What is wrong with it as a problem, else the pattern. */
export function readPattern(source: string): Pattern | { readonly problem: string } {
  if (source.length > MAX_PATTERN_CHARACTERS) return { problem: `must have at most ${MAX_PATTERN_CHARACTERS} characters` }
  let compiled: RE2JS
  try {
    compiled = RE2JS.compile(source)
  } catch {
    return { problem: 'is not understood by the linear-time engine (RE2: no look-around, no back-references)' }
  }
  const tokens = tokenize(source)
  if (!tokens) return { problem: 'uses inline flags or \\Q quoting, which JSON Schema does not know' }
  if (!isAnchored(tokens)) return { problem: 'is not anchored: write ^ at its beginning and $ at its end, in each alternative' }
  return { matches: (text) => compiled.test(text), roleLineProblem: roleLineProblem(tokens) }
}

function isAnchored(tokens: readonly Token[]): boolean {
  let depth = 0
  const branches: Token[][] = [[]]
  for (const token of tokens) {
    if (token.kind === 'open') depth++
    if (token.kind === 'close') depth--
    if (token.kind === 'or' && depth === 0) branches.push([])
    else branches.at(-1)?.push(token)
  }
  return branches.every((branch) => branch[0]?.kind === 'start' && branch[1]?.kind !== 'repeat' && branch.at(-1)?.kind === 'end')
}

function roleLineProblem(tokens: readonly Token[]): string | undefined {
  for (const token of tokens) {
    if (token.kind === 'open-ended') return `its pattern has ${token.shown}: name the characters that it may have instead`
    if (token.kind !== 'characters') continue
    for (const range of token.ranges) {
      if (lineBreaks.some((other) => overlap(range, other))) return 'its pattern lets a line break or control character through'
      for (const sign of ROLE_SIGNS) {
        const code = sign.codePointAt(0) as number
        if (overlap(range, [code, code])) return `its pattern lets "${sign}" through, with which a role could begin`
      }
    }
  }
  return undefined
}

const overlap = (a: Range, b: Range): boolean => a[0] <= b[1] && b[0] <= a[1]

const single: Readonly<Record<string, Token>> = {
  '^': { kind: 'start' },
  $: { kind: 'end' },
  '|': { kind: 'or' },
  ')': { kind: 'close' },
  '.': { kind: 'open-ended', shown: '"."' },
}

/** `source` compiles. Undefined: it has what would change the meaning of the rest. */
function tokenize(source: string): readonly Token[] | undefined {
  const tokens: Token[] = []
  let at = 0
  while (at < source.length) {
    const character = String.fromCodePoint(source.codePointAt(at) as number)
    repeat.lastIndex = at
    const times = repeat.exec(source)
    if (times) {
      tokens.push({ kind: 'repeat' })
      at += times[0].length
    } else if (character === '(') {
      const [opening = ''] = /^\((?:\?(?::|P?<\w+>))?/.exec(source.slice(at, at + 128)) ?? []
      if (source[at + opening.length] === '?') return undefined
      tokens.push({ kind: 'open' })
      at += opening.length
    } else if (character === '[') {
      const { token, end } = readClass(source, at)
      tokens.push(token)
      at = end
    } else if (character === '\\') {
      const escape = readEscape(source, at)
      if (!escape) return undefined
      tokens.push(escape.token)
      at = escape.end
    } else {
      tokens.push(single[character] ?? one(character))
      at += character.length
    }
  }
  return tokens
}

const one = (character: string): Token => {
  const code = character.codePointAt(0) as number
  return { kind: 'characters', ranges: [[code, code]] }
}
const escapes: Readonly<Record<string, Token>> = {
  d: { kind: 'characters', ranges: digits },
  w: { kind: 'characters', ranges: wordCharacters },
  A: { kind: 'start' },
  z: { kind: 'end' },
  b: { kind: 'boundary' },
  B: { kind: 'boundary' },
  n: one('\n'),
  r: one('\r'),
  t: one('\t'),
  f: one('\f'),
  v: one('\v'),
}

function readEscape(source: string, at: number): { token: Token; end: number } | undefined {
  letterClass.lastIndex = at
  const letters = letterClass.exec(source)
  if (letters) return { token: { kind: 'letters' }, end: at + letters[0].length }
  const character = String.fromCodePoint(source.codePointAt(at + 1) ?? 0)
  const end = at + 1 + character.length
  if (character === 'Q' || character === 'E') return undefined
  if (Object.hasOwn(escapes, character)) return { token: escapes[character] as Token, end }
  if (!/[0-9A-Za-z]/.test(character)) return { token: one(character), end }
  // `\x41`, `\x{1F600}`, `\pN`, `\P{L}`, `\s`, `\S` and their like: passed over whole, so that what follows is not misread.
  const [shown = ''] = /^\\(?:[xpP]\{[^}]*\}|x[0-9A-Fa-f]{2}|[pP].|[0-7]{1,3}|.)/u.exec(source.slice(at, at + 64)) ?? []
  return { token: { kind: 'open-ended', shown: `"${shown}"` }, end: at + shown.length }
}

/** A class, as RE2 reads it: a `]` that stands first is a literal, `[:alpha:]` is a class within. */
function readClass(source: string, start: number): { token: Token; end: number } {
  let at = start + 1
  let openEnded = source[at] === '^' ? 'a negated class' : undefined
  if (openEnded) at++
  const ranges: Range[] = []
  let letters = false
  let from: number | undefined
  for (let first = true; at < source.length && (first || source[at] !== ']'); first = false) {
    const [named] = /^\[:\^?\w+:\]/.exec(source.slice(at, at + 32)) ?? []
    if (named) {
      openEnded ??= `"${named}"`
      at += named.length
      continue
    }
    const character = String.fromCodePoint(source.codePointAt(at) as number)
    const item = (character === '\\' ? readEscape(source, at) : undefined) ?? { token: one(character), end: at + character.length }
    at = item.end
    if (item.token.kind === 'letters') letters = true
    else if (item.token.kind !== 'characters') openEnded ??= item.token.kind === 'open-ended' ? item.token.shown : 'an assertion in a class'
    else {
      const [only] = item.token.ranges
      const code = item.token.ranges.length === 1 && only && only[0] === only[1] ? only[0] : undefined
      if (from !== undefined && code !== undefined) {
        ranges.push([from, code])
        from = undefined
      } else if (code !== undefined && source[at] === '-' && source[at + 1] !== ']') {
        from = code
        at++
      } else ranges.push(...item.token.ranges)
    }
  }
  const end = at + 1
  if (openEnded) return { token: { kind: 'open-ended', shown: openEnded }, end }
  return { token: letters && ranges.length === 0 ? { kind: 'letters' } : { kind: 'characters', ranges }, end }
}
