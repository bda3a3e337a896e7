/** Spans of time as people type them: `90d`, `24h`, `15m`, `30s`. @module */

import { toSeconds } from '../core/index.ts'
import { CliError } from './errors.ts'

/** @throws {CliError} E-USAGE where it is not a whole number and a unit, or longer than ten years. */
export function parseSeconds(option: string, text: string): number {
  const total = toSeconds(text)
  if (total === undefined)
    throw new CliError(
      'E-USAGE',
      `${option} must be a span of time up to ten years`,
      `write a number and s, m, h, d or w, for example ${option} 24h`,
    )
  return total
}

/** `since` as a span back from now or as a date. Milliseconds since the epoch. */
export function parseSince(option: string, text: string, now: number): number {
  if (/^\d{4}-\d{2}-\d{2}/.test(text)) {
    const at = Date.parse(text)
    if (!Number.isNaN(at)) return at
  }
  return now - parseSeconds(option, text) * 1000
}
