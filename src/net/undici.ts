/**
 * undici, loaded when something is first asked over HTTP: it takes a fifth of what a gateway loads before it listens, and of what it
 * holds from then on, and one whose upstreams are processes of its own may never need it.
 *
 * @module
 */

import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

export const undici = (): typeof import('undici') => require('undici') as typeof import('undici')
