/** The block `limits` of the configuration: how often each may ask, and bounds on what is asked and answered. @module */

import { z } from 'zod'
import type { Limit } from '../../core/index.ts'
import { type Bounds, type BoundsOptions, boundsShape, defaultBounds, MAX_BYTES, toBounds } from '../../server/index.ts'
import type { Rates } from './config.ts'

/** At most `max` requests in each window. */
interface LimitEntry {
  max: number
  windowSeconds?: number | undefined
}

export interface LimitsEntry {
  address?: LimitEntry | undefined
  principal?: LimitEntry | undefined
  client?: LimitEntry | undefined
  tool?: LimitEntry | undefined
  bodyBytes?: number | undefined
  argumentBytes?: number | undefined
  depth?: number | undefined
  listItems?: number | undefined
  resultBytes?: number | undefined
  deadlineSeconds?: number | undefined
  concurrency?: number | undefined
  references?: BoundsOptions['references']
}

const WINDOW_SECONDS = 60
const LIMIT_MAX = 1200
/** An upstream answers more, and takes longer, than a function beside us. */
const gatewayBounds: Bounds = {
  ...defaultBounds,
  argumentBytes: defaultBounds.bodyBytes,
  resultBytes: 16 * 1024 * 1024,
  deadlineSeconds: 120,
}

const limit: z.ZodType<LimitEntry> = z.strictObject({
  max: z.int().positive().max(10_000_000).describe('How many requests are let through in one window.'),
  windowSeconds: z.int().positive().max(86_400).optional().describe(`Length of a window, in seconds. Default ${WINDOW_SECONDS}.`),
})

export const limitsSchema: z.ZodType<LimitsEntry> = z.strictObject({
  address: limit.optional().describe(`For each network address. Default ${LIMIT_MAX} in ${WINDOW_SECONDS} s.`),
  principal: limit.optional().describe(`For each person or key. Default ${LIMIT_MAX} in ${WINDOW_SECONDS} s.`),
  client: limit.optional().describe(`For each program of a person. Default ${LIMIT_MAX} in ${WINDOW_SECONDS} s.`),
  tool: limit.optional().describe(`For each tool and person. Default ${LIMIT_MAX} in ${WINDOW_SECONDS} s.`),
  bodyBytes: boundsShape.bodyBytes.describe(`Largest request. Default ${gatewayBounds.bodyBytes}.`),
  argumentBytes: boundsShape.argumentBytes.describe(
    `Longest text among the arguments of a call: what is longer is sent by reference. Default ${gatewayBounds.argumentBytes}.`,
  ),
  depth: boundsShape.depth.describe(`How deep a request may be nested. Default ${gatewayBounds.depth}.`),
  listItems: boundsShape.listItems.describe(`How long a list in a request may be. Default ${gatewayBounds.listItems}.`),
  resultBytes: boundsShape.resultBytes.describe(`Largest result. Default ${gatewayBounds.resultBytes}, at most ${MAX_BYTES}.`),
  deadlineSeconds: boundsShape.deadlineSeconds.describe(`How long a call may take. Default ${gatewayBounds.deadlineSeconds}.`),
  concurrency: boundsShape.concurrency.describe(
    `How many calls of one person or key may run at once. Default ${gatewayBounds.concurrency}.`,
  ),
  references: boundsShape.references.describe('What callers may put here to refer to it.'),
})

export function ratesOf({ address, principal, client, tool }: LimitsEntry): Rates {
  const toLimit = (entry: LimitEntry | undefined): Limit => ({
    max: entry?.max ?? LIMIT_MAX,
    windowMs: (entry?.windowSeconds ?? WINDOW_SECONDS) * 1000,
  })
  return { address: toLimit(address), principal: toLimit(principal), client: toLimit(client), tool: toLimit(tool) }
}

export function boundsOf({ address: _a, principal: _p, client: _c, tool: _t, ...bounds }: LimitsEntry): Bounds {
  return toBounds(bounds, gatewayBounds)
}
