/**
 * JSON in one spelling only (JCS, RFC 8785): keys sorted by UTF-16 code units, no white space. V8's own writing of numbers
 * and strings is the one that the RFC prescribes.
 *
 * @module
 */

import { createHash } from 'node:crypto'

/** `value` comes from `JSON.parse` and is bounded in depth. Members that are undefined are left out. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const object = value as Record<string, unknown>
  const members = Object.keys(object)
    .sort()
    .filter((key) => object[key] !== undefined)
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(object[key])}`)
  return `{${members.join(',')}}`
}

export const canonicalHash = (value: unknown): string => `sha256-${createHash('sha256').update(canonicalJson(value)).digest('base64url')}`
