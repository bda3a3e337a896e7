/**
 * The `results` block, as an author or an operator writes it, and the strict schema of it: how much of a result is sent, how long the rest
 * is kept, and what one flow may get in all.
 *
 * @module
 */

import { z } from 'zod'
import { BYTES_A_TOKEN } from '../../core/index.ts'

/** How large one result may be. Tokens are an estimate: a quarter of the bytes. */
export interface ResultBudget {
  readonly maxBytes?: number | undefined
  readonly maxTokens?: number | undefined
}

/** What one flow gets: a session of a legacy client, else what one client asks for one person. */
export interface FlowOptions {
  readonly maxTokens: number
  /** An hour unless told. */
  readonly windowSeconds?: number | undefined
  /** `summarise`: every further result is a short head and a link. `stop`: further calls are refused. `summarise` unless told. */
  readonly whenSpent?: 'stop' | 'summarise' | undefined
}

export interface ResultsOptions extends ResultBudget {
  /** Of callers with that role, and of one client. What is written counts, and of several the tightest. */
  readonly byRole?: Readonly<Record<string, ResultBudget>> | undefined
  readonly byClient?: Readonly<Record<string, ResultBudget>> | undefined
  /** How long what was too large to send can be read; an hour unless told. */
  readonly keepSeconds?: number | undefined
  /** What is kept for one person: bytes, and results. The oldest go first. 128 MiB and 256 unless told. */
  readonly storedBytes?: number | undefined
  readonly stored?: number | undefined
  /** Whether there is a tool `read_result`, for hosts that do not read resources. Not unless told. */
  readonly tool?: boolean | undefined
  readonly flow?: FlowOptions | undefined
}

/** Both complete. */
export interface FlowBudget {
  readonly maxTokens: number
  readonly windowSeconds: number
  readonly whenSpent: 'stop' | 'summarise'
}
export interface Results extends Omit<ResultsOptions, 'flow'> {
  readonly keepSeconds: number
  readonly storedBytes: number
  readonly stored: number
  readonly tool: boolean
  readonly flow: FlowBudget | undefined
}

/** Where nothing that was written applies. */
export const DEFAULT_RESULT_BYTES: number = 256 * 1024
/** With less there is no room for a head, what it says and a link. */
const MIN_BYTES = 2_048
const MAX_BYTES = 64 * 1024 * 1024
const MIN_TOKENS = MIN_BYTES / BYTES_A_TOKEN
const DAY_SECONDS = 86_400

const bytes = z.int().min(MIN_BYTES).max(MAX_BYTES).optional()
const tokens = z
  .int()
  .min(MIN_TOKENS)
  .max(MAX_BYTES / BYTES_A_TOKEN)
  .optional()

export const budgetShape: { readonly [Name in keyof ResultBudget]-?: z.ZodType<ResultBudget[Name]> } = {
  maxBytes: bytes.describe(`How many bytes of a result are sent at most; of a larger one a head, and a link to the rest.`),
  maxTokens: tokens.describe('The same in tokens, as estimated: a quarter of the bytes.'),
}
const budget: z.ZodType<ResultBudget> = z.strictObject(budgetShape)
const named = z.record(z.string().min(1).max(256), budget).optional()

export const resultsSchema: z.ZodType<ResultsOptions> = z.strictObject({
  maxBytes: bytes.describe(
    `How many bytes of a tool's result are sent at most; of a larger one a head, and a link to the rest. Default ${DEFAULT_RESULT_BYTES}.`,
  ),
  maxTokens: budgetShape.maxTokens,
  byRole: named.describe('The same for callers with a role. Of several budgets that are written the tightest counts.'),
  byClient: named.describe('The same for one client, by its id.'),
  keepSeconds: z
    .int()
    .min(1)
    .max(30 * DAY_SECONDS)
    .optional()
    .describe('How long what was too large to send can be read. Default 3600.'),
  storedBytes: z
    .int()
    .min(MAX_BYTES / 64)
    .max(16 * 1024 ** 3)
    .optional()
    .describe('How many bytes of results are kept for one person; the oldest go first. Default 134217728.'),
  stored: z.int().min(1).max(1_000).optional().describe('How many results are kept for one person. Default 256.'),
  tool: z.boolean().optional().describe('Whether there is a tool read_result, for hosts that do not read resources. Default false.'),
  flow: z
    .strictObject({
      maxTokens: z.int().min(1).max(Number.MAX_SAFE_INTEGER).describe('How many tokens of results one flow gets in a window.'),
      windowSeconds: z.int().min(1).max(DAY_SECONDS).optional().describe('Length of a window, in seconds. Default 3600.'),
      whenSpent: z
        .enum(['stop', 'summarise'])
        .optional()
        .describe('summarise: every further result is a short head and a link. stop: further calls are refused. Default summarise.'),
    })
    .optional()
    .describe('What one flow may get in all: a session of a legacy client, else one client for one person.'),
})

export function toResults({ flow, ...given }: ResultsOptions = {}): Results {
  return {
    ...given,
    keepSeconds: given.keepSeconds ?? 3_600,
    storedBytes: given.storedBytes ?? 128 * 1024 * 1024,
    stored: given.stored ?? 256,
    tool: given.tool ?? false,
    flow: flow && { maxTokens: flow.maxTokens, windowSeconds: flow.windowSeconds ?? 3_600, whenSpent: flow.whenSpent ?? 'summarise' },
  }
}
