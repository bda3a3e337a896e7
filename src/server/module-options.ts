/** What an `MCPServer` may be told of the children in which its modules run. @module */

import { z } from 'zod'
import type { Depth } from '../sandbox/index.ts'

export interface ModuleOptions {
  /** How many children at once, of all tools and callers together; twice the processors unless told, and four at least. */
  readonly children?: number | undefined
  /** How many calls may wait for one; 1024 unless told. */
  readonly waiting?: number | undefined
  /** How many each tool has ready for who has none yet; 1 unless told. */
  readonly spares?: number | undefined
  /** How long one waits for the next call of its caller; 60 unless told. */
  readonly idleSeconds?: number | undefined
  /** The depth that it must have; the deepest of this machine unless told. */
  readonly depth?: Exclude<Depth, 'none'> | undefined
}

export const moduleOptionsSchema: z.ZodType<ModuleOptions> = z.strictObject({
  children: z.int().min(1).max(4096).optional(),
  waiting: z.int().min(0).max(1_000_000).optional(),
  spares: z.int().min(0).max(64).optional(),
  idleSeconds: z.number().min(0.1).max(86_400).optional(),
  depth: z.enum(['bubblewrap', 'sandbox-runtime', 'node-permission']).optional(),
})
