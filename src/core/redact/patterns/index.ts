import { clouds } from './clouds.ts'
import { code } from './code.ts'
import { names } from './named.ts'
import type { SecretPattern } from './pattern.ts'
import { services } from './services.ts'
import { shapes } from './shapes.ts'

/** The surest first: where two find something at one place, the first gives it its name. */
export const patterns: readonly SecretPattern[] = [...clouds, ...code, ...services, ...shapes, ...names]
