/**
 * Where nothing can hold a program: nothing is started that asks to be held.
 *
 * @module
 */

import { ConfigError } from '../../core/index.ts'
import type { Confinement } from '../confine/confinement.ts'

export const createNone = (why: string): Confinement => ({
  depth: 'none',
  missing: [why],
  confine: () => {
    throw new ConfigError([why])
  },
})

export const ON_WINDOWS =
  'There is no sandbox on Windows: tools that are modules cannot run and commands are not confined. Run Sallyport in WSL 2 or in a Linux container'
