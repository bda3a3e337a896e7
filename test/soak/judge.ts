// What a soak has shown: memory and descriptors that stay, and rows that are there because a rule says so. Pure.

import type { Rows } from './rows.ts'
import type { Look } from './server.ts'

/** After so many sign-ins: what the server holds, what is stored, and what the rules say of it. */
export interface Step extends Look {
  readonly signIns: number
  readonly rows: Rows
  readonly databaseBytes: number
  readonly auditRecords: number
  readonly expected: Expected
}

export interface Expected {
  /** Exactly so many. */
  readonly exactly: Rows
  /** At most so many. */
  readonly atMost: Rows
}

export interface Verdict {
  readonly what: string
  readonly isMet: boolean
  readonly found: string
}

/** From so many on the heap says something: before that, code is still being compiled and caches are filled. */
export const ENOUGH_SIGN_INS = 1_000
const HEAP_BYTES = 4 * 1024 * 1024
const MEGABYTE = 1024 * 1024

export function judgeSoak(steps: readonly Step[], end: Rows): Verdict[] {
  return [...heap(steps), ...descriptors(steps), rules(steps), afterAll(end)]
}

/** The second quarter beside the last. The first is warming up. */
function heap(steps: readonly Step[]): Verdict[] {
  if ((steps.at(-1)?.signIns ?? 0) < ENOUGH_SIGN_INS || steps.length < 8) return []
  const quarter = Math.floor(steps.length / 4)
  const mean = (some: readonly Step[]): number => some.reduce((sum, { heapBytes }) => sum + heapBytes, 0) / some.length
  const [early, late] = [mean(steps.slice(quarter, 2 * quarter)), mean(steps.slice(-quarter))]
  const grown = late - early
  return [
    {
      what: `the heap has not grown by ${HEAP_BYTES / MEGABYTE} MB between the second quarter and the last`,
      isMet: grown < HEAP_BYTES,
      found: `${inMegabytes(early)} MB, then ${inMegabytes(late)} MB`,
    },
  ]
}

function descriptors(steps: readonly Step[]): Verdict[] {
  const known = steps.flatMap((step) => (step.descriptors ? [step.descriptors] : []))
  const [first, ...later] = known
  if (first === undefined) return []
  const others = Math.max(...later.map((each) => each.others), first.others)
  const last = known.at(-1) ?? first
  return [
    { what: 'no file is left open', isMet: others <= first.others, found: `${first.others} at first, ${others} at most` },
    {
      what: 'no socket is left open once nobody calls',
      isMet: last.sockets <= first.sockets,
      found: `${first.sockets} at first, ${last.sockets} at last`,
    },
  ]
}

/** Each kind that a rule speaks of, at each step. */
function rules(steps: readonly Step[]): Verdict {
  const broken = steps.flatMap(({ signIns, rows, expected }) => [
    ...Object.entries(expected.exactly).flatMap(([kind, count]) =>
      (rows[kind] ?? 0) === count ? [] : [`${kind} ${rows[kind] ?? 0}, not ${count}, after ${signIns}`],
    ),
    ...Object.entries(expected.atMost).flatMap(([kind, count]) =>
      (rows[kind] ?? 0) <= count ? [] : [`${kind} ${rows[kind]}, over ${count}, after ${signIns}`],
    ),
  ])
  return {
    what: 'rows are those that the retention rules keep, at every step',
    isMet: broken.length === 0 && steps.length > 0,
    found: broken.length === 0 ? `${steps.length} steps` : broken.slice(0, 5).join('; '),
  }
}

/** What stays for good: people and keys. */
const STAYS = new Set(['account', 'secret'])
function afterAll(end: Rows): Verdict {
  const left = Object.entries(end).filter(([kind, count]) => !STAYS.has(kind) && count > 0)
  return {
    what: 'when everything has expired, nothing of any sign-in is left, nor its client',
    isMet: left.length === 0,
    found:
      left.length === 0
        ? Object.entries(end)
            .map(([kind, count]) => `${kind} ${count}`)
            .join(', ')
        : left.map(([kind, count]) => `${kind} ${count}`).join(', '),
  }
}

export const inMegabytes = (bytes: number): string => (bytes / MEGABYTE).toFixed(1)
