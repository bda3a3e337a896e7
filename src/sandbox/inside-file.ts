/**
 * The programs of ours that run inside a sandbox, as plain JavaScript: nobody waits for types to be stripped when a child starts.
 * Built, they stand beside this file. From source they are stripped once and kept by their content, where only a checkout has a place.
 *
 * @module
 */

import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const isBuilt = import.meta.url.endsWith('.js')
const root = join(here, '../..')
let folder: string | undefined

/** The file to start with Node: `runner` for `inside/runner.ts`. */
export const insideProgram = (name: string): string => join(insideFolder(), `${name}.js`)

/** What must be visible for any of them to run. */
export const insideFiles = (): readonly string[] => (isBuilt ? [insideFolder(), join(root, 'package.json')] : [insideFolder()])

function insideFolder(): string {
  // By its true path: `node_modules` of a checkout may be a link, and what a child is shown is no link.
  folder ??= isBuilt ? join(here, 'inside') : realpathSync(stripped(join(here, 'inside')))
  return folder
}

// Needs no file system but what it is told: types of our own are erasable, imports end in `.ts`.
const STRIP = `
const { stripTypeScriptTypes } = require('node:module')
const files = JSON.parse(require('node:fs').readFileSync(0, 'utf8'))
const js = Object.entries(files).map(([name, text]) =>
  [name.replace(/\\.ts$/, '.js'), stripTypeScriptTypes(text).replace(/(from |import\\()'(\\.[^']+)\\.ts'/g, "$1'$2.js'")])
process.stdout.write(JSON.stringify(Object.fromEntries(js)))`

function stripped(source: string): string {
  const names = readdirSync(source).filter((name) => name.endsWith('.ts'))
  const files = Object.fromEntries(names.map((name) => [name, readFileSync(join(source, name), 'utf8')]))
  const input = JSON.stringify(files)
  const hash = createHash('sha256').update(STRIP).update(input).digest('hex').slice(0, 32)
  const kept = join(root, 'node_modules/.cache/sallyport', hash)
  if (existsSync(kept)) return kept
  // Node says that stripping is experimental; nobody who runs from source needs to hear it.
  const output = execFileSync(process.execPath, ['--disable-warning=ExperimentalWarning', '-e', STRIP], { input, env: {} })
  const js = JSON.parse(output.toString()) as Record<string, string>
  const made = makeFolder(dirname(kept))
  for (const [name, text] of Object.entries({ ...js, 'package.json': '{"type":"module"}\n' }))
    writeFileSync(join(made, name), text, { mode: 0o644 })
  // Inside, another user reads it.
  chmodSync(made, 0o755)
  try {
    renameSync(made, kept)
    return kept
  } catch {
    // Another process was first, or it is no place for us: then it goes when we do.
    if (!existsSync(kept)) {
      process.once('exit', () => rmSync(made, { recursive: true, force: true }))
      return made
    }
    rmSync(made, { recursive: true, force: true })
    return kept
  }
}

function makeFolder(parent: string): string {
  try {
    mkdirSync(parent, { recursive: true })
    return mkdtempSync(join(parent, 'new-'))
  } catch {
    return mkdtempSync(join(tmpdir(), 'sallyport-'))
  }
}
