/** What the store kept for us, as what it must be: whoever can write there decides nothing by its shape. Pure. @module */

import type { z } from 'zod'

/** Undefined where it is none. What a parser says of it would quote it, and is not passed on. */
export function parseKept<T>(schema: z.ZodType<T>, text: string): T | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}
