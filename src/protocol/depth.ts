/** How deep a value is nested: what was parsed elsewhere is bounded before anything walks it. @module */

import type { JsonObject } from '../core/index.ts'

export function isWithinDepth(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true
  if (levels === 0) return false
  if (Array.isArray(value)) {
    for (const item of value) if (!isWithinDepth(item, levels - 1)) return false
    return true
  }
  for (const key in value) if (!isWithinDepth((value as JsonObject)[key], levels - 1)) return false
  return true
}
