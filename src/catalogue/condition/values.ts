/**
 * What the operators of a condition do (CEL language definition §Operators). Numbers of JSON are doubles, whole numbers in
 * the condition itself are ints; where the two meet in a sum, the int is taken for a double, so that `args.n + 1` is what
 * it looks like. Fails where CEL would, and where a sum has no finite result.
 *
 * A map is only ever asked for a key. To go over its keys takes time that cannot be known, and paid for, before: V8 collects
 * them all first, a tenth of a second for those that fit into a request.
 *
 * @module
 */

import { FAILED, giveUp, type Run, spend } from './work.ts'

type Numeric = number | bigint
type Pair = (run: Run, left: unknown, right: unknown) => unknown

export const MAX_INT: bigint = 2n ** 63n - 1n
const MIN_INT = -(2n ** 63n)

const isNumeric = (value: unknown): value is Numeric => typeof value === 'number' || typeof value === 'bigint'

export const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Own members only: `constructor` is nothing that a caller sent. */
export function select(value: unknown, key: unknown): unknown {
  if (Array.isArray(value)) {
    const at = typeof key === 'bigint' ? Number(key) : key
    return typeof at === 'number' && Number.isInteger(at) && at >= 0 && at < value.length ? value[at] : FAILED
  }
  return typeof key === 'string' && isMap(value) && Object.hasOwn(value, key) ? value[key] : FAILED
}

/** Of different types, nothing is equal; numbers are compared as numbers. Of two maps nothing is said. */
function isEqual(run: Run, left: unknown, right: unknown): boolean {
  // Of equal length, so that both are looked at.
  if (typeof left === 'string' && typeof right === 'string')
    return left.length === right.length && spend(run, 1 + left.length / 8) && left === right
  // biome-ignore lint/suspicious/noDoubleEquals: an int and a double are equal where their values are.
  if (isNumeric(left) && isNumeric(right)) return left == right
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return left === right
  if (Array.isArray(left) && Array.isArray(right))
    return left.length === right.length && left.every((item, at) => spend(run, 1) && isEqual(run, item, right[at]))
  return left === right || (!Array.isArray(left) && !Array.isArray(right) && giveUp(run))
}

const equals: Pair = (run, left, right) => (left === FAILED || right === FAILED ? FAILED : isEqual(run, left, right))

const isIn: Pair = (run, value, range) => {
  if (value === FAILED) return FAILED
  if (Array.isArray(range)) return range.some((item) => spend(run, 1) && isEqual(run, item, value))
  return isMap(range) ? typeof value === 'string' && Object.hasOwn(range, value) : FAILED
}

function comparison(decide: (left: never, right: never) => boolean): Pair {
  return (run, left, right) => {
    const isText = typeof left === 'string' && typeof right === 'string'
    if (isText && !spend(run, 1 + Math.min(left.length, right.length) / 8)) return FAILED
    const areAlike = isText || (isNumeric(left) && isNumeric(right)) || (typeof left === 'boolean' && typeof right === 'boolean')
    return areAlike ? decide(left as never, right as never) : FAILED
  }
}

function sum(ofInts: (left: bigint, right: bigint) => bigint, ofDoubles: (left: number, right: number) => number): Pair {
  return (_, left, right) => {
    if (typeof left === 'bigint' && typeof right === 'bigint') return toInt(ofInts(left, right))
    return isNumeric(left) && isNumeric(right) ? toFinite(ofDoubles(toDouble(left), toDouble(right))) : FAILED
  }
}

export const toInt = (value: bigint): unknown => (value >= MIN_INT && value <= MAX_INT ? value : FAILED)
export const toFinite = (value: number): unknown => (Number.isFinite(value) ? value : FAILED)

/** NaN for an int that no double is equal to: the sum fails then. */
function toDouble(value: Numeric): number {
  const double = Number(value)
  // biome-ignore lint/suspicious/noDoubleEquals: compares values of two types.
  return double == value ? double : Number.NaN
}

const plain = sum(
  (left, right) => left + right,
  (left, right) => left + right,
)

/** Texts and lists grow by it: what they grow to is paid for. */
const plus: Pair = (run, left, right) => {
  if (typeof left === 'string' && typeof right === 'string') return spend(run, left.length + right.length) ? left + right : FAILED
  if (Array.isArray(left) && Array.isArray(right)) return spend(run, left.length + right.length) ? [...left, ...right] : FAILED
  return plain(run, left, right)
}

/** Ints have no quotient by 0; doubles have none that is finite. */
const unless0 = (right: bigint, result: () => bigint): bigint => (right === 0n ? MAX_INT + 1n : result())

export const operators: Readonly<Record<string, Pair>> = {
  '==': equals,
  '!=': (run, left, right) => negate(equals(run, left, right)),
  in: isIn,
  '<': comparison((left, right) => left < right),
  '<=': comparison((left, right) => left <= right),
  '>': comparison((left, right) => left > right),
  '>=': comparison((left, right) => left >= right),
  '+': plus,
  '-': sum(
    (left, right) => left - right,
    (left, right) => left - right,
  ),
  '*': sum(
    (left, right) => left * right,
    (left, right) => left * right,
  ),
  '/': sum(
    (left, right) => unless0(right, () => left / right),
    (left, right) => left / right,
  ),
  '%': sum(
    (left, right) => unless0(right, () => left % right),
    (left, right) => (Number.isInteger(left) && Number.isInteger(right) ? left % right : Number.NaN),
  ),
}

export const negate = (value: unknown): unknown => (typeof value === 'boolean' ? !value : FAILED)

export function minus(value: unknown): unknown {
  if (typeof value === 'number') return -value
  return typeof value === 'bigint' ? toInt(-value) : FAILED
}
