/**
 * Secrets that are known exactly, found in a text in every form that encoders give them. Escapes (JSON, URL, form) are taken
 * off the text, layer by layer, because there are too many ways to write them; base64 and hex are put on the secret.
 *
 * @module
 */

import { isProtocolWord } from '../protocol-words.ts'
import { createFinder, type Finder, SHORTEST } from './find-any.ts'
import { joinLines } from './join-lines.ts'
import { unescapeLayer } from './unescape.ts'

export interface KnownSecrets {
  /** False: too short to be searched for. */
  learn(secret: string): boolean
  /** It may be said again. */
  forget(secret: string): void
  /** How many there have ever been. */
  readonly learned: number
  /** Whether any is in `text`. */
  isIn(text: string): boolean
  /** `text` with `mask` in place of each. */
  mask(text: string, mask: string): string
}

/** JSON within JSON within JSON, once more in an answer of ours. */
const LAYERS = 4
/** From so many bytes on, base64 of a text that contains the secret has enough that is the secret's alone. */
const LONG_ENOUGH = 12
/** Texts up to this size share a buffer. */
const SHARED_BYTES = 64 * 1024

export function createKnownSecrets(): KnownSecrets {
  const secrets = new Set<string>()
  let finder: Finder | undefined
  let learned = 0
  /** `+` is looked at only where it could stand for a space that matters: base64 is full of it. */
  let plus = false
  let shared: Buffer | undefined

  function prepared(): Finder | undefined {
    if (finder || secrets.size === 0) return finder
    plus = [...secrets].some((secret) => secret.includes(' '))
    const needles = new Map([...secrets].flatMap((secret) => needlesFor(secret, plus)).map((needle) => [needle.toString('latin1'), needle]))
    for (const text of needles.keys()) if (isProtocolWord(text)) needles.delete(text)
    return (finder = createFinder([...needles.values()]))
  }

  return {
    get learned() {
      return learned
    },
    learn(secret) {
      if (secret.length < SHORTEST) return false
      if (secrets.has(secret)) return true
      finder = undefined
      secrets.add(secret)
      learned++
      return true
    },
    forget(secret) {
      if (secrets.delete(secret)) finder = undefined
    },
    isIn(text) {
      const search = prepared()
      if (!search || text.length < SHORTEST) return false
      const isSmall = text.length * 3 <= SHARED_BYTES
      const bytes = isSmall ? (shared ??= Buffer.allocUnsafe(SHARED_BYTES)) : Buffer.from(text)
      let length: number | undefined = isSmall ? bytes.write(text) : bytes.length
      for (let layer = 0; length !== undefined; layer++) {
        if (search.next(bytes, 0, length) !== -1) return true
        const joined = joinLines(bytes, length)
        if (joined !== undefined && search.next(bytes, 0, joined) !== -1) return true
        length = joined ?? length
        length = layer < LAYERS ? unescapeLayer(bytes, length, { backslash: true, plus }, bytes) : undefined
      }
      return false
    },
    mask(text, mask) {
      const search = prepared()
      if (!search) return text
      const whole = Buffer.from(text)
      const inner = Buffer.from(whole)
      const origins = new Uint32Array(whole.length + 1).map((_, at) => at)
      const found: Span[] = []
      let length: number | undefined = whole.length
      const collect = (until: number): void => {
        for (let at = search.next(inner, 0, until); at !== -1; ) {
          const end = search.end(inner, at, until)
          found.push([origins[at] as number, origins[end] as number])
          at = search.next(inner, end, until)
        }
      }
      for (let layer = 0; length !== undefined; layer++) {
        collect(length)
        const joined = joinLines(inner, length, origins)
        if (joined !== undefined) collect((length = joined))
        length = layer < LAYERS ? unescapeLayer(inner, length, { backslash: true, plus }, inner, origins) : undefined
      }
      return found.length === 0 ? text : withMasks(whole, found, mask)
    },
  }
}

type Span = readonly [start: number, end: number]

function withMasks(whole: Buffer, found: Span[], mask: string): string {
  const pieces: string[] = []
  let done = 0
  for (const [start, end] of found.sort(([a], [b]) => a - b)) {
    // The same secret is there again a layer further in, and forms may overlap.
    if (pieces.length > 0 && end <= done) continue
    if (pieces.length === 0 || start >= done) pieces.push(whole.toString('utf8', done, start), mask)
    done = end
  }
  return pieces.join('') + whole.toString('utf8', done)
}

/** As it is, as base64 and hex; and escaped in the usual ways, for where the text before it spoils the taking off. */
function needlesFor(secret: string, plus: boolean): Buffer[] {
  const bytes = Buffer.from(secret)
  const escaped = (text: string): string => JSON.stringify(text).slice(1, -1)
  const hex = bytes.toString('hex')
  const forms = [secret, escaped(secret), escaped(escaped(secret)), escaped(escaped(escaped(secret))), encodeURIComponent(secret), hex]
  forms.push(hex.toUpperCase(), bytes.toString('base64').replace(/=+$/, ''), bytes.toString('base64url'))
  if (bytes.length >= LONG_ENOUGH) {
    for (let before = 0; before < 3; before++) {
      const whole = Buffer.concat([Buffer.alloc(before), bytes])
      // Characters that also hold bits of what stands before or behind are left out.
      const inner = (text: string): string => text.slice(Math.ceil((before * 8) / 6), Math.floor((whole.length * 8) / 6))
      forms.push(inner(whole.toString('base64')), inner(whole.toString('base64url')))
    }
  }
  return forms.flatMap((form) => layersOf(Buffer.from(form), plus))
}

/** A secret with `%41` or `+` of its own loses them to the search when the text around it is escaped as JSON. */
function layersOf(form: Buffer, plus: boolean): Buffer[] {
  const layers = [form]
  for (let last = form; layers.length <= LAYERS; ) {
    const inner: Buffer = Buffer.from(last)
    const length = unescapeLayer(last, last.length, { backslash: false, plus }, inner)
    if (length === undefined || length < SHORTEST) break
    last = inner.subarray(0, length)
    layers.push(last)
  }
  return layers
}
