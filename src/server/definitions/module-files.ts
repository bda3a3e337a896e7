/**
 * What a module may read in order to run: its own folder, and the packages and descriptions of packages above it. Not the rest of
 * the project; and what looks like a secret in its own folder stays hidden.
 *
 * Fails closed: what is not looked at is hidden, or an error.
 *
 * @module
 */

import { existsSync, readdirSync, realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { ConfigError } from '../../core/index.ts'

export interface ModuleFiles {
  readonly code: readonly string[]
  readonly hidden: readonly string[]
}

const SECRET =
  /^(?:\.env.*|\.npmrc|\.yarnrc.*|\.netrc|\.git|\.ssh|\.aws|id_(?:rsa|ecdsa|ed25519).*|sallyport\..*|.*\.(?:pem|key|p12|pfx|jks|kdbx))$/i
/** Where it is not there yet, somebody may make it while a module runs: that ends whoever would see it (`confine/covers.ts`). */
const EXPECTED = ['.env', '.env.local']
/** A folder with more than that is no tool's own: what would not be looked at might be a secret. */
const MAX_LOOKED_AT = 20_000
const MAX_DEPTH = 16

/** @throws {ConfigError} where there is more beside it than can be looked at. */
export function moduleFiles(file: string): ModuleFiles {
  const folder = dirname(file)
  const code = [folder]
  for (let above = dirname(folder), below = folder; above !== below; below = above, above = dirname(above))
    code.push(...['node_modules', 'package.json'].map((name) => join(above, name)).filter((path) => isWhatItSays(path)))
  return { code, hidden: [...new Set([...hiddenIn(folder), ...EXPECTED.map((name) => join(folder, name))])] }
}

/** Who made the package may have made a link of that name, to keys. */
const isWhatItSays = (path: string): boolean => existsSync(path) && basename(realpathSync(path)) === basename(path)

function hiddenIn(folder: string): string[] {
  const hidden: string[] = []
  const folders: [path: string, depth: number][] = [[folder, 0]]
  let looked = 0
  for (let next = folders.pop(); next; next = folders.pop()) {
    const [path, depth] = next
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      if (++looked > MAX_LOOKED_AT)
        throw new ConfigError([
          `${basename(folder)}/: more than ${MAX_LOOKED_AT} files lie beside a tool's module: give it a folder of its own`,
        ])
      const at = join(path, entry.name)
      const isFolder = entry.isDirectory() && entry.name !== 'node_modules'
      if (SECRET.test(entry.name) || (isFolder && depth === MAX_DEPTH)) hidden.push(at)
      else if (isFolder) folders.push([at, depth + 1])
    }
  }
  return hidden
}
