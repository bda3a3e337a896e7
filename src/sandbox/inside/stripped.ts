/**
 * What `types.ts` has found out, where a module is loaded: a file that still has the same text is taken without its types, any other
 * is Node's own affair.
 *
 * @module
 */

import { readFileSync, readSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'

/** By URL: the text of a file, and what is left of it without its types. */
export type Stripped = Readonly<Record<string, readonly [source: string, js: string]>>

/** Reads the first line of stdin, before anybody else does: the other end says nothing else until it is told that we are ready. */
export function takeStripped(): void {
  const stripped = JSON.parse(firstLine()) as Stripped
  registerHooks({
    load(url, context, next) {
      // CommonJS, and what Node has to look at first because its package has no `type`, stay Node's.
      const known = context.format === 'module-typescript' && Object.hasOwn(stripped, url) ? stripped[url] : undefined
      if (known === undefined) return next(url, context)
      const [source, js] = known
      return readFileSync(fileURLToPath(url), 'utf8') === source ? { format: 'module', source: js, shortCircuit: true } : next(url, context)
    },
  })
}

function firstLine(): string {
  const parts: Buffer[] = []
  const buffer = Buffer.alloc(65_536)
  for (;;) {
    const bytes = readSync(0, buffer)
    if (bytes === 0) process.exit(0)
    const part = Buffer.from(buffer.subarray(0, bytes))
    parts.push(part)
    if (part.at(-1) === 10) return Buffer.concat(parts).toString()
  }
}
