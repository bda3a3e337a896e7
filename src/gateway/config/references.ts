/**
 * Which arguments of an upstream's tools callers send by reference: `servers.NAME.references`, by the tool's name or glob. The upstream
 * gets the content in the argument, and knows nothing of it.
 *
 * @module
 */

import { z } from 'zod'
import { readMark } from '../../schema/index.ts'
import type { ReferenceRule } from '../import/references.ts'
import type { SourceFile } from './source-file.ts'

export interface ReferenceEntry {
  template?: string | undefined
  maxBytes?: number | undefined
  mimeTypes?: string[] | undefined
  as?: 'text' | 'base64' | undefined
}
export type ReferencesEntry = Record<string, Record<string, true | ReferenceEntry>>

const parameter: z.ZodType<ReferenceEntry> = z.strictObject({
  template: z.string().optional().describe('What a bare id becomes: docs://{id}. With it, no other resource may be referred to.'),
  maxBytes: z.int().min(1).optional().describe('How large the content may be. Default 16777216.'),
  mimeTypes: z.array(z.string()).optional().describe('Media types that may come of it: text/plain, image/*. Default: any.'),
  as: z.enum(['text', 'base64']).optional().describe('How the server takes the content. Default text.'),
})

export const referencesSchema: z.ZodType<ReferencesEntry> = z.record(
  z.string().min(1),
  z.record(z.string().min(1), z.union([z.literal(true), parameter])),
)

/** In the order of the file; the first glob that matches counts. `path`: of the block. */
export function toReferenceRules(
  given: ReferencesEntry | undefined,
  path: readonly (string | number)[],
  source: Pick<SourceFile, 'keys' | 'where'>,
  problem: (keys: readonly string[], text: string) => void,
): readonly ReferenceRule[] {
  return source.keys(path).map((glob) => {
    const parameters = new Map<string, ReferenceRule['parameters'] extends ReadonlyMap<string, infer Rule> ? Rule : never>()
    for (const [name, entry] of Object.entries(given?.[glob] ?? {})) {
      const { as = 'text', ...mark } = entry === true ? {} : entry
      const understood = readMark(Object.fromEntries(Object.entries(mark).filter(([, value]) => value !== undefined)))
      if ('problem' in understood) problem([glob, name], understood.problem)
      else parameters.set(name, { as, ...understood })
    }
    return { glob, parameters, where: source.where([...path, glob]) }
  })
}
