/**
 * Whether a tool was granted what is the server's own: its data directory, which holds the keys to everything. Inside a folder that may be
 * read it stays covered; one that may be written could be moved from under its cover, for the next child to read.
 *
 * @module
 */

import { realpathSync } from 'node:fs'
import { isWithin } from '../sandbox/index.ts'
import type { ModuleTool } from './definitions/index.ts'

/** A sentence for each tool's grant that is none. */
export function grantsOfOwnData(tools: readonly ModuleTool[], dataDir: string): string[] {
  const own = realpathSync(dataDir)
  return tools.flatMap(({ name, grants: { read, write } }) => [
    ...[...read, ...write].filter((path) => isWithin(path, own)).map((path) => `tool ${name}: sandbox: ${path} is the server's own data`),
    ...write
      .filter((path) => path !== own && isWithin(own, path))
      .map(
        (path) =>
          `tool ${name}: sandbox.write: ${path} holds the server's own data: grant a folder in it, or keep that elsewhere (dataDir)`,
      ),
  ])
}
