/**
 * The bounds on everything that is read, run, answered and kept, for a server and for a gateway: what each is, within which range an
 * operator may set it, and what it is unless told. How often somebody may ask is a rate and stands apart (`guards/limit-options`).
 *
 * @module
 */

import { z } from 'zod'
import type { KeptBounds, TaskBounds } from '../guards/index.ts'

export interface Bounds {
  readonly bodyBytes: number
  /** One text among the arguments of a call: what is longer is sent by reference. */
  readonly argumentBytes: number
  readonly depth: number
  readonly listItems: number
  readonly resultBytes: number
  readonly deadlineSeconds: number
  /** Calls of one principal that may run at once. */
  readonly concurrency: number
  /** Entries on one page of a list. */
  readonly pageItems: number
  /** How long a legacy caller may take to answer what it is asked during a call. */
  readonly answerSeconds: number
  readonly tasks: TaskBounds
  /** What callers put here to refer to it. */
  readonly references: KeptBounds
}

/** As it is written: what is left out has its default. */
export type BoundsOptions = { readonly [Name in Exclude<keyof Bounds, 'tasks' | 'references'>]?: Bounds[Name] | undefined } & {
  readonly tasks?: { readonly [Name in keyof TaskBounds]?: TaskBounds[Name] | undefined } | undefined
  readonly references?: { readonly [Name in keyof KeptBounds]?: KeptBounds[Name] | undefined } | undefined
}

export const defaultBounds: Bounds = Object.freeze({
  bodyBytes: 4 * 1024 * 1024,
  argumentBytes: 1024 * 1024,
  depth: 64,
  listItems: 10_000,
  resultBytes: 1024 * 1024,
  deadlineSeconds: 60,
  concurrency: 64,
  pageItems: 1_000,
  answerSeconds: 300,
  tasks: Object.freeze({ running: 16, stored: 256, storedBytes: 64 * 1024 * 1024, ttlMs: 3_600_000, pollIntervalMs: 1_000 }),
  references: Object.freeze({
    stored: 64,
    storedBytes: 256 * 1024 * 1024,
    maxBytes: 64 * 1024 * 1024,
    ttlSeconds: 3_600,
    maxTtlSeconds: 86_400,
  }),
})

const whole = (most: number, least = 1) => z.int().min(least).max(most).optional()
export const MAX_BYTES: number = 64 * 1024 * 1024
/** What is put here to refer to it is for a task at hand, and no storage. */
const MAX_KEPT_SECONDS = 86_400
/** With less no list of tools fits any more. */
const MIN_BYTES = 1024

export const boundsShape: { readonly [Name in keyof Bounds]: z.ZodType<BoundsOptions[Name]> } = {
  bodyBytes: whole(MAX_BYTES, MIN_BYTES),
  argumentBytes: whole(MAX_BYTES, MIN_BYTES),
  depth: whole(256, 8),
  listItems: whole(1_000_000),
  resultBytes: whole(MAX_BYTES, MIN_BYTES),
  deadlineSeconds: z.number().min(0.001).max(86_400).optional(),
  concurrency: whole(10_000),
  pageItems: whole(10_000),
  answerSeconds: z.number().min(0.001).max(3_600).optional(),
  tasks: z
    .strictObject({
      running: whole(10_000),
      stored: whole(1_000),
      storedBytes: whole(16 * 1024 ** 3),
      ttlMs: whole(30 * 86_400_000),
      pollIntervalMs: whole(86_400_000),
    })
    .optional(),
  references: z
    .strictObject({
      stored: whole(1_000).describe('How many things are kept for one caller. Default 64.'),
      storedBytes: whole(16 * 1024 ** 3).describe('How many bytes of them. Default 268435456.'),
      maxBytes: whole(256 * 1024 ** 2).describe('How large one may be. Default 67108864.'),
      ttlSeconds: whole(MAX_KEPT_SECONDS).describe('How long one is kept where the caller does not say. Default 3600.'),
      maxTtlSeconds: whole(MAX_KEPT_SECONDS).describe('How long a caller may have one kept. Default 86400.'),
    })
    .refine(({ ttlSeconds = 0, maxTtlSeconds = MAX_KEPT_SECONDS }) => ttlSeconds <= maxTtlSeconds, {
      path: ['ttlSeconds'],
      message: 'must not be more than maxTtlSeconds',
    })
    .optional(),
}

export function toBounds({ tasks, references, ...given }: BoundsOptions = {}, defaults: Bounds = defaultBounds): Bounds {
  return {
    ...defaults,
    ...told(given),
    tasks: { ...defaults.tasks, ...told(tasks ?? {}) },
    references: { ...defaults.references, ...told(references ?? {}) },
  }
}

const told = <T extends object>(given: T): { [Name in keyof T]: Exclude<T[Name], undefined> } =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as never
