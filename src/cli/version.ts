/** Our own version, from the manifest: two folders up from src/cli in a checkout and from dist/cli in the package. @module */

import { readFileSync } from 'node:fs'

export function version(): string {
  return (JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }).version
}
