/** What a program says about trust, checked: strict, every problem named. @module */

import { z } from 'zod'
import { fn } from '../function-option.ts'
import type { DriftReport, FindingReport, TrustOptions } from './reports.ts'
import type { ToolCallHook } from './tool-call.ts'

const origin = z.string().max(300).refine(isOrigin, 'must be an https origin, such as https://cdn.example.com')

export const trust: z.ZodType<TrustOptions> = z.strictObject({
  drift: z.enum(['refuse', 'warn', 'off']).optional(),
  findings: z.enum(['warn', 'refuse', 'off']).optional(),
  onDrift: fn<(report: DriftReport) => void>().optional(),
  onFinding: fn<(report: FindingReport) => void>().optional(),
  iconOrigins: z.array(origin).max(100).optional(),
})

export const onToolCall: z.ZodType<ToolCallHook> = fn<ToolCallHook>()

function isOrigin(value: string): boolean {
  const url = URL.parse(value)
  return url?.protocol === 'https:' && url.origin === value
}
