/**
 * Takes the types out of a tool's modules, once for all children that will run them: each would load Node's own compiler for that,
 * which takes longer than everything else about its start, and 12 MiB.
 *
 * It runs inside, and sees what the modules themselves see: nothing comes out that they could not have read. It runs nothing of them.
 *
 *   a module ─▶ what it imports by a relative path, and so on ─▶ by URL: the text as it stands, and without types
 *
 * @module
 */

import { readFileSync, realpathSync, statSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { serve, takeStdio } from './jobs.ts'
import type { Stripped } from './stripped.ts'

/** More is left to Node. */
const MAX_FILES = 500
const MAX_BYTES = 1024 * 1024

/** Only what is written as `from './x.ts'`, `import './x.ts'` or `import('./x.ts')`: what this misses is left to Node. */
const RELATIVE = /(?:\bfrom|\bimport)\s*(?:\(\s*)?(['"])(\.{1,2}\/[^'"\n]+\.m?ts)\1/g

takeStdio()
// That the function is a young one is nothing that anybody here can do something about.
process.removeAllListeners('warning')
await serve(() => Promise.resolve(({ file }) => ({ types: strip(String(file)) })))

function strip(module: string): Stripped {
  const stripped: Record<string, readonly [source: string, js: string]> = {}
  const seen = new Set([module])
  let bytes = 0
  for (const url of seen) {
    if (seen.size > MAX_FILES) break
    try {
      const path = realpathSync(fileURLToPath(url))
      const found = statSync(path)
      // What waits for somebody to write, or has no end.
      if (!found.isFile()) continue
      bytes += found.size
      if (bytes > MAX_BYTES) break
      const source = readFileSync(path, 'utf8')
      const js = stripTypeScriptTypes(source)
      // Under the name by which Node asks for it: links followed.
      stripped[pathToFileURL(path).href] = [source, js]
      for (const [, , relative = ''] of js.matchAll(RELATIVE)) seen.add(new URL(relative, pathToFileURL(path)).href)
    } catch {
      // Not there, not readable, or no TypeScript that can be stripped: whoever imports it is told by Node.
    }
  }
  return stripped
}
