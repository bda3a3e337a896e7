/**
 * The functions that a condition may call: those of CEL that a rule on arguments needs. None of them runs a regular
 * expression of the caller's, reads a clock, or makes more of a text than was there.
 *
 * @module
 */

import { RE2JS } from 're2js'
import { toFinite, toInt } from './values.ts'
import { FAILED, type Run, spend, type Term } from './work.ts'

type Apply = (run: Run, ...values: unknown[]) => unknown

const MAX_PATTERN_CHARACTERS = 1_000
const MAX_PROGRAM = 1_000
const DECIMAL = /^[+-]?(?:\d{1,64}(?:\.\d{0,64})?|\.\d{1,64})(?:e[+-]?\d{1,4})?$/i

/** Beyond that V8 searches in time that is the product of both lengths, a quarter of a nanosecond each. */
const SHORT = 250

const ofText =
  (decide: (run: Run, text: string, other: string) => unknown): Apply =>
  (run, text, other = '') =>
    typeof text === 'string' && typeof other === 'string' ? decide(run, text, other) : FAILED

const size: Apply = (run, value) => {
  if (typeof value === 'string') return spend(run, value.length / 2) ? BigInt(codePoints(value)) : FAILED
  return Array.isArray(value) ? BigInt(value.length) : FAILED
}

/** A surrogate pair is one (CEL language definition §String and Bytes Values). */
function codePoints(text: string): number {
  let count = text.length
  for (let at = 1; at < text.length; at++) if (isLow(text.charCodeAt(at)) && isHigh(text.charCodeAt(at - 1))) count--
  return count
}
const isHigh = (code: number): boolean => code >= 0xd800 && code <= 0xdbff
const isLow = (code: number): boolean => code >= 0xdc00 && code <= 0xdfff

const contains = ofText((run, text, part) => {
  const cost = part.length <= SHORT ? text.length / 2 : (text.length * part.length) / 32
  return spend(run, 1 + cost) ? text.includes(part) : FAILED
})

const toInteger: Apply = (_, value) => {
  if (typeof value === 'bigint') return value
  if (typeof value === 'number' && Number.isFinite(value)) return toInt(BigInt(Math.trunc(value)))
  return typeof value === 'string' && /^[+-]?\d{1,19}$/.test(value) ? toInt(BigInt(value.replace('+', ''))) : FAILED
}

const toReal: Apply = (_, value) => {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint') return Number(value)
  return typeof value === 'string' && DECIMAL.test(value) ? toFinite(Number(value)) : FAILED
}

const toText: Apply = (_, value) => {
  if (typeof value === 'string') return value
  return typeof value === 'bigint' || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))
    ? `${value}`
    : FAILED
}

/** By name and how many values they take: a receiver is the first. */
export const calls: Readonly<Record<string, Apply>> = { 'size/1': size, 'int/1': toInteger, 'double/1': toReal, 'string/1': toText }
export const methods: Readonly<Record<string, Apply>> = {
  'size/1': size,
  'contains/2': contains,
  'startsWith/2': ofText((run, text, part) => spend(run, 1 + part.length / 8) && text.startsWith(part)),
  'endsWith/2': ofText((run, text, part) => spend(run, 1 + part.length / 8) && text.endsWith(part)),
  'lowerAscii/1': ofText((run, text) => (spend(run, text.length * 8) ? text.replace(/[A-Z]/g, (letter) => letter.toLowerCase()) : FAILED)),
  'upperAscii/1': ofText((run, text) => (spend(run, text.length * 8) ? text.replace(/[a-z]/g, (letter) => letter.toUpperCase()) : FAILED)),
  'trim/1': ofText((run, text) => (spend(run, text.length) ? text.trim() : FAILED)),
}

/** `text.matches(pattern)`: on the linear engine, and only with a pattern that the condition itself has. */
export function matching(text: Term, pattern: string): Term | { readonly problem: string } {
  if (pattern.length > MAX_PATTERN_CHARACTERS) return { problem: `a pattern of more than ${MAX_PATTERN_CHARACTERS} characters` }
  let compiled: RE2JS
  try {
    compiled = RE2JS.compile(pattern)
  } catch {
    return { problem: 'a pattern that the linear engine does not know (RE2: no look-around, no back-references)' }
  }
  const program = compiled.programSize()
  if (program > MAX_PROGRAM) return { problem: 'a pattern that is too large' }
  return (run) => {
    const value = text(run)
    return typeof value === 'string' && spend(run, 1 + value.length * program) ? compiled.test(value) : FAILED
  }
}
