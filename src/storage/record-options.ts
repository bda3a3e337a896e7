/** Checks that every implementation makes of what it is given. @module */

import { randomInt } from 'node:crypto'
import { MAX_PAGE, type Query, type RecordOptions } from './records.ts'

/** @throws for what JSON cannot carry: a mistake of ours, seen before anything is written. */
export function toBody(value: unknown): string {
  const body = JSON.stringify(value)
  if (body === undefined) throw new TypeError('a record needs a value that JSON can carry')
  return body
}

export function toExpiry({ expiresAt }: RecordOptions): number | null {
  if (expiresAt === undefined || expiresAt === Number.POSITIVE_INFINITY) return null
  if (!Number.isFinite(expiresAt)) throw new TypeError('expiresAt must be milliseconds since the epoch')
  return Math.trunc(expiresAt)
}

/** Not 1: a record that was removed and put again must not be taken for the one that was read before. */
export const firstVersion = (): number => randomInt(1, 2 ** 40)

export const pageOf = ({ limit = MAX_PAGE }: Query): number => Math.min(Math.max(Math.trunc(limit), 0), MAX_PAGE)
