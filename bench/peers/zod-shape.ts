/** The calculator's parameters in zod, apart from the rest so that a server without zod does not load it. @module */

import { z } from 'zod'

export const zodShape = {
  operation: z.enum(['add', 'subtract', 'multiply', 'divide']),
  a: z.number().min(-1000).max(1000),
  b: z.number().min(-1000).max(1000),
}
