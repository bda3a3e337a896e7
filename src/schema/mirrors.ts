/**
 * Which arguments a tool wants mirrored into `Mcp-Param-*` headers (2026-07-28 streamable-http §Schema Extension). A tool
 * with an annotation that breaks a rule is left out altogether, as a client must.
 *
 * @module
 */

import type { JsonObject, Mirror } from '../core/index.ts'
import { walkSchema } from './schema-walk.ts'

export type Mirrors = { readonly mirrors: readonly Mirror[] } | { readonly problem: string }

const none: Mirrors = { mirrors: [] }
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,128}$/

export function mirrorsOf(inputSchema: JsonObject): Mirrors {
  const mirrors: Mirror[] = []
  const headers = new Set<string>()
  let problem: string | undefined
  walkSchema(inputSchema, (schema, path) => {
    const name = schema['x-mcp-header']
    if (name === undefined) return
    const { type } = schema
    if (typeof name !== 'string' || !token.test(name)) problem ??= 'an x-mcp-header that is no header name'
    else if (!path || path.length === 0) problem ??= 'an x-mcp-header that no chain of "properties" leads to'
    else if (type !== 'string' && type !== 'integer' && type !== 'boolean')
      problem ??= 'an x-mcp-header on an argument that is neither string, integer nor boolean'
    else {
      const header = `mcp-param-${name.toLowerCase()}`
      if (headers.has(header)) problem ??= 'the same x-mcp-header twice'
      headers.add(header)
      mirrors.push({ header, path, type })
    }
  })
  if (problem) return { problem }
  return mirrors.length > 0 ? { mirrors } : none
}
