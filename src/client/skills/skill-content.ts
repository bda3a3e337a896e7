/**
 * What a server sends for a file of a skill, held against what it said of that file before (skills §integrity and verification). That both
 * agree says that nothing changed in between; it does not say that either is to be trusted.
 *
 * Fails closed: content that is not exactly what was described is not handed on.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { ReadResourceResult } from '@modelcontextprotocol/client'
import type { JsonObject } from '../../core/index.ts'
import type { SkillFile } from './skill-entry.ts'

/** The bytes of the one content, and undefined where it is another file's, or not the one that was described. */
export function verifyFile({ contents }: ReadResourceResult, { uri, digest, size }: SkillFile): Buffer | undefined {
  const [content, ...others] = contents
  if (content === undefined || others.length > 0 || content.uri !== uri) return undefined
  const bytes = 'text' in content ? Buffer.from(content.text) : Buffer.from(content.blob, 'base64')
  if (bytes.length !== size) return undefined
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}` === digest ? bytes : undefined
}

const MAX_FRONTMATTER = 64 * 1024

/** Whether SKILL.md begins with the frontmatter that the description has, field by field. */
export async function hasFrontmatter(text: string, described: JsonObject): Promise<boolean> {
  const written = /^---\r?\n([\s\S]*?)\r?\n---[ \t]*(?:\r?\n|$)/.exec(text.slice(0, MAX_FRONTMATTER))?.[1]
  if (written === undefined) return false
  // Who loads no skill does not pay for it.
  const { isMap, parseDocument } = await import('yaml')
  try {
    // Two keys of one name, an alias, a tag that has a meaning elsewhere: what another reader may read otherwise is not read.
    const document = parseDocument(written, { schema: 'core', uniqueKeys: true, logLevel: 'silent' })
    if (document.errors.length > 0 || document.warnings.length > 0 || !isMap(document.contents)) return false
    return isDeepStrictEqual(plain(document.toJS({ maxAliasCount: 0 })), plain(described))
  } catch {
    return false
  }
}

/** As JSON has it: without what YAML alone can say. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))
