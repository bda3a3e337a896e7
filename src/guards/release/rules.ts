/**
 * What leaves of one tool's results, as it is written with the tool or in a configuration, and what becomes of it: compiled once.
 *
 * @module
 */

import { z } from 'zod'
import { compilePersonal, type JsonObject, type PersonalPolicy, type ReleaseRules } from '../../core/index.ts'
import { isObject } from '../../protocol/index.ts'
import { personalSchema } from '../personal/index.ts'
import { budgetShape, type ResultBudget } from '../results/index.ts'
import { compileOnly } from './project.ts'

export interface ReleaseRuleOptions extends ResultBudget {
  /** JSON pointers (RFC 6901) to what may leave, `*` for every member or element; all else is dropped, and text that is not JSON with it. */
  readonly only?: readonly string[] | undefined
  /** `link`: images, audio and files leave as links, however small. */
  readonly images?: 'inline' | 'link' | undefined
  /** What becomes of personal data, by kind; of what is not said here, what the server says for all. */
  readonly personal?: PersonalPolicy | undefined
}

export interface CompiledRules {
  readonly rules: ReleaseRules
  /** A tool's definition as it is listed: its `outputSchema` promises no more than leaves. */
  readonly shown: (definition: JsonObject) => JsonObject
}

const pointer = z.string().max(512)

export const releaseSchema: z.ZodType<ReleaseRuleOptions> = z.strictObject({
  only: z
    .array(pointer)
    .min(1)
    .max(256)
    .superRefine((pointers, context) => {
      const compiled = compileOnly(pointers)
      if ('problem' in compiled) context.addIssue({ code: 'custom', message: compiled.problem })
    })
    .optional()
    .describe('JSON pointers to what may leave, like /name or /items/*/id; everything else is dropped. Default: all of it.'),
  ...budgetShape,
  images: z
    .enum(['inline', 'link'])
    .optional()
    .describe('link: images, audio and files leave as links, however small. Default inline: only where they have no room.'),
  personal: personalSchema.optional(),
})

/** What is given has been checked. */
export function compileRules({ only, maxBytes, maxTokens, images, personal }: ReleaseRuleOptions): CompiledRules {
  const compiled = only && compileOnly(only)
  const projection = compiled && 'only' in compiled ? compiled : undefined
  return {
    rules: {
      only: projection?.only,
      maxBytes,
      maxTokens,
      images: images === 'link' ? images : undefined,
      personal: personal && compilePersonal(personal),
    },
    shown(definition) {
      const { outputSchema, ...rest } = definition
      return projection && isObject(outputSchema) ? { ...rest, outputSchema: projection.schema(outputSchema) } : definition
    },
  }
}
