/** What an operator may say of what is kept: how long, and whether arguments are kept beside the audit. Strict schemas. @module */

import { z } from 'zod'
import { toSeconds } from '../core/index.ts'
import { classes } from './classes.ts'

/** Spans of time: `30d`, `12h`, `90m`. */
export interface RetentionOptions {
  /** The record of every decision; 400d unless told, 30d at least. */
  readonly auditRecords?: string | undefined
  /** Arguments that are kept beside it, where they are; 30d unless told. Never longer than the records. */
  readonly auditArguments?: string | undefined
}

export interface AuditOptions {
  /**
   * Whether the arguments of calls are kept beside the record: redacted, sealed with a key of the caller's own, and shown by
   * `sallyport why --arguments`. `none` unless told.
   */
  readonly arguments?: 'none' | 'sealed' | undefined
}

export const auditSchema: z.ZodType<AuditOptions> = z.strictObject({
  arguments: z
    .enum(['none', 'sealed'])
    .optional()
    .describe(
      "Whether the arguments of calls are kept beside the record, redacted and sealed with a key of the caller's own. Default none.",
    ),
})

export interface Retention {
  readonly auditRecordsMs: number
  readonly auditArgumentsMs: number
}

const DAY_SECONDS = 86_400

function span(name: keyof RetentionOptions, least: string, most: string): z.ZodType<string | undefined> {
  const [from, to] = [toSeconds(least) ?? 0, toSeconds(most) ?? 0]
  return z
    .string()
    .refine((text) => {
      const seconds = toSeconds(text)
      return seconds !== undefined && seconds >= from && seconds <= to
    }, `must be a span of time from ${least} to ${most}: a number and s, m, h, d or w`)
    .optional()
    .describe(`${classes[name].what} Default ${classes[name].lifetime}.`)
}

export const retentionSchema: z.ZodType<RetentionOptions> = z
  .strictObject({
    auditRecords: span('auditRecords', '30d', '3650d'),
    auditArguments: span('auditArguments', '1h', '400d'),
  })
  .superRefine((given, context) => {
    if (context.issues.length > 0) return
    const { auditRecordsMs, auditArgumentsMs } = toRetention(given)
    if (auditArgumentsMs > auditRecordsMs)
      context.addIssue({
        code: 'custom',
        path: ['auditArguments'],
        message: `is longer than the records are kept: ${auditRecordsMs / 1000 / DAY_SECONDS}d`,
      })
  })

export function toRetention(given: RetentionOptions = {}): Retention {
  const ms = (name: keyof RetentionOptions): number => (toSeconds(given[name] ?? classes[name].lifetime) ?? 0) * 1000
  return { auditRecordsMs: ms('auditRecords'), auditArgumentsMs: ms('auditArguments') }
}
